"""Settling: publishing what became of the entries of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from producer.schemas import DeadLetter, DeadReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis

    from worker.report import Claim


class Settler(Protocol):
    """Where a pipeline puts its answers."""

    def settle(
        self,
        results: Sequence[tuple[Claim, str]],
        dead: Sequence[tuple[Claim, DeadReason]],
    ) -> None:
        """Publish sealed results and dead letters of one batch."""


class StreamSettler:
    """Appends results and dead letters to their streams, one round trip a batch.

    The claim itself is released afterwards, when the parent acknowledges the message: a crash in
    between answers an entry again, never loses it.
    """

    def __init__(self, client: redis.Redis, *, results: str, dead: str) -> None:
        self._redis = client
        self._results = results
        self._dead = dead

    def settle(
        self,
        results: Sequence[tuple[Claim, str]],
        dead: Sequence[tuple[Claim, DeadReason]],
    ) -> None:
        """Publish sealed results and dead letters of one batch.

        Raises:
            redis.exceptions.RedisError: nothing is known to be published; hand the batch back.
        """
        pipeline = self._redis.pipeline(transaction=True)
        for claim, sealed in results:
            pipeline.execute_command(
                "XADD", self._results, "*", "entry_id", claim.entry_id, "sealed", sealed
            )
        for claim, reason in dead:
            pipeline.execute_command("XADD", self._dead, "*", *letter_fields(claim, reason))
        pipeline.execute()


def letter_fields(claim: Claim, reason: DeadReason) -> list[Any]:
    """The stream fields of a dead letter."""
    letter = DeadLetter(
        entry_id=claim.entry_id,
        reason=reason,
        deliveries=claim.deliveries,
        sealed=claim.sealed,
    )
    return ["entry_id", claim.entry_id, "letter", letter.encode()]
