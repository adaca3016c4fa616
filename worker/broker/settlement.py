"""Settling: publishing what became of the entries of a batch, and giving up their claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from producer.connection import connect
from producer.schemas import DeadLetter, DeadReason
from worker.broker.claims import Answer, claims_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from producer.settings import Settings
    from worker.broker.claims import Claims
    from worker.protocol import Claim

    #: A sealed result, or why there is none.
    Answered = tuple[Claim, str | DeadReason]


#: How long a child waits for the answer to one try to settle, of four: a connection that went
#: silent is given up soon, and while Redis hangs a child that drains ends in half a minute.
ANSWER_SECONDS = 5.0


class Settler(Protocol):
    """Where a pipeline puts its answers."""

    def settle(self, answers: Sequence[Answered]) -> list[bool]:
        """Publish the answers of one batch.

        Returns:
            For each, whether it was published; if not, the claim was lost and another worker
            answers.

        Raises:
            redis.exceptions.RedisError: it is not known what was published; requeue the batch.
        """


class ClaimSettler:
    """Publishes answers and gives up their claims in one atomic call, where they are still held."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims

    def settle(self, answers: Sequence[Answered]) -> list[bool]:
        """Publish the answers of one batch; see `Settler.settle`."""
        return self._claims.settle([_answer(claim, answer) for claim, answer in answers])


def settler_for(settings: Settings) -> Settler:
    """What publishes the answers of this process, on a connection of its own."""
    client = connect(settings.redis_url, answer_seconds=ANSWER_SECONDS)
    return ClaimSettler(claims_for(settings, client))


def _answer(claim: Claim, answer: str | DeadReason) -> Answer:
    """What is published: in the field `sealed` a result, in `letter` a dead letter."""
    if not isinstance(answer, DeadReason):
        return Answer(claim.tag, True, claim.entry_id, "sealed", answer)
    letter = DeadLetter(
        entry_id=claim.entry_id, reason=answer, deliveries=claim.deliveries, sealed=claim.sealed
    )
    return Answer(claim.tag, False, claim.entry_id, "letter", letter.encode(), answer)
