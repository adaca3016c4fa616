"""When batches leave for a child, and what becomes of those that come back."""

from __future__ import annotations

import gc
import os
import signal
import weakref

import pytest
from celery.worker import state

from tests.worker.parent.batch_support import Desk, names
from worker.protocol import BatchReport, Failure, Outcome

# When batches leave


def test_an_idle_child_gets_what_there_is_at_once(desk: Desk) -> None:
    desk.add("e0")
    assert desk.jobs() == [["e0"]]


def test_what_arrives_in_one_turn_leaves_together(desk: Desk) -> None:
    desk.add("e0", "e1", "e2")
    assert desk.pool.jobs == []
    assert desk.jobs() == [["e0", "e1", "e2"]]


def test_entries_gather_while_every_child_is_busy(desk: Desk) -> None:
    desk.add("e0")
    job = desk.take()
    for name in ("e1", "e2"):
        desk.add(name)
        assert desk.jobs() == []
    assert (desk.dispatcher.waiting, desk.dispatcher.running) == (2, 1)
    job.answer()
    assert desk.jobs() == [["e1", "e2"]]


def test_each_idle_child_gets_a_batch() -> None:
    desk = Desk(children=3, max_entries=2)
    desk.add(*names(7))
    assert desk.jobs() == [["e0", "e1"], ["e2", "e3"], ["e4", "e5"]]
    desk.pool.jobs[1].answer()
    assert desk.jobs()[3:] == [["e6"]]


def test_a_pool_that_stops_gets_nothing(desk: Desk) -> None:
    desk.pool.active = False
    desk.add("e0")
    assert desk.jobs() == []


def test_a_batch_holds_no_more_entries_than_allowed(desk: Desk) -> None:
    desk.add(*names(6))
    assert desk.take().ids == names(4)


def test_a_batch_holds_no_more_tokens_than_allowed(desk: Desk) -> None:
    desk.add("e0", "e1", "e2", tokens=400)
    job = desk.take()
    assert job.ids == ["e0", "e1"]
    job.answer()
    assert desk.take().ids == ["e2"]


def test_an_entry_larger_than_a_batch_travels_alone(desk: Desk) -> None:
    desk.add("small")
    desk.add("huge", tokens=5000)
    desk.add("next")
    for expected in (["small"], ["huge"], ["next"]):
        job = desk.take()
        assert job.ids == expected
        job.answer()


# What comes back


def test_a_child_whose_device_failed_is_ended_and_no_entry_is_blamed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *given: killed.append(given))
    desk = Desk(children=1, max_entries=2)
    desk.add("e0", "e1", "e2")
    job = desk.take()
    job.accept()
    job.report(BatchReport(failure=Failure.DEVICE))
    assert killed == [(4711, signal.SIGKILL)]
    last = desk.take()  # given to it before the pool knows
    last.accept()
    last.lose()
    desk.time_passes()
    assert desk.claims.requeued == ["tag-e0", "tag-e1", "tag-e2"]
    assert desk.claims.failed == []
    assert (desk.settler.reasons, desk.sample("journal_redeliveries_total")) == ({}, 0)


def test_answered_entries_are_acknowledged_and_counted(desk: Desk) -> None:
    desk.add("e0", "e1", "e2")
    job = desk.take()
    job.accept()
    job.answer(Outcome.ANSWERED, Outcome.DEAD, Outcome.LEASE_LOST)
    assert desk.acknowledged == ["e0", "e1", "e2"]
    assert [desk.outcome(o) for o in ("answered", "dead", "lease_lost")] == [1, 1, 1]
    assert not set(state.active_requests) | set(state.reserved_requests)
    assert desk.sample("journal_batch_entries_sum") == 3


def test_the_channel_knows_what_a_child_works_on_and_what_is_settled(desk: Desk) -> None:
    """What a child works on is not requeued by a drain, and what is settled asks Redis nothing."""
    account = desk.channel.qos
    desk.add("e0", "e1")
    job = desk.take()
    assert (account.running, account.settled) == ({"tag-e0", "tag-e1"}, set())
    job.lose()
    assert account.running == set()
    first = desk.take()
    assert account.running == {"tag-e0"}
    first.answer()
    assert account.settled == {"tag-e0"}


def test_tags_names_every_claim_in_our_hands(desk: Desk) -> None:
    desk.add(*names(6))
    job = desk.take()
    assert sorted(desk.dispatcher.tags()) == [f"tag-{name}" for name in names(6)]
    job.lose()  # now four wait in parts
    assert sorted(desk.dispatcher.tags()) == [f"tag-{name}" for name in names(6)]


# Ending


def test_a_draining_dispatcher_begins_nothing(desk: Desk) -> None:
    desk.add(*names(6))
    job = desk.take()
    desk.dispatcher.drain()
    job.answer()
    desk.add("late")
    assert desk.jobs() == []
    assert desk.dispatcher.waiting == 3
    assert desk.acknowledged == names(4)


def test_a_batch_lost_while_draining_is_not_tried_in_parts(desk: Desk) -> None:
    desk.add("e0", "e1")
    job = desk.take()
    desk.dispatcher.drain()
    job.lose()
    assert desk.jobs() == []
    assert desk.settler.settled == []
    assert desk.dispatcher.running == 0


def test_a_new_connection_forgets_what_waited_for_the_old_one(desk: Desk) -> None:
    desk.add(*names(6))
    desk.take().lose()
    desk.dispatcher.forget_waiting()
    assert desk.jobs() == []
    assert desk.dispatcher.tags() == []


def test_the_gauges_tell_what_waits_and_what_runs(desk: Desk) -> None:
    desk.add(*names(6))
    desk.turn()
    assert desk.sample("journal_worker_in_flight", state="waiting") == 2
    assert desk.sample("journal_worker_in_flight", state="running") == 4


def test_a_request_that_is_answered_needs_no_garbage_collector(desk: Desk) -> None:
    request = desk.entry("e0")
    seen = weakref.ref(request)
    desk.dispatcher.add(request)
    del request
    gc.disable()
    try:
        desk.take().answer()
        assert seen() is None
    finally:
        gc.enable()


def test_a_child_that_is_free_again_gets_what_is_more_urgent_and_came_meanwhile() -> None:
    desk = Desk(lanes="urgent=8,bulk=1")
    desk.add(*names(4), "waits", lane="bulk")
    batch = desk.take()
    desk.dispatcher.claim_first = lambda: desk.add("urgent")
    desk.turn()
    assert desk.pool.jobs == []  # no child is free: nothing is claimed ahead
    batch.answer()
    assert desk.take().ids == ["urgent"]


def test_nothing_is_claimed_ahead_where_nothing_waits(desk: Desk) -> None:
    claimed: list[str] = []
    desk.dispatcher.claim_first = lambda: claimed.append("ahead")
    desk.add("one")
    desk.take().answer()
    desk.turn()
    assert claimed == []
