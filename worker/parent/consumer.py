"""Celery's consumer, with another end for messages it does not understand, and for outages.

Stock Celery logs up to 1,024 characters of a message that it does not understand and drops it. Here
it goes to the dead stream whole, and the log tells its kind only. Stock Celery ends where Redis
refuses what a worker writes while it connects, and logs every try to connect. Here it tries again,
with back-off, whatever Redis answers, and logs the begin and the end.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from celery.exceptions import InvalidTaskError
from celery.worker.consumer import Consumer
from kombu.common import ignore_errors
from kombu.exceptions import ContentDisallowed, DecodeError, OperationalError
from redis.exceptions import RedisError

from producer.schemas import DeadReason
from worker.broker.outages import Use
from worker.celery_internals import leave_if_told, pool_has_event_loop
from worker.parent.claim import malformed
from worker.parent.services import services_of

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

#: Seconds until the next try to connect: at once after the first failure, as a connection that is
#: cut, or that leads to a replica since a failover, is well again with the next.
BACK_OFF = (0.0, 0.25, 0.5, 1.0, 2.0)
#: A failure so long after the last belongs to another outage.
CALM_SECONDS = 10.0
#: How often a worker that waits for its next try looks whether it was told to stop.
LOOK_SECONDS = 0.25


class JournalConsumer(Consumer):  # type: ignore[misc]
    """Dead-letters every message that is no journal entry, and outlives every outage of Redis.

    Args:
        on_task_request: Celery's own way of a request to the pool.
    """

    #: One more than Celery begins with: else it ends where a child died before it was connected
    #: for the first time. `Supervisor` replaces dead children.
    restart_count = 0

    def __init__(
        self, on_task_request: Callable[[Any], Any], *arguments: Any, **options: Any
    ) -> None:
        #: Where requests of other tasks go.
        self.to_pool = on_task_request
        self._failures = 0
        self._failed_at = 0.0
        self.connection: Any = None
        super().__init__(on_task_request, *arguments, **options)
        # kombu raises this one in place of an error reply.
        self.channel_errors = (*self.conninfo.channel_errors, OperationalError)

    def claim_now(self) -> None:
        """Claim what there is room for, before the event loop comes to read."""
        if self.task_consumer is None:
            return
        try:
            self.task_consumer.channel.take()
        except RedisError as exc:  # the event loop will meet it, too, and connect again
            log.debug("claiming ahead failed (%s)", type(exc).__name__)

    def ensure_connected(self, conn: Any) -> Any:
        """Connect, and try until it succeeds; returns the connection given.

        Raises:
            celery.exceptions.WorkerShutdown: the worker was told to stop meanwhile.
        """
        while True:
            try:
                # `connect` would wait for two seconds and try again before it raises.
                conn.ensure_connection(max_retries=0, reraise_as_library_errors=False)
            except (*self.connection_errors, *self.channel_errors) as exc:
                self._back_off(exc)
            else:
                self.first_connection_attempt = False
                return conn

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        """Something failed that Celery does before it is connected; it connects again."""
        self._back_off(exc)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """The connection is lost, or Redis refused something; Celery connects again."""
        services_of(self.app).disconnected()  # at once: to close may take several seconds
        connection, self.connection = self.connection, None
        if connection:
            ignore_errors(connection, connection.close)
        self._back_off(exc)

    def stop(self) -> None:
        """Claim no more: the worker was told to stop, and its children end what they have."""
        super().stop()
        services_of(self.app).stopping(self)

    def on_close(self) -> None:
        """The connection is lost."""
        # Before the first event loop nothing was received, and the pool must not be looked after.
        if pool_has_event_loop(self.pool):
            super().on_close()
        services_of(self.app).disconnected()

    def _back_off(self, exc: Exception) -> None:
        """Tell of a failed try, and wait until the next; leave if the worker is told to stop."""
        services_of(self.app).outages.failed(Use.CONNECTION, exc)
        log.debug("the connection to Redis failed", exc_info=exc)
        now = time.monotonic()
        if now - self._failed_at > CALM_SECONDS:
            self._failures = 0
        until = now + BACK_OFF[min(self._failures, len(BACK_OFF) - 1)]
        self._failures += 1
        leave_if_told()
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))
            leave_if_told()
        self._failed_at = time.monotonic()

    def create_task_handler(self, *arguments: Any) -> Callable[[Any], None]:
        """What takes each message: Celery's own way, without its two promises for each of them.

        A promise lets a message be acknowledged at the next turn of the event loop, which takes
        longer than to acknowledge it: its claim is gone by then. Celery's own handler is left the
        rest: messages of no known task, and the time after a reconnection in which it counts
        acknowledgements.
        """
        receive = super().create_task_handler(*arguments)
        strategies, callbacks = self.strategies, self.on_task_message

        def on_task_received(message: Any) -> None:
            strategy = strategies.get(message.headers.get("task"))
            if strategy is None or self.initial_prefetch_count < self.max_prefetch_count:
                receive(message)
                return
            try:
                strategy(message, None, message.ack_log_error, message.reject_log_error, callbacks)
            except (InvalidTaskError, ContentDisallowed) as exc:
                self.on_invalid_task(None, message, exc)
            except DecodeError as exc:
                self.on_decode_error(message, exc)

        return on_task_received

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
