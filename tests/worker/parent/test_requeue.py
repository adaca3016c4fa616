"""Batches that Redis would not settle go back, and are held until they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis
from celery.worker import state

from tests.worker.parent.batch_support import OUT_OF_REACH, Desk
from worker.protocol import BatchReport, Failure

if TYPE_CHECKING:
    pass


def later(desk: Desk) -> None:
    """Time passes."""
    due, desk.later[:] = list(desk.later), []
    for seconds, function, args in due:
        assert seconds > 0
        function(*args)


def test_a_batch_that_redis_would_not_settle_is_handed_back_after_a_rest(desk: Desk) -> None:
    desk.add("e0", "e1")
    desk.take().report(BatchReport(failure=Failure.UNSETTLED))
    assert (desk.given_back, desk.blamed) == ([], [])
    later(desk)
    assert desk.given_back == ["tag-e0", "tag-e1"]
    assert desk.acknowledged == ["e0", "e1"]  # with us, that is: in Redis they are back
    assert desk.outcome("requeued") == 2
    assert desk.batcher.tags() == []


@pytest.mark.parametrize("error", [OUT_OF_REACH, redis.ResponseError("NOREPLICAS")])
def test_what_redis_does_not_take_back_is_held_and_tried_again(
    desk: Desk, error: Exception
) -> None:
    desk.add("e0", "e1")
    desk.refusal = error
    desk.take().report(BatchReport(failure=Failure.UNSETTLED))
    for _ in range(3):
        later(desk)
        assert desk.batcher.tags() == ["tag-e0", "tag-e1"]  # so the lease is renewed
        assert desk.acknowledged == []
    desk.refusal = None
    later(desk)
    assert desk.given_back == ["tag-e0", "tag-e1"]
    assert (desk.acknowledged, desk.later) == (["e0", "e1"], [])


def test_a_lost_connection_ends_the_holding(desk: Desk) -> None:
    """The channel hands back what it held as it closes."""
    desk.add("e0")
    desk.refusal = OUT_OF_REACH
    desk.take().report(BatchReport(failure=Failure.UNSETTLED))
    desk.batcher.forget_waiting()
    assert desk.batcher.tags() == []


def test_a_burial_that_redis_refuses_is_tried_again_later(desk: Desk) -> None:
    desk.add("e0", deliveries=1000)
    desk.settler.error = OUT_OF_REACH
    assert desk.jobs() == []
    assert desk.acknowledged == []
    later(desk)
    assert desk.given_back == ["tag-e0"]


def test_a_revocation_that_redis_does_not_take_is_handed_back(desk: Desk) -> None:
    state.revoked.add("e0")
    desk.settler.error = OUT_OF_REACH
    desk.add("e0", "e1")
    assert desk.jobs() == [["e1"]]
    later(desk)
    assert desk.given_back == ["tag-e0"]


def test_without_children_all_that_is_not_begun_goes_back() -> None:
    desk = Desk(children=2, max_entries=1)
    desk.add("e0", "e1", "e2", "e3")
    desk.turn()
    begun, lost = desk.pool.jobs[0], desk.pool.jobs[1]
    begun.accept()
    lost.accept()
    lost.lose()  # waits for another child
    assert desk.batcher.hand_back() == 3
    later(desk)
    assert sorted(desk.given_back) == ["tag-e1", "tag-e2", "tag-e3"]
    assert (desk.batcher.waiting, desk.batcher.running) == (0, 1)
    begun.answer()
    assert sorted(desk.acknowledged) == ["e0", "e1", "e2", "e3"]


def test_what_no_child_took_up_goes_back_when_the_connection_is_lost() -> None:
    """Celery's pool drops it then, and would never tell of it again."""
    desk = Desk(children=2, max_entries=1)
    desk.add("e0", "e1")
    desk.turn()
    taken, forgotten = desk.pool.jobs
    taken.accept()
    desk.batcher.forget_unaccepted()
    assert desk.batcher.running == 1
    later(desk)
    assert desk.given_back == ["tag-e1"]
    forgotten.answer()  # too late
    taken.answer()
    assert desk.acknowledged == ["e1", "e0"]
    assert desk.outcome("answered") == 1
