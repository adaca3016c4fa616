"""The dashboard and the truth, in short; `python -m tests.truth.run` is the whole."""

from __future__ import annotations

import math
from unittest.mock import Mock

import pytest

from tests import needs
from tests.truth import verdict
from tests.truth.check import quantiles
from tests.truth.expected.checks import CHECKS, NOTHING_TO_COMPARE
from tests.truth.expected.gateway import REQUEST
from tests.truth.expected.queue import LATENCY
from tests.truth.expected.workers import QUEUE_WAIT
from tests.truth.panels import Target, load_targets
from tests.truth.run import as_markdown, compare
from tests.truth.tolerance import P95, RATE, SameBucket, Tolerance, Within
from tests.truth.verdict import Line

_SECONDS = 3.0
#: Three seconds have some eighty entries of bulk. The four of them that a killed child held waited
#: longest: whether p95 is below or among them is chance.
_RANKS = 0.05
#: Latencies of few calls, on a machine with other work.
_HALF = Within(share=0.5, amount=0.15)
#: A caller sees the time that its own process waited for a core, too, and a request takes few
#: milliseconds; so does a scheduler's turn.
_REQUEST = Within(share=0.5, amount=0.03)
#: `rate` is over some ten seconds that are seen every half a second.
_EASED: dict[Tolerance, Tolerance] = {
    RATE: Within(share=0.15),
    **dict.fromkeys((P95, LATENCY, QUEUE_WAIT), _HALF),
    REQUEST: _REQUEST,
}


def test_every_expression_is_compared_or_listed_with_a_reason() -> None:
    compared = {(check.panel, check.place) for check in CHECKS}
    targets = load_targets()
    for target in targets:
        known = (target.panel, target.place) in compared
        assert known != (target.panel in NOTHING_TO_COMPARE), target
    assert compared <= {(target.panel, target.place) for target in targets}


def test_the_dashboard_tells_the_truth_of_a_load_with_faults() -> None:
    lines = compare(needs.program("prometheus"), _SECONDS, _EASED, _RANKS)
    wrong = [line for line in lines if line.ok is False]
    assert not wrong, as_markdown(wrong)
    assert {line.target.panel for line in lines} == {target.panel for target in load_targets()}


@pytest.mark.parametrize(
    ("tolerance", "expected", "seen", "ok"),
    [
        (Within(), 7, 7, True),
        (Within(), 7, 8, False),
        (Within(share=0.05), 100, 105, True),
        (Within(share=0.05), 100, 106, False),
        (Within(amount=1.0), 3.0, 4.0, True),
        (Within(amount=1.0), 3.0, 4.1, False),
        (Within(), 7, math.nan, False),
        (SameBucket((1, 2, 4)), 1.5, 1.9, True),
        (SameBucket((1, 2, 4)), 1.5, 2.1, False),
        (SameBucket((1, 2, 4), 0.5), 1.5, 2.1, True),
        (SameBucket((1, 2, 4)), 5, 9, True),
    ],
)
def test_how_near_is_near_enough(
    tolerance: Within | SameBucket, expected: float, seen: float, ok: bool
) -> None:
    assert tolerance.allows(expected, seen) is ok


@pytest.mark.parametrize(
    ("seen", "ranks", "ok"),
    [
        (0.34, 0.0, True),
        (0.63, 0.0, False),
        (0.63, 0.05, True),
        (0.2, 0.05, False),
        (0.8, 0.05, False),
    ],
)
def test_a_quantile_of_few_may_be_one_of_a_share_near_it(
    seen: float, ranks: float, ok: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = [0.01 * place for place in range(20, 35)] * 6 + [0.63] * 4
    check = quantiles("Panel", 0, 0.95, lambda _: {"bulk": waits}, Within(share=0.02))
    monkeypatch.setattr(verdict, "_seen", lambda *_: {"bulk": seen})
    target = Target("Panel", 0, "1", "")
    (line,) = verdict.compare(target, check, Mock(), {}, ranks)
    assert (line.expected, line.ok) == (pytest.approx(0.34), ok)


def test_a_variable_of_the_dashboard_that_is_not_known_is_refused() -> None:
    target = Target("Panel", 0, "rate(journal_entries_total[$__range])", "")
    with pytest.raises(ValueError, match="variable"):
        target.filled(60.0)


def test_a_bar_in_an_expression_does_not_end_the_cell_of_the_table() -> None:
    target = Target("Panel", 0, 'up{job=~"a|b"}', "")
    (row,) = as_markdown([Line(target, "", 1.0, 2.0, "exact", ok=False)]).splitlines()[2:]
    assert row == '| Panel | `up{job=~"a\\|b"}` |  | 1 | 2 | exact | NO |'
