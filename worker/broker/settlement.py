"""Settling: publishing what became of the entries of a batch, and giving up their claims."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from producer.connection import connect
from producer.jwe_form import encode_key_id
from producer.schemas import DeadLetter, DeadReason
from worker.broker.claims import Claims
from worker.broker.records import Answer
from worker.errors import UnconfirmedError
from worker.protocol import MissingKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis

    from producer.settings import Settings
    from worker.protocol import Claim

    #: A sealed result, or why there is none: given up, or left to a worker that has its key.
    Answered = tuple[Claim, str | DeadReason | MissingKey]

log = logging.getLogger(__name__)

#: How long a child waits for the answer to one try to settle, of four: a connection that went
#: silent is given up soon, and while Redis hangs a child that drains ends in half a minute.
ANSWER_SECONDS = 5.0
#: How long all tries together may take, with what they need to find and reach the server: less than
#: the shortest time limit of a batch.
SETTLE_SECONDS = 20.0


class Settler(Protocol):
    """Where a pipeline puts its answers."""

    def settle(self, answers: Sequence[Answered]) -> list[bool]:
        """Publish the answers of one batch.

        Returns:
            For each, whether it was published; if not, the claim was lost and another worker
            answers.

        Raises:
            redis.exceptions.RedisError: it is not known what was published; requeue the batch.
            UnconfirmedError: all is published, but a failover may lose it.
        """


class ClaimSettler:
    """Publishes answers and gives up their claims in one atomic call, where they are still held.

    Args:
        claims: through which it does.
        replicas: how many have to confirm that they have the answers.
    """

    def __init__(self, claims: Claims, replicas: int = 0) -> None:
        self._claims = claims
        self._replicas = replicas
        self._unconfirmed = False

    def settle(self, answers: Sequence[Answered]) -> list[bool]:
        """Publish the answers of one batch; see `Settler.settle`."""
        told = [_answer(claim, answer) for claim, answer in answers]
        try:
            held = self._claims.settle(told, self._replicas)
        except UnconfirmedError:
            if not self._unconfirmed:
                log.warning("fewer than %d replicas confirm answers", self._replicas)
            self._unconfirmed = True
            raise
        if self._unconfirmed:
            log.warning("%d replicas confirm answers again", self._replicas)
            self._unconfirmed = False
        return held


def settler_for(settings: Settings) -> Settler:
    """What publishes the answers of this process, on a connection of its own."""
    client = connect(settings.only_url, answer_seconds=ANSWER_SECONDS)
    claims = claims_for(settings, client)
    claims.limit = (SETTLE_SECONDS, ANSWER_SECONDS)
    return ClaimSettler(claims, settings.min_replicas)


def _answer(claim: Claim, answer: str | DeadReason | MissingKey) -> Answer:
    """What an answer is to `Claims.settle`."""
    if isinstance(answer, MissingKey):
        return Answer(claim.tag, "parked", claim.entry_id, "", encode_key_id(answer.key_id))
    if not isinstance(answer, DeadReason):
        return Answer(claim.tag, "result", claim.entry_id, "sealed", answer)
    letter = DeadLetter.of(claim.entry_id, answer, claim.sealed, deliveries=claim.deliveries)
    kind = "freed" if letter.frees_id else "dead"
    return Answer(claim.tag, kind, letter.entry_id, "letter", letter.encode(), answer)


def claims_for(settings: Settings, client: redis.Redis | None = None) -> Claims:
    """The claims of this process, on a connection of its own, or by a client that is given."""
    return Claims(
        client or connect(settings.only_url),
        queue=settings.queue,
        results=settings.results,
        dead=settings.dead,
        max_results=settings.max_results,
        reply_seconds=settings.reply_seconds,
        lanes=settings.lane_set,
    )
