"""The HorizontalPodAutoscaler's algorithm, by the examples of Kubernetes' documentation and KEP-853."""

from __future__ import annotations

import pytest

from tests.autoscale.scaler.hpa import HorizontalPodAutoscaler, Metric, replicas_for
from tests.autoscale.scaler.manifest import DEFAULT_DOWN, DEFAULT_UP, Policy, Rules

AT_ONCE = Rules(0, (Policy("Percent", 100, 15),))


def asks_for(replicas: int) -> list[Metric | None]:
    return [Metric(replicas, 1)]


def numbers(
    scaler: HorizontalPodAutoscaler, current: int, asked: int, *, period: float, steps: int
) -> list[int]:
    """How many replicas there are after each decision, one a period."""
    found = []
    for step in range(steps):
        current = scaler.decide(step * period, current, asks_for(asked))
        found.append(current)
    return found


@pytest.mark.parametrize(("value", "expected"), [(200, 8), (50, 2), (100, 4), (109, 4), (91, 4)])
def test_twice_the_target_doubles_the_replicas_and_a_tenth_more_or_less_changes_nothing(
    value: float, expected: int
) -> None:
    assert replicas_for(Metric(value, 100, "Value"), current=4) == expected


def test_an_average_is_met_by_the_value_divided_by_the_target() -> None:
    assert replicas_for(Metric(1000, 150), current=5) == 7
    assert replicas_for(Metric(780, 150), current=5) == 5, "within the tolerance of 750"
    assert replicas_for(Metric(0, 150), current=5) == 0


def test_a_value_multiplies_the_ready_replicas_only() -> None:
    assert replicas_for(Metric(30, 10, "Value"), current=4, ready=2) == 6


def test_the_metric_that_asks_for_most_counts() -> None:
    scaler = HorizontalPodAutoscaler(1, 10, DEFAULT_UP, DEFAULT_DOWN)
    assert scaler.decide(0, 2, [Metric(3, 1), Metric(5, 1), Metric(1, 1)]) == 5


def test_a_missing_metric_prevents_scaling_down_and_not_up() -> None:
    scaler = HorizontalPodAutoscaler(1, 10, AT_ONCE, Rules(0, AT_ONCE.policies))
    assert scaler.decide(0, 4, [Metric(2, 1), None]) == 4
    assert scaler.decide(15, 4, [Metric(6, 1), None]) == 6
    assert scaler.decide(30, 6, [None, None]) == 6


def test_bounds_hold_whatever_is_asked_for() -> None:
    scaler = HorizontalPodAutoscaler(2, 10, AT_ONCE, Rules(0, AT_ONCE.policies))
    assert scaler.decide(0, 8, asks_for(100)) == 10
    assert scaler.decide(15, 10, asks_for(0)) == 2
    assert scaler.decide(30, 1, asks_for(1)) == 2
    assert scaler.decide(45, 12, asks_for(12)) == 10
    assert scaler.decide(60, 0, asks_for(5)) == 0, "with no replicas it is off"


def test_by_default_four_pods_or_as_many_again_are_added_in_15_seconds() -> None:
    scaler = HorizontalPodAutoscaler(1, 100, DEFAULT_UP, DEFAULT_DOWN)
    assert numbers(scaler, 1, 90, period=15, steps=5) == [5, 10, 20, 40, 80]


def test_policies_of_scaling_down_take_a_tenth_and_below_40_replicas_four_pods() -> None:
    """The example of the documentation: 10% and 4 pods a minute, whichever is more."""
    down = Rules(0, (Policy("Pods", 4, 60), Policy("Percent", 10, 60)))
    scaler = HorizontalPodAutoscaler(1, 100, DEFAULT_UP, down)
    found = numbers(scaler, 80, 10, period=60, steps=10)
    assert found[:3] == [72, 64, 57]
    assert found[-3:] == [32, 28, 24]


def test_a_policy_counts_what_was_changed_in_its_period() -> None:
    up = Rules(0, (Policy("Pods", 4, 60),))
    scaler = HorizontalPodAutoscaler(1, 100, up, DEFAULT_DOWN)
    assert numbers(scaler, 1, 50, period=15, steps=6) == [5, 5, 5, 5, 9, 9]


def test_900_percent_a_minute_goes_from_1_to_1000_in_three_steps() -> None:
    """KEP-853, "Scale Up As Fast As Possible"."""
    up = Rules(0, (Policy("Percent", 900, 60),))
    scaler = HorizontalPodAutoscaler(1, 5000, up, DEFAULT_DOWN)
    assert numbers(scaler, 1, 1000, period=60, steps=3) == [10, 100, 1000]


def test_the_least_or_no_change_can_be_selected() -> None:
    policies = (Policy("Pods", 1, 60), Policy("Percent", 50, 60))
    slow = HorizontalPodAutoscaler(1, 100, DEFAULT_UP, Rules(0, policies, "Min"))
    assert slow.decide(0, 40, asks_for(1)) == 39
    never = HorizontalPodAutoscaler(1, 100, DEFAULT_UP, Rules(0, policies, "Disabled"))
    assert never.decide(0, 40, asks_for(1)) == 40
    upwards = HorizontalPodAutoscaler(1, 100, Rules(0, policies, "Min"), DEFAULT_DOWN)
    assert upwards.decide(0, 40, asks_for(90)) == 41
    nowhere = HorizontalPodAutoscaler(1, 100, Rules(0, policies, "Disabled"), DEFAULT_DOWN)
    assert nowhere.decide(0, 40, asks_for(90)) == 40


def test_scaling_down_takes_the_most_that_was_asked_for_within_the_window() -> None:
    scaler = HorizontalPodAutoscaler(1, 100, AT_ONCE, Rules(60, AT_ONCE.policies))
    current, found = 10, []
    for second, asked in ((0, 10), (15, 4), (30, 6), (45, 2), (60, 2), (75, 2), (90, 2), (105, 2)):
        current = scaler.decide(second, current, asks_for(asked))
        found.append(current)
    assert found == [10, 10, 10, 10, 6, 6, 2, 2]


def test_scaling_up_takes_the_least_that_was_asked_for_within_the_window() -> None:
    scaler = HorizontalPodAutoscaler(1, 100, Rules(30, AT_ONCE.policies), AT_ONCE)
    current, found = 4, []
    for second, asked in ((0, 4), (15, 8), (30, 6), (45, 8)):
        current = scaler.decide(second, current, asks_for(asked))
        found.append(current)
    assert found == [4, 4, 6, 6]
