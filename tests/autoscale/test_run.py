"""What counts as a fault of a run, and pods as a Deployment has them."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from tests.autoscale import run
from tests.autoscale.deployment import Deployment

GOOD = {
    **dict.fromkeys(("lost", "twice", "crashed", "killed"), 0),
    "longest_wait_seconds": 42.0,
    "load": "day",
    "times_foresight": 1.2,
}


class StandInClock:
    """Goes when it is told."""

    now = 0.0


class StandInProcess:
    """A worker that starts at once and ends when it is told."""

    def __init__(self) -> None:
        self.running = self.told = self.is_ready = False

    def start(self) -> None:
        self.running = True

    def page(self, name: str) -> tuple[int, str]:
        return (200 if self.is_ready else 503), name

    def begin_to_stop(self) -> None:
        self.told = True

    def kill(self) -> None:
        self.running = False


@pytest.fixture
def clock() -> StandInClock:
    return StandInClock()


@pytest.fixture
def processes() -> list[StandInProcess]:
    return [StandInProcess() for _ in range(4)]


@pytest.fixture
def pods(clock: Any, processes: Any) -> Deployment:
    return Deployment(processes, clock, start_seconds=20.0, grace_seconds=150.0)


def test_a_good_run_has_no_faults() -> None:
    assert run.faults(GOOD) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"lost": 1},
        {"twice": 10},
        {"killed": 1},
        {"longest_wait_seconds": 61.0},
        {"times_foresight": 1.31},
    ],
)
def test_whatever_does_not_hold_is_a_fault(bad: dict[str, Any]) -> None:
    assert len(run.faults(GOOD | bad)) == 1


def test_without_prometheus_it_says_so_and_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "find_program", lambda: None)
    done = CliRunner().invoke(run.main, [])
    assert done.exit_code == 2
    assert "apt-get install prometheus" in done.output


def test_a_pod_starts_when_its_delay_is_over(
    pods: Deployment, clock: StandInClock, processes: list[StandInProcess]
) -> None:
    pods.scale(1)
    clock.now = 19.0
    pods.tick()
    assert not processes[0].running
    clock.now = 20.0
    pods.tick()
    assert processes[0].running
    assert (pods.replicas, pods.ready, pods.present) == (1, 0, 1)
    processes[0].is_ready = True
    pods.look()
    assert pods.ready == 1


def test_what_is_not_ready_ends_first_and_then_the_newest(
    pods: Deployment, clock: StandInClock, processes: list[StandInProcess]
) -> None:
    for number in range(3):
        clock.now = float(number)
        pods.scale(number + 1)
    clock.now = 30.0
    pods.tick()
    processes[1].is_ready = processes[2].is_ready = True
    pods.look()
    pods.scale(2)
    assert [process.told for process in processes[:3]] == [True, False, False]
    pods.scale(1)
    assert [process.told for process in processes[:3]] == [True, False, True]


def test_a_pod_costs_until_its_process_is_gone_and_is_killed_after_the_grace_period(
    pods: Deployment, clock: StandInClock, processes: list[StandInProcess]
) -> None:
    pods.scale(1)
    clock.now = 20.0
    pods.tick()
    pods.scale(0)
    clock.now = 170.0
    pods.tick()
    assert (pods.replicas, pods.present, pods.killed) == (0, 1, 0)
    clock.now = 171.0
    pods.tick()
    pods.tick()
    clock.now = 500.0
    assert (pods.present, pods.killed, pods.crashed) == (0, 1, 0)
    assert pods.pod_seconds == 171.0
