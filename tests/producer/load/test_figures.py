from __future__ import annotations

import itertools
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.load.ledger import percentile
from producer.load.schedule import Schedule
from producer.load.texts import random_texts


def test_the_schedule_is_fixed_ahead() -> None:
    started = time.monotonic() - 10  # we come ten seconds late
    schedule = Schedule(entries=150, duration=None, rate=100.0)
    chunks = list(schedule.due(started, threading.Event()))
    due = [moment for chunk in chunks for moment in chunk]
    assert due == pytest.approx([started + i / 100 for i in range(150)])
    assert [len(chunk) for chunk in chunks] == [128, 22]


def test_the_schedule_waits_for_each_moment() -> None:
    started = time.monotonic()
    schedule = Schedule(entries=None, duration=0.1, rate=100.0)
    assert schedule.total == 10
    for chunk in schedule.due(started, threading.Event()):
        assert all(moment <= time.monotonic() for moment in chunk)
    assert time.monotonic() - started >= 0.09


def test_as_fast_as_possible_ends_with_its_duration_or_number() -> None:
    started = time.monotonic()
    none = Schedule(entries=None, duration=0.05, rate=0)
    sent = sum(len(chunk) for chunk in none.due(started, threading.Event()))
    assert sent > 128
    both = Schedule(entries=200, duration=60, rate=0)
    assert [len(chunk) for chunk in both.due(started, threading.Event())] == [128, 72]
    assert Schedule(entries=5, duration=60, rate=1).total == 5


def test_a_schedule_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="a number of entries or a duration"):
        Schedule(entries=None, duration=None, rate=1)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300), st.integers(1, 100))
def test_a_percentile_is_the_smallest_value_with_so_many_at_or_below(
    values: list[float], percent: int
) -> None:
    values.sort()
    found = percentile(values, percent)
    assert found is not None
    needed = percent * len(values)
    assert 100 * sum(value <= found for value in values) >= needed
    assert 100 * sum(value < found for value in values) < needed


def test_percentiles_of_known_lists() -> None:
    assert [percentile([15, 20, 35, 40, 50], p) for p in (5, 30, 40, 50, 100)] == [
        15,
        20,
        20,
        35,
        50,
    ]
    assert percentile(list(range(1, 21)), 95) == 19
    assert percentile([], 50) is None


def test_made_up_texts_are_repeatable_and_of_realistic_length() -> None:
    def some(seed: int) -> list[str]:
        return list(itertools.islice(random_texts(seed), 2000))

    texts = some(1)
    assert texts == some(1) != some(2)
    lengths = sorted(len(text.split()) for text in texts)
    assert lengths[0] >= 10
    assert lengths[-1] <= 150
    assert 40 <= lengths[1000] <= 55
    assert len(set(texts)) > 1950
