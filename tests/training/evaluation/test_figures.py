"""Intervals, reliability and the table of runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.image import imread

from training.cli import main
from training.output.run_log import note_run, read_runs
from training.progress import duration
from training.scoring.bootstrap import intervals, share_interval
from training.scoring.reliability import plot_reliability, reliability
from training.scoring.scores import average_precision, score

if TYPE_CHECKING:
    from pathlib import Path


def test_an_interval_holds_the_figure_and_narrows_with_entries() -> None:
    rng = np.random.default_rng(1)
    truth = (rng.random((2000, 3)) < 0.3).astype(np.float32)
    predicted = (truth > 0) ^ (rng.random((2000, 3)) < 0.1)
    low, high = intervals(truth, predicted)["micro_f1"]
    few_low, few_high = intervals(truth[:100], predicted[:100])["micro_f1"]
    assert low < 0.85 < high
    assert few_high - few_low > 2 * (high - low)


def test_intervals_hold_every_figure_and_leave_out_what_is_unknown() -> None:
    rng = np.random.default_rng(1)
    truth = (rng.random((500, 3)) < 0.3).astype(np.float32)
    said = np.clip(0.3 * truth + 0.7 * rng.random((500, 3)), 0, 1).astype(np.float32)
    known = rng.random((500, 3)) < 0.8
    scores = score(truth, said, said >= 0.5, ["a", "b", "c"], known)
    found = intervals(truth, said >= 0.5, said, known)
    for figure, (low, high) in found.items():
        assert low < getattr(scores, figure) < high, figure
    said[~known] = 1 - truth[~known]
    assert intervals(truth, said >= 0.5, said, known) == found


def test_average_precision_of_a_sample_is_that_of_its_entries() -> None:
    rng = np.random.default_rng(1)
    true, said = rng.random(60) < 0.4, rng.random(60).round(1).astype(np.float32)
    rows = rng.integers(0, 60, 60)
    expected = average_precision(true[rows], said[rows])
    times = np.bincount(rows, minlength=60)
    assert average_precision(true, said, times) == pytest.approx(expected)


def test_a_share_of_many_has_a_narrow_interval() -> None:
    few = share_interval(np.arange(50) % 10 == 0)
    many = share_interval(np.arange(5000) % 10 == 0)
    assert few[0] < many[0] < 0.1 < many[1] < few[1]


def test_the_interval_of_a_share_of_0_or_1_has_a_width() -> None:
    assert share_interval(np.zeros(20, bool)) == (0.0, pytest.approx(0.161, abs=0.001))
    assert share_interval(np.ones(2, bool)) == (pytest.approx(0.342, abs=0.001), 1.0)


def test_reliable_probabilities_have_no_calibration_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    said = rng.random((5000, 2)).astype(np.float32)
    truth = (rng.random((5000, 2)) < said).astype(np.float32)
    known = np.ones((5000, 2), dtype=np.bool_)
    honest = reliability(truth, said, known)
    boastful = reliability(truth, np.sqrt(said), known)
    assert honest.error < 0.02
    assert boastful.error > 0.1
    assert sum(honest.counts) == 10_000
    plot_reliability(honest, tmp_path / "r.png")
    assert imread(tmp_path / "r.png").shape[0] > 300


def test_unknown_labels_fall_into_no_bin() -> None:
    found = reliability(
        np.ones((2, 1), np.float32),
        np.array([[0.5], [0.7]], np.float32),
        np.array([[True], [False]]),
    )
    assert found.counts == (1,)


def test_runs_are_noted_and_shown(tmp_path: Path) -> None:
    metrics: dict[str, Any] = {
        "name": "mine [/b]",
        "command": "journal-train fit a.csv --out mine",
        "base": "tiny",
        "data": {"train_entries": 1234},
        "best_epoch": 2.0,
        "seconds": {"total": 61.2},
        "learnt_nothing": False,
        "validation": {
            "micro_f1": 0.5,
            "macro_f1": 0.4,
            "mean_average_precision": 0.6,
            "labelled_share": None,
        },
    }
    note_run(tmp_path / "mine", "abc", metrics)
    note_run(tmp_path / "mine", "def", metrics)
    assert [run["version"] for run in read_runs(tmp_path)] == ["abc", "def"]
    shown = CliRunner().invoke(main, ["runs", str(tmp_path)])
    assert shown.exit_code == 0
    assert "1,234" in shown.output


def test_runs_fit_into_80_columns_and_commands_are_whole(tmp_path: Path) -> None:
    command = "journal-train fit a.csv shipped=0.5 --out mine " + "--no-label 'No Distortion' " * 9
    run = {
        "time": "2026-11-29T03:13:59+00:00",
        "name": "a model of a long name, with [brackets]",
        "version": "0123456789ab",
        "command": command,
        "entries": 1_234_567,
        "best_epoch": 12.25,
        "micro_f1": 0.5,
        "macro_f1": 0.25,
        "mean_average_precision": 0.125,
        "labelled_share": 1.0,
        "seconds": 100_000,
    }
    (tmp_path / "runs.jsonl").write_text(2 * (json.dumps(run) + "\n"))
    shown = CliRunner().invoke(main, ["runs", str(tmp_path)], env={"COLUMNS": "80"})
    headings, *lines = shown.output.splitlines()
    assert lines[:4] == lines[4:]
    assert lines[1] == "a model of a long name, with [brackets], version 0123456789ab"
    figures = "2026-11-29 03:13 1,234,567 12.25 0.500 0.250 0.125 100.0% 27.8 h"
    assert " ".join(lines[2].split()) == figures
    assert lines[3] == command
    assert len(headings) == len(lines[2]) <= 80


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "1 s"), (89, "89 s"), (91, "2 min"), (3_599, "60 min"), (8_000, "2 h 13 min")],
)
def test_a_time_is_told_as_people_say_it(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_a_folder_without_runs_ends_with_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["runs", str(tmp_path)])
    assert result.exit_code == 2
    assert "runs.jsonl" in result.output


@pytest.mark.parametrize("content", [b"{", b"no", b"{}", b"[1]", b"7", b"\xff"])
def test_a_broken_log_of_runs_ends_with_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "runs.jsonl").write_bytes(content)
    result = CliRunner().invoke(main, ["runs", str(tmp_path)])
    assert result.exit_code == 2
    assert "runs.jsonl: not JSON lines of fits" in result.output
