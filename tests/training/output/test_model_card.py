"""The model card claims only what is true of the fit."""

from __future__ import annotations

import io
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from matplotlib.image import imread
from rich.console import Console

from tests.training.fitting import make_records, metrics_of, options, run_fit
from training.cli import main
from training.cli.models_check import card_command
from training.entries.record import Record
from training.finetuning.base_model import find_base
from training.fit import fit
from training.progress import Progress
from training.scoring.thresholds import SILENT


def test_model_card_tells_use_data_scores_and_limits(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=1)
    card = (folder.path / "README.md").read_text()
    metrics = metrics_of(folder)
    trained_on = metrics["data"]["train_entries"]
    for part in (
        "screening aid",
        "not a diagnosis",
        f"{trained_on} entries were used",
        "| Alpha |",
        "journal-train fit",
        "tiny-bert",
        "## Limits",
    ):
        assert part in card
    assert str(tmp_path) not in card
    assert "license:" not in card
    error = metrics["reliability"]["expected_calibration_error"]
    assert 0 < error < 1
    assert f"calibration error {error:.3f}" in card
    assert "![Reliability diagram](reliability.png)" in card
    assert imread(folder.path / "reliability.png").shape[0] > 300
    assert "set aside for validation, at random" in card
    assert "same seed on the same machine" in card
    assert "Thresholds were raised" not in card


def test_model_card_claims_only_what_is_true_of_this_fit(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    records = make_records(40)
    text = "Everybody hated my hat, I know it. Then a long walk home, in the rain, with soup."
    records.append(Record(text, ("Alpha",), evidence=(("Alpha", "Everybody hated my hat"),)))
    held_out = make_records(31, seed=9)
    folder = run_fit(
        tiny_base,
        tmp_path / "model",
        progress,
        records=records,
        validation=held_out,
        epochs=1,
        max_minutes=5.0,
        at_least=(("Beta", 0.97),),
        max_false_alarms=0.2,
        min_precision=0.01,
        least_expected=0.15,
    )
    card = (folder.path / "README.md").read_text()
    for part in (
        "41 entries were used for training, and 2 sentences cut out",
        "31 others",
        "raised by hand to at least: Beta 0.97",
        "at most 20.0% of the validation",
        "at least 1% of the validation",
        "With a time limit",
        "add up to at least",
    ):
        assert part in card, part
    assert "at random" not in card
    assert "same machine and versions" not in card
    assert folder.thresholds[1] >= 0.97


def test_a_model_that_has_learnt_nothing_is_told_last_in_its_card_and_in_the_runs(
    tiny_base: Path, tmp_path: Path
) -> None:
    # To a model that does not know the last word, all of these texts are the same.
    records = [
        Record(f"it rained {chr(0x4E00 + n)}", ("Alpha",) if n % 3 else ()) for n in range(80)
    ]
    said = io.StringIO()
    with Progress(Console(file=said, width=400)) as progress:
        folder = run_fit(tiny_base, tmp_path / "model", progress, records=records, epochs=1)
    assert metrics_of(folder)["learnt_nothing"]
    assert said.getvalue().splitlines()[-1].startswith("WARNING: this model has learnt nothing")
    assert "**It has learnt nothing**" in (folder.path / "README.md").read_text()
    shown = CliRunner().invoke(main, ["runs", str(tmp_path)])
    assert f"version {folder.version}; it has learnt nothing" in shown.output


def test_a_model_that_has_learnt_is_not_told_to_have_learnt_nothing(
    tiny_base: Path, tmp_path: Path
) -> None:
    said = io.StringIO()
    with Progress(Console(file=said, width=400)) as progress:
        folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=8)
    assert not metrics_of(folder)["learnt_nothing"]
    assert f"{folder.version} written to" in said.getvalue().splitlines()[-1]
    assert "learnt nothing" not in (folder.path / "README.md").read_text()
    shown = CliRunner().invoke(main, ["runs", str(tmp_path)])
    assert "learnt nothing" not in shown.output


@pytest.mark.parametrize("shipped_only", [True, False])
@pytest.mark.parametrize("built_in", [True, False])
def test_the_license_is_ours_only_if_base_and_data_are(
    tiny_base: Path, tmp_path: Path, progress: Progress, built_in: bool, shipped_only: bool
) -> None:
    base = replace(find_base(str(tiny_base)), built_in=built_in)
    folder = fit(
        make_records(40),
        None,
        tmp_path / "model",
        base=base,
        anonymizer=None,
        options=options(epochs=1, shipped_only=shipped_only),
        progress=progress,
    )
    card = (folder.path / "README.md").read_text()
    assert ("license: apache-2.0" in card) == (built_in and shipped_only)


def test_an_unreachable_precision_silences_labels_and_says_so(
    tiny_base: Path, tmp_path: Path
) -> None:
    # The same words with and without a label: nothing can be told apart.
    records = [Record(f"soup {n} again", ("Alpha",) if n % 2 else ()) for n in range(80)]
    said = io.StringIO()
    with Progress(Console(file=said)) as progress:
        folder = run_fit(
            tiny_base, tmp_path / "model", progress, records=records, min_precision=0.999, epochs=1
        )
    assert folder.thresholds == (SILENT,)
    assert "--min-precision 0.999 is not reached" in said.getvalue()
    assert "never given: Alpha" in said.getvalue()
    assert "Alpha: never given" in (folder.path / "README.md").read_text()


def test_no_line_is_longer_than_documents_are_and_the_command_stays_what_it_was(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    command = "journal-train fit 'my own entries.csv' --out model " + "--skip-invalid " * 9
    folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=1, command=command.strip())
    card = (folder.path / "README.md").read_text()
    assert max(map(len, card.splitlines())) <= 110
    assert ["journal-train", *card_command(card)] == shlex.split(command)
