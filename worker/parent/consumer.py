"""Celery's consumer, with another end for messages it does not understand.

Stock Celery logs up to 1,024 characters of such a message and drops it. Here it goes to the dead
stream whole, and the log tells its kind only.
"""

from __future__ import annotations

import logging
from typing import Any

from celery.worker.consumer import Consumer

from producer.schemas import DeadReason
from worker.broker.transport import mark_settled
from worker.parent.request import malformed
from worker.protocol import Outcome

log = logging.getLogger(__name__)


class JournalConsumer(Consumer):  # type: ignore[misc]
    """Dead-letters what is no journal entry; `worker.app.attach` gives the app what it needs."""

    def on_close(self) -> None:
        """The connection is lost."""
        super().on_close()
        self.app.journal_disconnected()

    def on_unknown_message(self, body: Any, message: Any) -> None:  # noqa: ARG002 - Celery calls it
        """No task message at all."""
        self.bury(message, "unknown format")

    def on_unknown_task(self, body: Any, message: Any, exc: BaseException) -> None:  # noqa: ARG002
        """A task of another name."""
        self.bury(message, "unknown task")

    def on_invalid_task(self, body: Any, message: Any, exc: BaseException) -> None:  # noqa: ARG002
        """A task message with broken headers or arguments."""
        self.bury(message, "invalid task")

    def on_decode_error(self, message: Any, exc: BaseException) -> None:  # noqa: ARG002
        """A body that does not decode."""
        self.bury(message, "undecodable body")

    def bury(self, message: Any, kind: str) -> None:
        """Dead-letter a message whole."""
        log.error("a message on the queue is no journal entry (%s); dead-lettered", kind)
        try:
            (held,) = self.app.journal_settler.settle([(malformed(message), DeadReason.MALFORMED)])
        except Exception as exc:  # noqa: BLE001 - whatever Redis says, the message must not be lost
            log.error("a dead letter could not be written (%s)", type(exc).__name__)
            message.requeue()
            return
        self.app.journal_metrics.count(Outcome.DEAD if held else Outcome.LEASE_LOST, 1)
        mark_settled([message])
        message.ack()
