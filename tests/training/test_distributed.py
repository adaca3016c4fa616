"""A fit that torchrun shares out among processes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.training.cli.test_cli import line_of_failure
from training import distributed as processes
from worker.models.folder import ModelFolder

if TYPE_CHECKING:
    from pathlib import Path

_TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node")


def test_two_processes_learn_one_model(journals: Path, tiny_base: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *_TORCHRUN,
            "2",
            "-m",
            "training.cli",
            "fit",
            str(journals),
            "--out",
            str(tmp_path / "model"),
            "--base",
            str(tiny_base),
            "--epochs",
            "8",
            "--batch-size",
            "8",
            "--learning-rate",
            "0.005",
            "--window-tokens",
            "64",
            "--no-anonymize",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr.count("written to") == 1
    assert done.stderr.count("epoch 8:") == 1
    assert ModelFolder.open(tmp_path / "model").labels == ("Alpha", "Beta", "Gamma")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_options_that_several_processes_cannot_keep_are_refused(
    journals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    out = tmp_path / "model"
    assert "--max-minutes" in line_of_failure("fit", journals, "--out", out, "--max-minutes", "3")
    assert "--resume" in line_of_failure("fit", journals, "--out", out, "--resume")
    assert "by 2" in line_of_failure("fit", journals, "--out", out, "--batch-size", "7")


def test_only_the_first_process_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    assert not processes.is_first()
    monkeypatch.setenv("RANK", "0")
    assert processes.is_first()


def test_one_process_is_the_first_whatever_its_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert processes.is_first()
    monkeypatch.setenv("RANK", "1")
    assert processes.is_first()


def test_a_world_size_that_is_no_number_is_refused(
    journals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "two")
    assert "WORLD_SIZE" in line_of_failure("fit", journals, "--out", tmp_path / "model")


def test_every_process_prints_its_own_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    missing = tmp_path / "missing.csv"
    assert "missing.csv" in line_of_failure("fit", missing, "--out", tmp_path / "model")
