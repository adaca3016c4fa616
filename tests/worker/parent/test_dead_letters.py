"""One writer for every dead letter of the parent: publish, count, acknowledge; else requeue."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from kombu.transport.virtual import Message

from producer.schemas import DeadReason
from tests.worker.parent.batch_support import OUT_OF_REACH, Desk, claim_channel
from worker.protocol import Claim, Outcome

CANARY = "zebulonquist"
CLAIM = Claim("e0", CANARY, tag="tag-e0", deliveries=3)
UNWANTED = {DeadReason.REVOKED: Outcome.REVOKED, DeadReason.EXPIRED: Outcome.EXPIRED}


class Letter:
    """A dead letter on its way, and what was done with its message."""

    def __init__(self, desk: Desk, reason: DeadReason = DeadReason.WORKER_LOST) -> None:
        payload = {"body": "", "properties": {"delivery_tag": "tag-e0", "delivery_info": {}}}
        self.message = Message(payload, channel=claim_channel())
        self.done: list[Any] = []
        desk.dead_letters.write(
            CLAIM,
            reason,
            self.message,
            acknowledge=self.done.append,
            requeue=lambda: self.done.append("requeued"),
        )

    @property
    def settled(self) -> set[str]:
        return self.message.channel.qos.settled


@pytest.mark.parametrize("reason", DeadReason)
def test_a_dead_letter_is_published_counted_and_its_message_acknowledged(
    desk: Desk, reason: DeadReason
) -> None:
    letter = Letter(desk, reason)
    outcome = UNWANTED.get(reason, Outcome.DEAD)
    assert desk.settler.settled == [(CLAIM, reason)]
    assert letter.done == [outcome]
    assert letter.settled == {"tag-e0"}  # acknowledging it asks Redis nothing
    assert [desk.outcome(one) for one in Outcome] == [float(one is outcome) for one in Outcome]


@pytest.mark.parametrize("reason", [one for one in DeadReason if one not in UNWANTED])
def test_a_claim_that_another_worker_took_over_counts_as_a_lost_lease(
    desk: Desk, reason: DeadReason
) -> None:
    desk.settler.held = False
    letter = Letter(desk, reason)
    assert letter.done == [Outcome.LEASE_LOST]
    assert (desk.outcome("lease_lost"), desk.outcome("dead")) == (1, 0)


@pytest.mark.parametrize("reason", UNWANTED)
def test_a_revoked_entry_that_was_answered_meanwhile_is_not_counted_again(
    desk: Desk, reason: DeadReason
) -> None:
    desk.settler.held = False
    assert Letter(desk, reason).done == [Outcome.LEASE_LOST]
    assert not any(desk.outcome(outcome) for outcome in Outcome)


@pytest.mark.parametrize("error", [OUT_OF_REACH, ValueError(CANARY)])
def test_what_cannot_be_written_is_requeued_neither_counted_nor_acknowledged_nor_logged(
    desk: Desk, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    caplog.set_level(logging.DEBUG)
    desk.settler.error = error
    letter = Letter(desk)
    assert letter.done == ["requeued"]
    assert letter.settled == set()
    assert not any(desk.outcome(outcome) for outcome in Outcome)
    assert type(error).__name__ in caplog.text
    assert CANARY not in caplog.text


def test_who_acknowledges_by_itself_hears_of_the_error(desk: Desk) -> None:
    desk.settler.error = OUT_OF_REACH
    with pytest.raises(type(OUT_OF_REACH)):
        desk.dead_letters.settle(CLAIM, DeadReason.REVOKED, None)
