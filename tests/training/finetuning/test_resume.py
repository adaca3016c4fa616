"""An interrupted fit goes on; arithmetic and class weights are chosen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainingArguments

from tests.training.fitting import options, run_fit
from training.finetuning import callbacks as keeper
from training.finetuning import trainer as finetune
from training.finetuning.checkpoint import checkpoint_folder
from training.output import model_writer as saved_model
from training.progress import Progress
from worker.models.folder import ModelFolder


def interrupt_in_epoch(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    on_step_end = keeper.BestEpochCallback.on_step_end

    def interrupted(self: Any, args: Any, state: Any, control: Any, **more: Any) -> None:
        on_step_end(self, args, state, control, **more)
        if state.epoch > number - 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(keeper.BestEpochCallback, "on_step_end", interrupted)


def figures(folder: ModelFolder) -> Any:
    return json.loads((folder.path / "metrics.json").read_text())


def test_an_interrupted_fit_goes_on_and_leaves_no_checkpoint(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_fit(tiny_base, tmp_path / "whole", progress, epochs=4, resume=True)
    target = tmp_path / "model"
    with monkeypatch.context() as patched:
        interrupt_in_epoch(3, patched)
        with pytest.raises(KeyboardInterrupt):
            run_fit(tiny_base, target, progress, epochs=4, resume=True)
    assert not target.exists()
    kept = checkpoint_folder(target)
    assert kept.is_dir()
    assert b"the tram was late" not in b"".join(
        file.read_bytes() for file in kept.rglob("*") if file.is_file()
    )
    steps = []
    with monkeypatch.context() as patched:
        on_step_end = keeper.BestEpochCallback.on_step_end

        def counted(self: Any, args: Any, state: Any, control: Any, **more: Any) -> None:
            steps.append(state.global_step)
            on_step_end(self, args, state, control, **more)

        patched.setattr(keeper.BestEpochCallback, "on_step_end", counted)
        folder = run_fit(tiny_base, target, progress, epochs=4, resume=True)
    assert steps[0] == steps[-1] // 2 + 1
    assert not kept.exists()
    assert figures(folder)["epochs"] == figures(whole)["epochs"]
    weights = [(f.path / "model.safetensors").read_bytes() for f in (folder, whole)]
    assert weights[0] == weights[1]


def test_patience_that_was_at_its_end_is_so_when_resumed(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    asked: dict[str, Any] = {"epochs": 12, "patience": 1, "resume": True, "learning_rate": 1e-9}
    with monkeypatch.context() as patch:
        patch.setattr(saved_model, "seal_folder", broken)
        with pytest.raises(KeyboardInterrupt):
            run_fit(tiny_base, tmp_path / "model", progress, **asked)
    folder = run_fit(tiny_base, tmp_path / "model", progress, **asked)
    assert len(figures(folder)["epochs"]) == 2


def test_another_fit_does_not_go_on_from_it(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        interrupt_in_epoch(2, patched)
        with pytest.raises(KeyboardInterrupt):
            run_fit(tiny_base, tmp_path / "model", progress, epochs=2, resume=True)
    plain = run_fit(tiny_base, tmp_path / "plain", progress, epochs=2, seed=4)
    folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=2, seed=4, resume=True)
    assert figures(folder)["epochs"] == figures(plain)["epochs"]


def test_bf16_trains_and_fp32_is_what_is_judged(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.dtype] = []
    forward = torch.nn.Linear.forward

    def spy(self: Any, x: torch.Tensor) -> torch.Tensor:
        out = forward(self, x)
        seen.append(out.dtype)
        return out

    monkeypatch.setattr(torch.nn.Linear, "forward", spy)
    monkeypatch.setattr(finetune, "has_bf16", lambda _: True)
    folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=2, precision="auto")
    assert seen[0] is torch.bfloat16
    assert seen[-1] is torch.float32
    assert figures(folder)["settings"]["precision"] == "bf16"


def test_precision_auto_is_what_the_hardware_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finetune, "has_bf16", lambda _: False)
    assert finetune.precision_of("auto") == "fp32"
    assert finetune.precision_of("bf16") == "bf16"


def test_class_weights_reach_the_loss(
    averaged_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    loss = finetune.training_loss

    def spy(logits: Any, labels: Any, weights: Any, positive: Any = None, *more: Any) -> Any:
        given.append(positive)
        return loss(logits, labels, weights, positive, *more)

    monkeypatch.setattr(finetune, "training_loss", spy)
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

    monkeypatch.setattr(finetune, "TrainingArguments", FourGpus)
    arguments = finetune._arguments("unused", options(), save=False)
    assert arguments.n_gpu == 1


def test_checkpoints_are_written_only_on_demand(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(saved_model, "seal_folder", broken)
    with pytest.raises(KeyboardInterrupt):
        run_fit(tiny_base, tmp_path / "model", progress, epochs=1)
    assert list(tmp_path.iterdir()) == []
