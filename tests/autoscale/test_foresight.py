"""The fewest workers of a scaler that knows the load to come."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.autoscale.load import Profile
from tests.autoscale.scaler.foresight import Conditions, fewest_workers

GIVEN = Conditions(rate=10.0, start_seconds=0.0, longest_wait=15.0, least=1, most=10)


def steady(load: float, *, seconds: float = 600.0) -> Profile:
    return Profile(((0.0, load), (seconds, load)), bursts=(), base=10.0)


def test_a_steady_load_takes_as_many_workers_as_do_it() -> None:
    profile = steady(3.0)
    plan = fewest_workers(profile.arrived, profile.seconds, GIVEN)
    assert plan.worker_seconds == pytest.approx(3 * 600, rel=0.03)
    assert max(plan.workers) == 3


def test_there_are_never_fewer_than_the_least() -> None:
    profile = steady(0.1)
    plan = fewest_workers(profile.arrived, profile.seconds, replace(GIVEN, least=2))
    assert set(plan.workers) == {2}
    assert plan.worker_seconds == 2 * 600


def test_a_start_is_paid_for() -> None:
    profile = steady(3.0)
    cheap = fewest_workers(profile.arrived, profile.seconds, GIVEN)
    dear = fewest_workers(profile.arrived, profile.seconds, replace(GIVEN, start_seconds=30.0))
    assert dear.worker_seconds == pytest.approx(cheap.worker_seconds + 2 * 30, abs=30)


def test_entries_that_may_wait_longer_need_fewer_workers_at_once() -> None:
    profile = replace(steady(0.5), bursts=((300.0, 120.0),))
    hasty = fewest_workers(profile.arrived, profile.seconds, GIVEN)
    patient = fewest_workers(profile.arrived, profile.seconds, replace(GIVEN, longest_wait=60.0))
    assert max(patient.workers) < max(hasty.workers)
    assert patient.worker_seconds <= hasty.worker_seconds


def test_what_no_number_of_workers_can_do_is_said() -> None:
    profile = steady(12.0)
    with pytest.raises(ValueError, match="10 workers"):
        fewest_workers(profile.arrived, profile.seconds, GIVEN)
