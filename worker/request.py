"""Celery's request, for entries: one that is revoked or expired becomes a dead letter."""

from __future__ import annotations

import logging
from typing import Any

from celery.worker.request import Request

from producer.message import ENQUEUED_AT
from producer.schemas import DeadReason
from worker.report import Claim
from worker.transport import DELIVERIES, mark_settled

log = logging.getLogger(__name__)


class JournalRequest(Request):  # type: ignore[misc]
    """Settles what Celery would only acknowledge: every entry ends on a stream."""

    def _announce_revoked(self, reason: str, terminated: bool, signum: Any, expired: bool) -> None:
        claim = as_claim(self) or Claim(str(self.id), "", tag=str(self.message.delivery_tag))
        why = DeadReason.EXPIRED if expired else DeadReason.REVOKED
        self.app.journal_settler.settle([(claim, why)])
        self.app.journal_metrics.discarded(why)
        mark_settled([self.message])
        super()._announce_revoked(reason, terminated, signum, expired)


def as_claim(request: Request) -> Claim | None:
    """The claim a request carries, or None if its arguments are not one sealed text."""
    args = request.args
    if not (isinstance(args, (list, tuple)) and len(args) == 1 and isinstance(args[0], str)):
        return None
    headers = request.request_dict
    enqueued_at = headers.get(ENQUEUED_AT)
    known = isinstance(enqueued_at, (int, float)) and not isinstance(enqueued_at, bool)
    return Claim(
        entry_id=str(request.id),
        sealed=args[0],
        tag=str(request.message.delivery_tag),
        enqueued_at=float(enqueued_at) if known else 0.0,
        deliveries=int(headers.get(DELIVERIES, 1)),
    )
