"""Dead letters that the parent writes: of entries that no child is given, or not once more."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from producer.schemas import DeadReason
from worker.broker.transport import mark_settled
from worker.protocol import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.broker.settlement import Settler
    from worker.monitoring.metrics import Metrics
    from worker.protocol import Claim

log = logging.getLogger(__name__)

#: How entries are counted that nobody wants answered any more; all others count as dead.
_UNWANTED = {DeadReason.REVOKED: Outcome.REVOKED, DeadReason.EXPIRED: Outcome.EXPIRED}


class DeadLetters:
    """Writes dead letters, counts them, and acknowledges their messages.

    Args:
        settler: publishes a dead letter and gives up its claim, in one step.
        metrics: where the outcomes are counted.
    """

    def __init__(self, settler: Settler, metrics: Metrics) -> None:
        self._settler = settler
        self._metrics = metrics

    def write(
        self,
        claim: Claim,
        reason: DeadReason,
        message: Any,
        *,
        acknowledge: Callable[[Outcome], Any],
        requeue: Callable[[], Any],
    ) -> None:
        """Write a dead letter, then acknowledge its message; requeue it where Redis refuses.

        Args:
            claim: of the entry, or of the message that is no entry.
            reason: why it is dead.
            message: kombu's message behind the claim.
            acknowledge: called with the outcome when the dead letter is written.
            requeue: called when it could not be written, so that the entry is not lost.
        """
        try:
            outcome = self.settle(claim, reason, message)
        except Exception as exc:  # noqa: BLE001 - whatever Redis says, the entry must not be lost
            log.error("a dead letter could not be written (%s)", type(exc).__name__)
            requeue()
            return
        acknowledge(outcome)

    def settle(self, claim: Claim, reason: DeadReason, message: Any) -> Outcome:
        """Write a dead letter whose message the caller acknowledges.

        Returns:
            What became of the entry: `LEASE_LOST` if another worker holds it now.

        Raises:
            redis.exceptions.RedisError: the dead letter could not be written.
        """
        (held,) = self._settler.settle([(claim, reason)])
        mark_settled([message])
        outcome = _UNWANTED.get(reason, Outcome.DEAD) if held else Outcome.LEASE_LOST
        # An entry that was revoked while a child had it may have been answered, and counted so.
        if held or reason not in _UNWANTED:
            self._metrics.count(outcome, 1)
        return outcome
