"""Stages that fail for an entry, for a whole batch, or for whatever they are given."""

from __future__ import annotations

from typing import Any

import pytest

from producer import JournalEntry
from tests.worker.child.pipeline_support import CANARY, Desk
from worker.child.stages import Item
from worker.errors import StageBrokenError
from worker.protocol import Claim, Outcome


def test_only_the_entry_that_cannot_be_anonymized_is_dead(desk: Desk) -> None:
    report = desk.run(
        desk.claim("e1", "x"), desk.claim("e2", f"poison {CANARY}"), desk.claim("e3", "x")
    )
    assert report.outcomes == [Outcome.ANSWERED, Outcome.DEAD, Outcome.ANSWERED]
    assert desk.reasons == {"e2": "anonymizer_failed"}
    assert not any("poison" in text for text in desk.marker.seen)


def test_only_the_entry_that_cannot_be_classified_is_dead(desk: Desk) -> None:
    report = desk.run(desk.claim("e1", "unclassifiable"), desk.claim("e2", "x"))
    assert report.outcomes == [Outcome.DEAD, Outcome.ANSWERED]
    assert desk.reasons == {"e1": "classifier_failed"}


@pytest.mark.parametrize("give", [lambda found: found[:-1], lambda found: [*found, *found]])
def test_a_stage_that_loses_count_mixes_up_nobodys_answers(desk: Desk, give: Any) -> None:
    desk.hider.give = lambda found: give(found) if len(found) > 1 else found
    report = desk.run(desk.claim("e1", "x"), desk.claim("e2", "xx"))
    assert report.outcomes == [Outcome.ANSWERED] * 2
    assert [desk.result(i).labels[0].evidence[0].end for i in range(2)] == [1, 2]
    desk.hider.give = give
    with pytest.raises(StageBrokenError):  # it loses count of whatever it is given
        desk.run(desk.claim("e3", "x"))


def test_a_broken_stage_dead_letters_no_entry(desk: Desk) -> None:
    """A device that is gone, for example: its child must not dead-letter the whole queue."""
    desk.marker.broken = True
    with pytest.raises(StageBrokenError, match="classifier_failed"):
        desk.run(desk.claim("e1", "x"), desk.claim("e2", "unclassifiable"))
    assert desk.settled == []


def test_a_batch_of_poison_entries_alone_is_no_broken_stage(desk: Desk) -> None:
    report = desk.run(desk.claim("e1", "unclassifiable"), desk.claim("e2", "unclassifiable too"))
    assert report.outcomes == [Outcome.DEAD] * 2


def test_a_batch_of_failures_is_settled_too(desk: Desk) -> None:
    report = desk.run(desk.claim("e1", "poison"), Claim("e2", "junk"))
    assert report.outcomes == [Outcome.DEAD, Outcome.DEAD]
    assert len(desk.settled) == 2


def test_an_item_shows_no_text(desk: Desk) -> None:
    item = Item(desk.claim("e1", CANARY))
    item.entry = JournalEntry(entry_id="e1", text=CANARY)
    (item.anonymized,) = desk.hider.anonymize([CANARY])
    assert CANARY not in f"{item!r} {item}"
