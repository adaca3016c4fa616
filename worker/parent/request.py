"""Celery's request, for entries: one that is revoked or expired becomes a dead letter."""

from __future__ import annotations

from functools import partial
from typing import Any

from producer.schemas import DeadReason
from worker.celery_internals import RevocableRequest
from worker.parent.claim import as_claim, malformed
from worker.parent.services import services_of


class JournalRequest(RevocableRequest):
    """Settles what Celery would only acknowledge: every entry ends on a stream."""

    def info(self, safe: bool = False) -> dict[str, Any]:
        """What `inspect` shows: without the arguments, which a producer may not have sealed."""
        return {**super().info(safe), "args": "", "kwargs": ""}

    def reject(self, requeue: bool = False) -> None:
        """Requeue the message; what Celery would drop (an ETA out of range) is dead-lettered."""
        if requeue or self.acknowledged:
            super().reject(requeue=requeue)
            return
        services_of(self.app).dead_letters.write(
            as_claim(self) or malformed(self.message),
            DeadReason.MALFORMED,
            self.message,
            acknowledge=lambda _: self.acknowledge(),
            requeue=partial(super().reject, requeue=True),
        )

    def before_revoked(self, *, expired: bool) -> None:
        """Write the dead letter of a revoked entry; then Celery acknowledges it.

        Raises:
            redis.exceptions.RedisError: the dead letter could not be written.
        """
        reason = DeadReason.EXPIRED if expired else DeadReason.REVOKED
        claim = as_claim(self) or malformed(self.message)
        services_of(self.app).dead_letters.settle(claim, reason, self.message)
