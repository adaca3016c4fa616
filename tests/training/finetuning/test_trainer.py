"""Arithmetic, class weights and devices of training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainingArguments

from tests.training.fitting import metrics_of, options, run_fit
from training.finetuning import trainer as trainer_module
from training.progress import Progress


def test_training_in_bf16_is_judged_by_its_fp32_weights(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.dtype] = []
    forward = torch.nn.Linear.forward

    def spy(self: Any, x: torch.Tensor) -> torch.Tensor:
        out = forward(self, x)
        seen.append(out.dtype)
        return out

    monkeypatch.setattr(torch.nn.Linear, "forward", spy)
    monkeypatch.setattr(trainer_module, "has_bf16", lambda _: True)
    folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=2, precision="auto")
    assert seen[0] is torch.bfloat16
    assert seen[-1] is torch.float32
    assert metrics_of(folder)["settings"]["precision"] == "bf16"


def test_precision_auto_is_bf16_only_where_the_hardware_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trainer_module, "has_bf16", lambda _: False)
    assert trainer_module.precision_of("auto") == "fp32"
    assert trainer_module.precision_of("bf16") == "bf16"


def test_class_weights_reach_the_loss(
    averaged_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    loss = trainer_module.training_loss

    def spy(logits: Any, labels: Any, weights: Any, positive: Any = None, *more: Any) -> Any:
        given.append(positive)
        return loss(logits, labels, weights, positive, *more)

    monkeypatch.setattr(trainer_module, "training_loss", spy)
    monkeypatch.setattr("training.finetuning.linear_probe.known_loss", spy)
    run_fit(averaged_base, tmp_path / "model", progress, epochs=1, class_weights=True)
    assert all(weights is not None and (weights > 1).all() for weights in given)
    given.clear()
    run_fit(averaged_base, tmp_path / "model", progress, epochs=1)
    assert given
    assert all(weights is None for weights in given)


def test_of_several_gpus_one_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class FourGpus(TrainingArguments):  # type: ignore[misc]
        @property
        def n_gpu(self) -> int:
            return int(self.__dict__.setdefault("_n_gpu", 4) or 4)

    monkeypatch.setattr(trainer_module, "TrainingArguments", FourGpus)
    arguments = trainer_module._arguments("unused", options(), save=False)
    assert arguments.n_gpu == 1
