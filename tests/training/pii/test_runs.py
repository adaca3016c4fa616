"""Training runs side by side."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import pytest
import torch
from rich.console import Console

from training.errors import TrainingError
from training.pii import runs
from training.pii.generation.templates import Templates
from training.pii.learning import learn
from training.pii.options import TaggerOptions
from training.pii.runs import learn_all
from training.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATES = Templates(
    ("so {FIRST} came",), ("in {CITY} today",), ("may i go",), ("it rained and nobody came",)
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def progress() -> Progress:
    return Progress(Console(file=StringIO()))


def test_runs_side_by_side_learn_what_they_learn_one_by_one(
    monkeypatch: pytest.MonkeyPatch, progress: Progress
) -> None:
    monkeypatch.setattr(runs, "_FEWEST_EXAMPLES", 0)
    options = TaggerOptions(examples=40, averaged=2, layers=1)
    found = learn_all(TEMPLATES, options, progress)
    alone = [learn(TEMPLATES, options, progress, run=run) for run in (0, 1)]
    for one, other in zip(found, alone, strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)
    assert any(not torch.equal(found[0][name], found[1][name]) for name in found[0])


def test_a_run_that_fails_ends_training(
    monkeypatch: pytest.MonkeyPatch, progress: Progress
) -> None:
    monkeypatch.setattr(runs, "_FEWEST_EXAMPLES", 0)
    nobody = Templates(("{NOBODY}",), (), (), ())
    with pytest.raises(TrainingError, match="ended with 1"):
        learn_all(nobody, TaggerOptions(examples=40, averaged=1, layers=1), progress)


def test_short_runs_compute_in_one_thread(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, progress: Progress
) -> None:
    threads: list[int] = []
    before = torch.get_num_threads()
    request.addfinalizer(lambda: torch.set_num_threads(before))

    def learn_nothing(*_: object, **__: object) -> dict[str, torch.Tensor]:
        threads.append(torch.get_num_threads())
        return {}

    monkeypatch.setattr(runs, "learn", learn_nothing)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    torch.set_num_threads(2)
    learn_all(TEMPLATES, TaggerOptions(examples=40, averaged=2, layers=1), progress)
    assert (threads, torch.get_num_threads()) == ([1, 1], 2)
