"""Queries where all goes faster, and the loads."""

from __future__ import annotations

import pytest

from tests.autoscale.load import Profile, day, step
from tests.autoscale.scaler.manifest import load_scaling
from tests.autoscale.scaler.queries import faster


def test_at_real_speed_a_query_is_the_shipped_one() -> None:
    for trigger in load_scaling().triggers:
        assert faster(trigger.query, 1) == trigger.query


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("max(journal_queue_ready) / 30", "max(journal_queue_ready) / 30"),
        ("max(journal_queue_oldest_seconds)", "max((journal_queue_oldest_seconds * 4))"),
        (
            'sum(rate(journal_stage_seconds_sum{stage=~"a|b"}[1m]))',
            'sum(rate(journal_stage_seconds_sum{stage=~"a|b"}[15000ms]))',
        ),
        (
            "sum(rate(journal_entries_total[2m]))",
            "sum((rate(journal_entries_total[30000ms]) / 4))",
        ),
        (
            "rate(journal_stage_seconds_count[1m])",
            "(rate(journal_stage_seconds_count[15000ms]) / 4)",
        ),
    ],
)
def test_ranges_are_shorter_and_seconds_and_rates_told_anew(query: str, expected: str) -> None:
    assert faster(query, 4) == expected


def test_a_range_whose_meaning_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="told anew"):
        faster("sum(increase(journal_entries_total[1m]))", 4)


def test_every_shipped_query_can_be_told_anew() -> None:
    for trigger in load_scaling().triggers:
        assert faster(trigger.query, 4)


@pytest.mark.parametrize("profile", [day(10.0), step(10.0)])
def test_what_arrives_is_the_sum_of_its_rates_and_bursts(profile: Profile) -> None:
    by_second = sum(profile.rate(second + 0.5) for second in range(int(profile.seconds)))
    bursts = profile.base * sum(number for _, number in profile.bursts)
    assert profile.arrived(profile.seconds) == pytest.approx(by_second + bursts, rel=1e-6)
    assert profile.highest == 8 * profile.base
