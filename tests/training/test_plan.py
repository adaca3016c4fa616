"""A fit tells what it will do before it does it, and how long it will still take."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any

import pytest
import torch
from rich.console import Console

from tests.training.conftest import NameRemover
from tests.training.fitting import make_records, options, run_fit
from training import plan as planning
from training.entries.prepared.redactions import digest
from training.entries.record import Record
from training.finetuning.base_model import find_base
from training.finetuning.model import load_base
from training.finetuning.text_model import TextModel
from training.plan import measured_pace, tell_plan
from training.progress import Progress, duration

if TYPE_CHECKING:
    from pathlib import Path


def plan(base: Path, records: list[Record], **changes: Any) -> list[str]:
    """The lines that are told."""
    anonymizer = changes.pop("anonymizer", None)
    validation = changes.pop("validation", None)
    told = io.StringIO()
    with Progress(Console(file=told, width=80)) as progress:
        tell_plan(
            records,
            validation,
            loaded(base),
            find_base(str(base)),
            anonymizer,
            options=options(**changes),
            progress=progress,
        )
    return told.getvalue().splitlines()


def loaded(base: Path) -> TextModel:
    names = ("Alpha", "Beta", "Gamma")
    model, tokenizer = load_base(
        find_base(str(base)), names, window_tokens=64, allow_download=False
    )
    return TextModel(model, tokenizer, 64)


def test_entries_labels_machine_and_time_are_told(tiny_base: Path) -> None:
    records = [*make_records(77), *[Record("calm", ())] * 3]
    labels = [label for record in records for label in record.labels]
    lines = plan(tiny_base, records, anonymizer=NameRemover())
    assert all(len(line) <= 80 for line in lines)
    assert lines[0] == "80 entries to learn from, 25% of them set aside for epoch and thresholds"
    told = {line.split(maxsplit=1)[1]: int(line.split()[0]) for line in lines[1:5]}
    assert told == {
        **{name: labels.count(name) for name in ("Alpha", "Beta", "Gamma")},
        "(no label)": sum(not record.labels for record in records),
    }
    assert lines[5].startswith("from tiny-bert, 0.")
    assert lines[6] == "on CPU with 1 thread, in fp32"
    assert lines[7] == "3 epochs of 8 steps, 8 windows each, at a rate of 0.005"
    assert lines[8].startswith("expected to take about ")
    assert lines[8].endswith(" of it for anonymizing")


def test_entries_whose_redactions_are_recorded_are_not_counted_as_asked(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the validation texts with other names, made later, are then left to anonymize."""
    monkeypatch.setattr(planning, "_seconds_a_text", lambda *_: 3600.0)
    records = make_records(80)
    exchanged = 0.25 * 80 * planning._EXCHANGES
    for known, asked in ((set(), 80), ({digest(record.text) for record in records}, 0)):
        monkeypatch.setattr(planning, "recorded", lambda known=known: known)
        told = plan(tiny_base, records, anonymizer=NameRemover())[8]
        assert f"{duration(3600 * (asked + exchanged))} of it for anonymizing" in told


def test_a_validation_file_and_limits_are_told(tiny_base: Path) -> None:
    records = make_records(40)
    lines = plan(tiny_base, records, validation=records[:7], max_minutes=1e-9)
    assert lines[0].endswith(", and 7 of a file of their own for epoch and thresholds")
    assert lines[-1].endswith("; --max-minutes 1e-09 ends it earlier")
    assert plan(tiny_base, records, patience=1)[-1].endswith("; --patience may end it earlier")


def test_of_many_labels_the_most_frequent_are_told(tiny_base: Path) -> None:
    records = [Record("x", (f"label {n:02}",)) for n in range(50) for _ in range(60 - n)]
    lines = plan(tiny_base, records)
    assert lines[1].split() == ["60", "label", "00"]
    assert lines[29].strip() == "22 labels of at most 32 each"
    assert lines[30].split() == ["0", "(no", "label)"]


def test_a_text_that_cannot_be_anonymized_ends_no_plan(tiny_base: Path) -> None:
    lines = plan(tiny_base, [Record("unreadable", ("Alpha",))], anonymizer=NameRemover())
    assert lines[-1].startswith("expected to take about ")


@pytest.mark.parametrize("base", ["tiny_base", "averaged_base"])
def test_measuring_leaves_weights_and_random_numbers_as_they_were(
    base: str, request: pytest.FixtureRequest
) -> None:
    model = loaded(request.getfixturevalue(base))
    before = {name: value.clone() for name, value in model.model.state_dict().items()}
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    pace = measured_pace(model, 20, options(precision="fp32"))
    assert 0 < pace.read < pace.learn
    assert torch.equal(torch.rand(3), expected)
    for name, value in model.model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(weight.grad is None for weight in model.model.parameters())


def test_the_plan_is_told_before_the_work_and_the_time_left_after_an_epoch(
    tiny_base: Path, tmp_path: Path
) -> None:
    told = io.StringIO()
    with Progress(Console(file=told)) as progress:
        run_fit(tiny_base, tmp_path / "model", progress, epochs=2)
    lines = told.getvalue().splitlines()
    assert lines[0].startswith("80 entries to learn from")
    epochs = [line for line in lines if line.startswith("epoch ")]
    assert lines.index(epochs[0]) > 5
    assert epochs[0].endswith(" left")
    assert not epochs[1].endswith(" left")


def test_the_time_left_is_known_from_the_first_step_on(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with Progress(Console(file=io.StringIO())) as progress:
        assert progress.left() is None
        progress.begin("work", 12, done=2)
        assert progress.left() is None
        now = 130.0
        progress.advance(3)
        assert progress.left() == 70.0
        progress.begin("more")
        progress.advance(1)
        assert progress.left() is None
