"""Finding the poison entry that costs every child that is given it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.worker.parent.batch_support import OUT_OF_REACH, SEALED, Desk, names

if TYPE_CHECKING:
    pass


def run_to_the_end(desk: Desk, poison: set[str], end: str = "lose") -> list[str]:
    """Children that die of poison entries; returns which entries were answered."""
    answered: list[str] = []
    desk.turn()
    tries = 0
    while desk.pool.jobs:
        tries += 1
        assert tries < 2000, "isolation does not end"
        job = desk.pool.jobs.pop(0)
        if poison & set(job.ids):
            getattr(job, end)()
        else:
            answered += job.ids
            job.answer()
        desk.turn()
    return answered


@pytest.mark.parametrize(
    ("end", "reason"),
    [("lose", "worker_lost"), ("run_late", "timed_out"), ("break_down", "classifier_failed")],
)
def test_only_the_poison_entry_is_dead_lettered_and_its_neighbours_are_answered(
    end: str, reason: str
) -> None:
    desk = Desk(max_entries=64)
    desk.add(*names(64))
    answered = run_to_the_end(desk, {"e37"}, end)
    assert sorted(answered) == sorted(set(names(64)) - {"e37"})
    assert desk.settler.reasons == {"e37": reason}
    assert sorted(desk.acknowledged) == sorted(names(64))
    assert desk.dispatcher.tags() == []
    assert desk.outcome("dead") == 1


@pytest.mark.parametrize("seed", range(20))
def test_every_entry_is_answered_or_dead_lettered_once_whichever_are_poison(seed: int) -> None:
    rng = random.Random(seed)
    desk = Desk(
        children=rng.randint(1, 4), max_entries=rng.randint(1, 20), max_deliveries=rng.randint(1, 5)
    )
    everyone = names(50)
    poison = set(rng.sample(everyone, rng.randint(0, 12)))
    desk.add(*everyone)
    answered = run_to_the_end(desk, poison)
    assert sorted(answered) == sorted(set(everyone) - poison)
    assert set(desk.settler.reasons) == poison
    assert sorted(desk.acknowledged) == sorted(everyone)


def test_an_entry_alone_is_tried_as_often_as_allowed(desk: Desk) -> None:
    desk.add("e0")
    for deliveries in (1, 2, 3):
        job = desk.take()
        assert [claim.deliveries for claim in job.claims] == [deliveries]
        assert desk.settler.settled == []
        job.lose()
    ((claim, reason),) = desk.settler.settled
    assert (reason, claim.deliveries, claim.sealed) == ("worker_lost", 3, SEALED)
    assert desk.jobs() == []


def test_a_lost_batch_is_split_in_eighths() -> None:
    desk = Desk(max_entries=64)
    desk.add(*names(20))
    desk.take().lose()
    assert desk.take().ids == ["e0", "e1", "e2"]
    assert desk.dispatcher.waiting == 17


def test_a_poison_entry_of_a_full_batch_costs_three_children() -> None:
    desk = Desk(max_entries=64)
    desk.add(*names(64))
    run_to_the_end(desk, {"e37"})
    ((claim, _),) = desk.settler.settled
    assert claim.deliveries == 3
    assert desk.sample("journal_redeliveries_total") == 64 + 8


def test_a_failed_delivery_is_counted_where_it_outlives_this_worker(desk: Desk) -> None:
    desk.add("e0", "e1")
    desk.take().lose()
    assert desk.claims.failed == ["tag-e0", "tag-e1"]
    assert desk.sample("journal_redeliveries_total") == 2


def test_a_timeout_that_tells_twice_counts_once(desk: Desk) -> None:
    desk.add("e0")
    job = desk.take()
    job.run_late()
    job.lose()
    job.answer()
    assert desk.claims.failed == ["tag-e0"]
    assert desk.acknowledged == []
    assert desk.take().ids == ["e0"]


def test_counting_that_fails_stops_nothing(desk: Desk) -> None:
    desk.claims.error = OUT_OF_REACH
    desk.add("e0")
    desk.take().lose()
    assert [claim.deliveries for claim in desk.take().claims] == [2]


def test_what_lost_whole_workers_before_travels_alone(desk: Desk) -> None:
    desk.add("e0")
    desk.add("suspect", deliveries=4)
    desk.add("e2")
    for expected in (["e0"], ["suspect"], ["e2"]):
        job = desk.take()
        assert job.ids == expected
        job.answer()


def test_what_lost_worker_after_worker_is_dead_lettered_untried(desk: Desk) -> None:
    desk.add("e0", deliveries=1000)
    assert desk.jobs() == []
    assert desk.settler.reasons == {"e0": "worker_lost"}
    assert desk.acknowledged == ["e0"]


def test_other_entries_requeued_in_the_middle_of_an_isolation_are_tried_again() -> None:
    """Each split counts for every entry of a part; a drain requeues them so counted."""
    first = Desk(max_entries=4096, max_deliveries=1)
    first.add(*names(4096))
    job = first.take()
    while len(job.claims) > 1:  # the poison entry is always in the first part
        job.lose()
        job = first.take()
        first.gatherer._suspects.clear()
    (claim,) = job.claims
    second = Desk(max_entries=4096, max_deliveries=1)
    second.add("e0", deliveries=claim.deliveries)
    assert second.jobs() == [["e0"]]


def test_a_dead_letter_after_the_lease_was_lost_counts_as_that(desk: Desk) -> None:
    desk.settler.held = False
    desk.add("e0", deliveries=1000)
    desk.turn()
    assert (desk.outcome("lease_lost"), desk.outcome("dead")) == (1, 0)
