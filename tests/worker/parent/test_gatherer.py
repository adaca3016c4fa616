"""Which entries the next batch holds: parts of lost batches first, then what waits, in order."""

from __future__ import annotations

from producer.message import encode_message
from producer.schemas import DeadReason
from tests.worker.parent.batch_support import SEALED, Desk, altered, names
from worker.parent.batch import Batch
from worker.protocol import BatchReport, Claim, Outcome


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


def of_lanes(weights: str, **waiting: int) -> Desk:
    """A desk where so many entries of each lane wait; those of the first are called by its name."""
    desk = Desk(lanes=weights)
    for lane, count in waiting.items():
        for number in range(count):
            other = "" if weights.startswith(lane) else lane
            desk.gatherer.add(desk.entry(f"{lane}{number}", lane=other))
    return desk


def test_a_batch_is_of_one_lane_and_an_urgent_entry_goes_with_the_next() -> None:
    desk = of_lanes("urgent=8,bulk=1", bulk=9)
    assert gathered(desk) == ["bulk0", "bulk1", "bulk2", "bulk3"]
    desk.gatherer.add(desk.entry("urgent0"))
    desk.gatherer.add(desk.entry("urgent1"))
    assert gathered(desk) == ["urgent0", "urgent1"]
    assert gathered(desk) == ["bulk4", "bulk5", "bulk6", "bulk7"]
    assert [gathered(desk), gathered(desk)] == [["bulk8"], None]


def test_lanes_take_turns_by_weight_and_neither_starves() -> None:
    desk = of_lanes("urgent=3,bulk=1", urgent=40, bulk=40)
    batches = [gathered(desk) or [] for _ in range(8)]
    kinds = ["bulk" if batch[0].startswith("bulk") else "urgent" for batch in batches]
    assert kinds == 2 * ["urgent", "bulk", "urgent", "urgent"]


def test_a_batch_is_filled_up_from_other_lanes_where_that_costs_nothing() -> None:
    desk = of_lanes("urgent=8,bulk=1", urgent=1, bulk=9)
    for name, seconds in (("small", 0.05), ("large" * 400, 0.05)):
        desk.gatherer.observe(Batch([], [Claim(entry_id="e", sealed=name)]), seconds)
    assert gathered(desk) == ["urgent0", "bulk0", "bulk1", "bulk2"]
    assert gathered(desk) == ["bulk3", "bulk4", "bulk5", "bulk6"]


def test_a_batch_is_not_filled_up_where_each_token_costs() -> None:
    desk = of_lanes("urgent=8,bulk=1", urgent=3, bulk=9)
    for tokens in (10, 600):
        claim = Claim(entry_id="e", sealed="x" * 6 * tokens)
        desk.gatherer.observe(Batch([], [claim]), 0.001 * tokens)
    assert gathered(desk) == ["urgent0", "urgent1", "urgent2"]


def test_a_lane_in_which_nothing_waited_saved_up_no_turns() -> None:
    desk = of_lanes("urgent=1,bulk=1", urgent=40)
    for _ in range(9):
        gathered(desk)
    for number in range(20):
        desk.gatherer.add(desk.entry(f"bulk{number}", lane="bulk"))
    desk.gatherer.add(desk.entry("urgent40"))
    kinds = [(gathered(desk) or [""])[0][0] for _ in range(3)]
    assert sorted(kinds) == ["b", "b", "u"]


def test_what_waits_is_told_by_lane_and_what_was_lost_stays_in_its_lane() -> None:
    desk = of_lanes("urgent=8,bulk=1", urgent=2, bulk=3)
    assert desk.gatherer.drop({"tag-bulk1@bulk", "tag-urgent0"}) == 2
    assert desk.gatherer.waiting_by_lane() == {"": 1, "bulk": 2}
    assert desk.gatherer.waiting == 3
    assert [gathered(desk), gathered(desk)] == [["urgent1"], ["bulk0", "bulk2"]]


def test_entries_of_a_lane_that_is_none_any_more_go_with_the_first() -> None:
    desk = of_lanes("urgent=8,bulk=1")
    desk.gatherer.add(desk.entry("old", lane="gone"))
    desk.gatherer.add(desk.entry("new"))
    assert gathered(desk) == ["old", "new"]


def test_how_long_entries_of_each_lane_waited_is_measured() -> None:
    desk = of_lanes("urgent=8,bulk=1")
    desk.add("bulk0", lane="bulk")
    desk.take().report(BatchReport(outcomes=[Outcome.ANSWERED], waits=[2.0]))
    assert desk.sample("journal_lane_wait_seconds_sum", lane="bulk") == 2
    assert desk.sample("journal_lane_wait_seconds_count", lane="urgent") == 0
