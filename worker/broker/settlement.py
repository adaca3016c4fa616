"""Settling: publishing what became of the entries of a batch, and giving up their claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from producer.connection import connect
from producer.jwe_form import encode_key_id
from producer.schemas import DeadLetter, DeadReason
from worker.broker.claims import claims_for
from worker.protocol import MissingKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from producer.settings import Settings
    from worker.broker.claims import Claims
    from worker.protocol import Claim

    #: A sealed result, or why there is none: given up, or left to a worker that has its key.
    Answer = tuple[Claim, str | DeadReason | MissingKey]


#: How long a child waits for the answer to one try to settle, of four: a connection that went
#: silent is given up soon, and while Redis hangs a child that drains ends in half a minute.
ANSWER_SECONDS = 5.0


class Settler(Protocol):
    """Where a pipeline puts its answers."""

    def settle(self, answers: Sequence[Answer]) -> list[bool]:
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

    def settle(self, answers: Sequence[Answer]) -> list[bool]:
        """Publish the answers of one batch; see `Settler.settle`."""
        return self._claims.settle(
            [(claim.tag, *_published(claim, answer)) for claim, answer in answers]
        )


def settler_for(settings: Settings) -> Settler:
    """What publishes the answers of this process, on a connection of its own."""
    client = connect(settings.redis_url, answer_seconds=ANSWER_SECONDS)
    return ClaimSettler(claims_for(settings, client))


def _published(claim: Claim, answer: str | DeadReason | MissingKey) -> tuple[str, str, str, Any]:
    """What an answer is to `Claims.settle`: its kind, the entry id, a field and its value."""
    if isinstance(answer, MissingKey):
        return "parked", claim.entry_id, "", encode_key_id(answer.key_id)
    if not isinstance(answer, DeadReason):
        return "result", claim.entry_id, "sealed", answer
    letter = DeadLetter.of(claim.entry_id, answer, claim.sealed, deliveries=claim.deliveries)
    return "freed" if letter.frees_id else "dead", letter.entry_id, "letter", letter.encode()
