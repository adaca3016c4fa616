"""How a lost batch is split: every entry in exactly one part, until a poison entry is alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.parent.batch import Batch
from worker.parent.isolation import (
    PARTS,
    WORKERS_LOST,
    is_hopeless,
    is_suspect,
    part_size,
    split,
    splits,
)
from worker.parent.limits import BatchLimits
from worker.protocol import Claim

SIZES = st.integers(1, 4096)
DELIVERIES = st.integers(1, 100)


def limits(deliveries: int = 3, entries: int = 64) -> BatchLimits:
    return BatchLimits(entries, 1000, 7.0, deliveries)


def claims(count: int, deliveries: int = 1) -> list[Claim]:
    return [Claim(f"e{i}", "sealed", tag=f"tag-{i}", deliveries=deliveries) for i in range(count)]


@given(SIZES, DELIVERIES, DELIVERIES)
def test_each_entry_is_in_exactly_one_part_or_is_the_poison_entry(
    count: int, deliveries: int, most: int
) -> None:
    batch = claims(count, deliveries)
    found = split(batch, limits(most))
    parted = [claim for part in found.parts for claim in batch[part]]
    if found.poison is None:
        assert parted == batch
    else:
        assert (parted, [found.poison]) == ([], batch)


@given(SIZES)
def test_parts_are_at_most_eight_of_nearly_the_same_size_and_smaller_than_the_batch(
    count: int,
) -> None:
    sizes = [len(claims(count)[part]) for part in split(claims(count), limits()).parts]
    assert len(sizes) <= PARTS
    assert set(sizes[:-1]) <= {part_size(count)}
    assert 1 <= sizes[-1] <= part_size(count)
    assert count == 1 or max(sizes) < count


@given(SIZES)
def test_each_entry_is_alone_after_as_many_splits_as_are_told(count: int) -> None:
    size, rounds = count, 0
    while size > 1:
        largest = max(split(claims(size), limits()).parts, key=lambda part: part.stop - part.start)
        size, rounds = largest.stop - largest.start, rounds + 1
    assert rounds == splits(count)


@pytest.mark.parametrize(("deliveries", "poison"), [(1, False), (2, False), (3, True), (4, True)])
def test_only_an_entry_alone_that_failed_as_often_as_allowed_is_a_poison_entry(
    deliveries: int, poison: bool
) -> None:
    assert (split(claims(1, deliveries), limits(3)).poison is not None) == poison
    assert split(claims(2, deliveries), limits(3)).poison is None


@given(DELIVERIES, SIZES)
def test_what_travels_alone_is_given_to_a_child_still_and_what_is_hopeless_is_not(
    most: int, entries: int
) -> None:
    alone = WORKERS_LOST * most + splits(entries)
    bounds = limits(most, entries)
    judged = [
        (is_suspect(claim, bounds), is_hopeless(claim, bounds))
        for n in (most, most + 1, alone, alone + 1)
        for claim in claims(1, n)
    ]
    assert judged == [(False, False), (True, False), (True, False), (True, True)]


@given(SIZES)
def test_a_part_keeps_requests_and_claims_together_and_counts_a_delivery(count: int) -> None:
    batch = Batch([f"request {i}" for i in range(count)], claims(count, 2))
    parts = [batch.retry(part) for part in split(batch.claims, limits()).parts]
    assert [request for part in parts for request in part.requests] == batch.requests
    retried = [claim for part in parts for claim in part.claims]
    assert [claim.tag for claim in retried] == [claim.tag for claim in batch.claims]
    assert {claim.deliveries for claim in retried} == {3}
