"""Batches that Redis would not settle are requeued, and held until they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis
from celery.worker import state

from tests.worker.parent.batch_support import OUT_OF_REACH, Desk
from worker.parent.requeue import FAILOVER_SECONDS
from worker.protocol import BatchReport, Failure, Outcome

if TYPE_CHECKING:
    pass


def test_a_batch_that_redis_would_not_settle_is_requeued_after_a_while(desk: Desk) -> None:
    desk.add("e0", "e1")
    desk.take().report(BatchReport(failure=Failure.UNSETTLED))
    assert (desk.claims.requeued, desk.claims.failed) == ([], [])
    desk.time_passes()
    assert desk.claims.requeued == ["tag-e0", "tag-e1"]
    assert desk.acknowledged == ["e0", "e1"]  # in kombu's account: in Redis they are back
    assert desk.channel.qos.settled == {"tag-e0", "tag-e1"}
    assert desk.outcome("requeued") == 2
    assert desk.dispatcher.tags() == []


@pytest.mark.parametrize("error", [OUT_OF_REACH, redis.ResponseError("NOREPLICAS")])
def test_what_redis_does_not_take_back_is_held_and_tried_again(
    desk: Desk, error: Exception
) -> None:
    desk.add("e0", "e1")
    desk.claims.error = error
    desk.take().report(BatchReport(failure=Failure.UNSETTLED))
    for _ in range(3):
        desk.time_passes()
        assert desk.dispatcher.tags() == ["tag-e0", "tag-e1"]  # so the lease is renewed
        assert desk.acknowledged == []
    desk.claims.error = None
    desk.time_passes()
    assert desk.claims.requeued == ["tag-e0", "tag-e1"]
    assert (desk.acknowledged, desk.later) == (["e0", "e1"], [])


def test_a_batch_that_no_replica_confirmed_is_answered_and_looked_for_at_the_next_primary(
    desk: Desk,
) -> None:
    desk.add("e0", "e1")
    answered = [Outcome.ANSWERED] * 2
    desk.take().report(BatchReport(outcomes=answered, failure=Failure.UNCONFIRMED))
    assert desk.acknowledged == ["e0", "e1"]
    assert desk.outcome("answered") == 2
    assert len(desk.later) == len(FAILOVER_SECONDS)
    desk.claims.error = OUT_OF_REACH
    desk.time_passes()
    assert desk.outcome("requeued") == 0
    assert desk.later == []


def test_entries_whose_answers_a_failover_lost_are_requeued(desk: Desk) -> None:
    desk.add("e0", "e1")
    answered = [Outcome.ANSWERED] * 2
    desk.take().report(BatchReport(outcomes=answered, failure=Failure.UNCONFIRMED))
    desk.time_passes()
    assert desk.claims.requeued == ["tag-e0", "tag-e1"]


def test_a_lost_connection_ends_the_holding(desk: Desk) -> None:
    """The channel requeues what it held as it closes."""
    desk.add("e0")
    desk.claims.error = OUT_OF_REACH
    desk.take().report(BatchReport(failure=Failure.UNSETTLED))
    desk.dispatcher.forget_waiting()
    assert desk.dispatcher.tags() == []


def test_an_entry_whose_dead_letter_redis_refuses_is_requeued_later(desk: Desk) -> None:
    desk.add("e0", deliveries=1000)
    desk.settler.error = OUT_OF_REACH
    assert desk.jobs() == []
    assert desk.acknowledged == []
    desk.time_passes()
    assert desk.claims.requeued == ["tag-e0"]


def test_a_revocation_that_redis_does_not_take_is_requeued(desk: Desk) -> None:
    state.revoked.add("e0")
    desk.settler.error = OUT_OF_REACH
    desk.add("e0", "e1")
    assert desk.jobs() == [["e1"]]
    desk.time_passes()
    assert desk.claims.requeued == ["tag-e0"]


def test_without_children_all_that_no_child_accepted_is_requeued() -> None:
    desk = Desk(children=2, max_entries=1)
    desk.add("e0", "e1", "e2", "e3")
    desk.turn()
    begun, lost = desk.pool.jobs[0], desk.pool.jobs[1]
    begun.accept()
    lost.accept()
    lost.lose()  # waits for another child
    assert desk.dispatcher.requeue_all() == 3
    desk.time_passes()
    assert sorted(desk.claims.requeued) == ["tag-e1", "tag-e2", "tag-e3"]
    assert (desk.dispatcher.waiting, desk.dispatcher.running) == (0, 1)
    begun.answer()
    assert sorted(desk.acknowledged) == ["e0", "e1", "e2", "e3"]


def test_what_no_child_accepted_is_requeued_when_the_connection_is_lost() -> None:
    """Celery's pool drops it then, and would never tell of it again."""
    desk = Desk(children=2, max_entries=1)
    desk.add("e0", "e1")
    desk.turn()
    taken, forgotten = desk.pool.jobs
    taken.accept()
    desk.dispatcher.requeue_unaccepted()
    assert desk.dispatcher.running == 1
    desk.time_passes()
    assert desk.claims.requeued == ["tag-e1"]
    forgotten.answer()  # too late
    taken.answer()
    assert desk.acknowledged == ["e1", "e0"]
    assert desk.outcome("answered") == 1
