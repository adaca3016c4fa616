"""Which entries the next batch holds: parts of lost batches first, then what waits, in order."""

from __future__ import annotations

from producer.message import encode_message
from producer.schemas import DeadReason
from tests.worker.parent.batch_support import SEALED, Desk, altered, names


def gathered(desk: Desk) -> list[str] | None:
    batch = desk.gatherer.next_batch()
    return None if batch is None else [claim.entry_id for claim in batch.claims]


def lose(desk: Desk, *entries: str) -> None:
    """The batch of these entries, which has been gathered, is lost with its child."""
    batch = desk.gatherer.next_batch()
    assert batch is not None
    assert [claim.entry_id for claim in batch.claims] == list(entries)
    desk.gatherer.isolate(batch, DeadReason.WORKER_LOST)


def test_parts_of_a_lost_batch_go_before_what_waits(desk: Desk) -> None:
    for name in names(6):
        desk.gatherer.add(desk.entry(name))
    lose(desk, "e0", "e1", "e2", "e3")
    assert desk.gatherer.waiting == 6
    found = [gathered(desk) for _ in range(6)]
    assert found == [["e0"], ["e1"], ["e2"], ["e3"], ["e4", "e5"], None]
    assert desk.gatherer.waiting == 0


def test_all_that_waits_can_be_taken_out_once(desk: Desk) -> None:
    for name in names(5):
        desk.gatherer.add(desk.entry(name))
    lose(desk, "e0", "e1", "e2", "e3")
    tags = desk.gatherer.tags()
    taken = desk.gatherer.take_all()
    assert sorted(tag for batch in taken for tag in batch.tags) == sorted(tags)
    assert len(tags) == 5
    assert (desk.gatherer.take_all(), gathered(desk)) == ([], None)


def test_what_was_lost_is_dropped_from_what_waits_and_from_parts_of_lost_batches(
    desk: Desk,
) -> None:
    for name in names(20):
        desk.gatherer.add(desk.entry(name))
    batch = desk.gatherer.next_batch()
    assert batch is not None
    desk.gatherer.isolate(batch, DeadReason.WORKER_LOST)
    assert desk.gatherer.drop({"tag-e1", "tag-e4", "tag-e19", "somebody's"}) == 3
    assert desk.gatherer.waiting == 17
    assert [gathered(desk) for _ in range(4)] == [["e0"], ["e2"], ["e3"], ["e5", "e6", "e7", "e8"]]
    assert sorted(desk.acknowledged) == ["e1", "e19", "e4"]


def test_a_batch_without_entries_that_can_be_processed_is_none(desk: Desk) -> None:
    desk.gatherer.add(desk.request(altered(encode_message("e0", SEALED), id="a b")))
    assert gathered(desk) is None
    assert desk.settler.reasons == {"unknown": "malformed"}
