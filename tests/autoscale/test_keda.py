"""The ScaledObject that the product ships, and what KEDA makes of triggers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.autoscale import comparison
from tests.autoscale.scaler.hpa import HorizontalPodAutoscaler
from tests.autoscale.scaler.keda import Keda
from tests.autoscale.scaler.manifest import (
    DEFAULT_DOWN,
    DEFAULT_UP,
    Fallback,
    Scaling,
    Trigger,
    load_grace_seconds,
    load_scaling,
)

TRIGGER = Trigger("waiting", 10.0, ignore_null=False)
SCALING = Scaling(1, 10, 15, 300, Fallback(2, 3), DEFAULT_UP, DEFAULT_DOWN, (TRIGGER,))


class Answers:
    """Prometheus, as far as KEDA sees it."""

    def __init__(self, *values: float) -> None:
        self.values = list(values)
        self.down = False

    def __call__(self, query: str) -> list[float]:
        if self.down:
            raise OSError(query)
        return self.values


def test_the_shipped_object_is_read_as_it_is() -> None:
    scaling = load_scaling()
    assert 1 == scaling.least < scaling.most
    assert scaling.fallback is not None
    assert scaling.fallback.behavior == "currentReplicasIfHigher"
    assert all(trigger.query.strip() and trigger.threshold > 0 for trigger in scaling.triggers)
    assert not any(trigger.ignore_null for trigger in scaling.triggers)
    assert scaling.up.policies
    assert scaling.down.policies
    assert load_grace_seconds() > 0


def test_the_shipped_behavior_follows_a_step_to_eight_times_within_two_periods() -> None:
    """One worker, and from one period to the next the work of nine."""
    scaling = load_scaling()
    scaler = HorizontalPodAutoscaler(scaling.least, scaling.most, scaling.up, scaling.down)
    keda = replace(scaling, triggers=(Trigger("work", 1.0),))
    current = Keda(keda, Answers(9.0)).sync(0, 1)
    assert current > 1
    assert scaler.decide(15, current, [None]) == current
    assert Keda(keda, Answers(9.0)).sync(15, current) >= 9


def test_what_an_object_leaves_out_has_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "scaledobject.yml"
    path.write_text(
        "kind: ScaledObject\nspec:\n  triggers:\n"
        "  - {type: prometheus, metadata: {query: up, threshold: '5'}}\n"
    )
    trigger = Trigger("up", 5.0)
    assert load_scaling(path) == Scaling(
        0, 100, 30, 300, None, DEFAULT_UP, DEFAULT_DOWN, (trigger,)
    )


@pytest.mark.parametrize(
    "text", ["kind: Pod", "kind: ScaledObject\nspec: {triggers: [{type: cpu}]}"]
)
def test_what_is_not_understood_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scaledobject.yml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"no ScaledObject|type prometheus"):
        load_scaling(path)


def test_a_trigger_asks_for_as_many_replicas_as_meet_its_threshold() -> None:
    assert Keda(SCALING, Answers(41.0)).sync(0, 2) == 5


def test_a_threshold_below_one_counts_too() -> None:
    scaling = replace(SCALING, triggers=(replace(TRIGGER, threshold=0.95),))
    assert Keda(scaling, Answers(3.3)).sync(0, 2) == 4


@pytest.mark.parametrize("values", [(), (float("nan"),), (1.0, 2.0)])
def test_no_figure_scales_nothing_at_first_and_then_to_the_fallback(
    values: tuple[float, ...],
) -> None:
    keda = Keda(SCALING, Answers(*values))
    assert [keda.sync(15.0 * number, 1) for number in range(4)] == [1, 1, 3, 3]


def test_a_fallback_for_the_higher_of_both_never_scales_down() -> None:
    fallback = Fallback(0, 2, "currentReplicasIfHigher")
    answers = Answers()
    answers.down = True
    keda = Keda(replace(SCALING, fallback=fallback), answers)
    assert [keda.sync(15.0 * number, 6) for number in range(40)] == [6] * 40


def test_ignored_null_values_are_zero() -> None:
    scaling = replace(SCALING, triggers=(replace(TRIGGER, ignore_null=True),))
    keda = Keda(scaling, Answers())
    assert keda.sync(0, 1) == 1
    assert keda.values == [0.0]


def test_from_zero_replicas_only_polling_scales_up_and_to_zero_only_after_the_cooldown() -> None:
    answers = Answers(1.0)
    keda = Keda(replace(SCALING, least=0), answers)
    assert keda.sync(0, 0) == 0
    assert keda.poll(0, 0) == 1
    answers.values = [0.0]
    assert keda.poll(300, 1) == 1
    assert keda.poll(301, 1) == 0


def test_what_is_below_the_least_is_set_to_it() -> None:
    assert Keda(SCALING, Answers(0.0)).poll(0, 0) == 1


@pytest.mark.parametrize("figure", comparison.choices())
def test_what_is_compared_keeps_the_bounds_of_what_is_shipped(figure: str) -> None:
    shipped, other = load_scaling(), comparison.scaling_by(figure, rate=50.0)
    assert (other.least, other.most) == (shipped.least, shipped.most)
    assert (other == shipped) == (figure == comparison.SHIPPED)
