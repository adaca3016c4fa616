"""Celery's consumer, with another end for messages it does not understand.

Stock Celery logs up to 1,024 characters of such a message and drops it. Here it goes to the dead
stream whole, and the log tells its kind only.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from celery.worker.consumer import Consumer

from producer.schemas import DeadReason
from worker.parent.claim import malformed
from worker.parent.services import services_of

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)


class JournalConsumer(Consumer):  # type: ignore[misc]
    """Dead-letters every message that is no journal entry.

    Args:
        on_task_request: Celery's own way of a request to the pool.
    """

    def __init__(
        self, on_task_request: Callable[[Any], Any], *arguments: Any, **options: Any
    ) -> None:
        #: Where requests of other tasks go.
        self.to_pool = on_task_request
        super().__init__(on_task_request, *arguments, **options)

    def on_close(self) -> None:
        """The connection is lost."""
        super().on_close()
        services_of(self.app).disconnected()

    def on_unknown_message(self, body: Any, message: Any) -> None:  # noqa: ARG002 - Celery calls it
        """No task message at all."""
        self.dead_letter(message, "unknown format")

    def on_unknown_task(self, body: Any, message: Any, exc: BaseException) -> None:  # noqa: ARG002
        """A task of another name."""
        self.dead_letter(message, "unknown task")

    def on_invalid_task(self, body: Any, message: Any, exc: BaseException) -> None:  # noqa: ARG002
        """A task message with broken headers or arguments."""
        self.dead_letter(message, "invalid task")

    def on_decode_error(self, message: Any, exc: BaseException) -> None:  # noqa: ARG002
        """A body that does not decode."""
        self.dead_letter(message, "undecodable body")

    def dead_letter(self, message: Any, kind: str) -> None:
        """Dead-letter a message whole."""
        log.error("a message on the queue is no journal entry (%s); dead-lettered", kind)
        services_of(self.app).dead_letters.write(
            malformed(message),
            DeadReason.MALFORMED,
            message,
            acknowledge=lambda _: message.ack(),
            requeue=message.requeue,
        )
