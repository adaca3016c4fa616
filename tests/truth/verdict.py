"""Every expression of the dashboard beside the truth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.truth.expected.checks import CHECKS, NOTHING_TO_COMPARE
from tests.truth.panels import load_targets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.truth.check import Check, Values
    from tests.truth.facts import Facts
    from tests.truth.panels import Target
    from tests.truth.tolerance import Tolerance


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: a series of an expression, or why there is none.

    Attributes:
        target: the expression.
        series: what tells the series from others.
        expected, seen: figures; NaN where there is none.
        tolerance: how near they have to be, or why there is nothing to compare.
        ok: whether they are; None where there is nothing to compare.
    """

    target: Target
    series: str
    expected: float
    seen: float
    tolerance: str
    ok: bool | None


def judge(facts: Facts, eased: Mapping[Tolerance, Tolerance], ranks: float = 0.0) -> list[Line]:
    """Compare all of the dashboard, in its order.

    Args:
        facts: of the run.
        eased: what takes the place of a tolerance in a short run. Over a short time Prometheus
            tells rates less exactly, as it extends what it saw to the ends of that time.
        ranks: how much higher or lower the share of a quantile may be, in a short run: p95 of few
            entries lies where there are hardly any, and one more or less moves it far.

    Raises:
        LookupError: an expression is neither compared nor listed as one that cannot be.
    """
    lines: list[Line] = []
    for target in load_targets():
        checks = [
            check for check in CHECKS if (check.panel, check.place) == (target.panel, target.place)
        ]
        for check in checks:
            lines += compare(target, check, facts, eased, ranks)
        if not checks:
            reason = NOTHING_TO_COMPARE.get(target.panel)
            if reason is None:
                raise LookupError(f"nothing is known of {target.panel}, {target.expression}")
            lines.append(Line(target, target.legend, math.nan, math.nan, reason, None))
    return lines


def compare(
    target: Target,
    check: Check,
    facts: Facts,
    eased: Mapping[Tolerance, Tolerance],
    ranks: float,
) -> list[Line]:
    """One comparison, a line for each of its series; see `judge`."""
    tolerance = eased.get(check.tolerance, check.tolerance)
    expected, seen = check.values(facts), _seen(target, check, facts)
    lowest, highest = check.bounds(facts, ranks)
    lines = []
    for key in sorted(expected.keys() | seen.keys()):
        true, told = float(expected.get(key, 0.0)), seen.get(key, 0.0)
        if not true and not told:
            continue
        name = " ".join(filter(None, (key, f"({check.at})")))
        nearest = min(max(told, lowest.get(key, true)), highest.get(key, true))
        ok = tolerance.allows(nearest, told)
        lines.append(Line(target, name, true, told, tolerance.name, ok))
    if not lines:
        lines.append(Line(target, f"({check.at})", 0.0, 0.0, tolerance.name, ok=True))
    return lines


def _seen(target: Target, check: Check, facts: Facts) -> Values:
    """What Prometheus says, by the labels that tell the series apart; what is no number left out."""
    expression = target.filled(facts.interval(check.at))
    answer = facts.drill.scene.prometheus.series(expression, facts.moment(check.at))
    return check.told(
        {
            " ".join(labels.get(name, "") for name in check.by): value
            for labels, value in answer
            if not math.isnan(value)
        }
    )
