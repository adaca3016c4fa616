"""An interrupted fit goes on where it was, and no other fit goes on from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.fitting import interrupt_while_writing, metrics_of, run_fit
from training.finetuning.callbacks import BestEpochCallback
from training.finetuning.checkpoint import BEST, checkpoint_folder, open_checkpoints
from training.progress import Progress


def interrupt_in_epoch(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    on_step_end = BestEpochCallback.on_step_end

    def interrupted(self: Any, args: Any, state: Any, control: Any, **more: Any) -> None:
        on_step_end(self, args, state, control, **more)
        if state.epoch > number - 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(BestEpochCallback, "on_step_end", interrupted)


def test_a_resumed_fit_gives_the_weights_of_an_uninterrupted_one_and_leaves_no_checkpoint(
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
        on_step_end = BestEpochCallback.on_step_end

        def counted(self: Any, args: Any, state: Any, control: Any, **more: Any) -> None:
            steps.append(state.global_step)
            on_step_end(self, args, state, control, **more)

        patched.setattr(BestEpochCallback, "on_step_end", counted)
        folder = run_fit(tiny_base, target, progress, epochs=4, resume=True)
    assert steps[0] == steps[-1] // 2 + 1
    assert not kept.exists()
    assert metrics_of(folder)["epochs"] == metrics_of(whole)["epochs"]
    weights = [(f.path / "model.safetensors").read_bytes() for f in (folder, whole)]
    assert weights[0] == weights[1]


def test_a_fit_whose_patience_was_exhausted_does_not_train_on_when_resumed(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {"epochs": 12, "patience": 1, "resume": True, "learning_rate": 1e-9}
    with monkeypatch.context() as patch:
        interrupt_while_writing(patch)
        with pytest.raises(KeyboardInterrupt):
            run_fit(tiny_base, tmp_path / "model", progress, **asked)
    folder = run_fit(tiny_base, tmp_path / "model", progress, **asked)
    assert len(metrics_of(folder)["epochs"]) == 2


def test_checkpoints_of_another_fit_are_not_resumed_from(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        interrupt_in_epoch(2, patched)
        with pytest.raises(KeyboardInterrupt):
            run_fit(tiny_base, tmp_path / "model", progress, epochs=2, resume=True)
    plain = run_fit(tiny_base, tmp_path / "plain", progress, epochs=2, seed=4)
    folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=2, seed=4, resume=True)
    assert metrics_of(folder)["epochs"] == metrics_of(plain)["epochs"]


def test_a_checkpoint_without_its_best_epoch_is_not_resumed_from(tmp_path: Path) -> None:
    folder = checkpoint_folder(tmp_path / "model")
    assert open_checkpoints(folder, "this fit").resume_from is None
    for number, file in ((1, BEST), (2, "optimizer.pt")):
        (folder / f"checkpoint-{number}").mkdir()
        (folder / f"checkpoint-{number}" / file).touch()
    assert open_checkpoints(folder, "this fit").resume_from == folder / "checkpoint-1"
    assert open_checkpoints(folder, "another fit").resume_from is None
