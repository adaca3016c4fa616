"""Children that are late are killed, and no one else."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

import worker.parent.dispatcher as module
from tests.worker.parent.batch_support import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

CHILD = 4711


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    pids: list[int] = []

    def kill(pid: int, number: int) -> None:
        assert number == signal.SIGKILL
        pids.append(pid)

    monkeypatch.setattr(module.os, "kill", kill)
    return pids


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    now = [time.monotonic()]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("entries", "tokens", "share"),
    [(4, 1, 1.0), (1, 1, 0.25), (2, 1, 0.5), (1, 750, 0.75), (1, 5000, 1.0)],
)
def test_a_smaller_batch_has_less_time(
    killed: list[int], clock: list[float], entries: int, tokens: int, share: float
) -> None:
    desk = Desk()
    desk.add(*(f"e{i}" for i in range(entries)), tokens=tokens)
    job = desk.take()
    clock[0] += 1000  # nobody took it up yet
    desk.dispatcher.kill_overdue({CHILD})
    assert killed == []
    job.accept()
    clock[0] += 7.0 * share * 0.99
    desk.dispatcher.kill_overdue({CHILD})
    assert killed == []
    clock[0] += 7.0 * share * 0.02
    desk.dispatcher.kill_overdue({CHILD})
    desk.dispatcher.kill_overdue({CHILD})
    assert killed == [CHILD]
    assert job.timeout > 7.0 * share  # billiard watches too, later


def test_a_child_that_is_none_any_more_is_not_killed(killed: list[int], clock: list[float]) -> None:
    desk = Desk()
    desk.add("e0")
    desk.take().accept()
    clock[0] += 100
    desk.dispatcher.kill_overdue({1, 2, 3})
    assert killed == []


def test_a_batch_that_came_back_kills_nobody(killed: list[int], clock: list[float]) -> None:
    desk = Desk()
    desk.add("e0")
    job = desk.take()
    job.accept()
    job.answer()
    clock[0] += 100
    desk.dispatcher.kill_overdue({CHILD})
    assert killed == []


def test_who_was_late_is_called_so(killed: list[int], clock: list[float]) -> None:
    desk = Desk(max_deliveries=1)
    desk.add("e0")
    job = desk.take()
    job.accept()
    clock[0] += 100
    desk.dispatcher.kill_overdue({CHILD})
    job.lose()
    assert desk.settler.reasons == {"e0": "timed_out"}
    assert killed == [CHILD]


def test_time_limits_begin_anew_when_the_event_loop_has_stood(clock: list[float]) -> None:
    """Or the pool would kill children for reports that lie unread since an outage began."""
    desk = Desk(children=2)
    desk.add(*(f"e{i}" for i in range(4)))
    accepted = desk.take()
    accepted.accept()
    desk.add(*(f"f{i}" for i in range(4)))
    desk.take()  # no child has taken it up: no time limit runs
    for _ in range(2):
        desk.dispatcher.restart_time_limits()
    assert desk.pool.limits == {accepted: accepted.timeout}
