"""Celery's, kombu's and billiard's private names; no other module reaches one.

Each base class and function here says in plain words what the private name stands for.
`tests/worker/test_celery_internals.py` compares every name and signature used with the installed
versions, so that an upgrade that changes one fails there, and says what changed.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any

import billiard.pool
from celery.app.events import Events
from celery.events.dispatcher import EventDispatcher
from celery.worker import state
from celery.worker import strategy as celery_strategy
from celery.worker.request import Request
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual
from redis.exceptions import NoPermissionError

if TYPE_CHECKING:
    from celery import Celery, Task

log = logging.getLogger(__name__)

#: Events that are kept to be sent later; heartbeats of half an hour, say.
EVENTS_KEPT = 1000
#: After an event that could not be sent, none is tried for so long.
EVENTS_PAUSE_SECONDS = 5.0


class UnacknowledgedMessages(kombu_redis.QoS):  # type: ignore[misc]
    """kombu's list of delivered messages, with its methods that leave Redis alone made public."""

    def add(self, message: Any, delivery_tag: str) -> None:
        """List a message as delivered."""
        virtual.QoS.append(self, message, delivery_tag)

    def remove(self, delivery_tag: str) -> None:
        """Take a message off the list."""
        virtual.QoS.ack(self, delivery_tag)

    def delete_claim(self, delivery_tag: str) -> None:
        """Delete a message from kombu's `unacked` keys in Redis."""
        self._remove_from_indices(delivery_tag).execute()

    def tags(self) -> list[str]:
        """The tags of all messages listed."""
        return [tag for tag in list(self._delivered) if tag not in self._dirty]

    def count(self) -> int:
        """How many messages are listed."""
        return len(self._delivered) - len(self._dirty)

    def clear(self) -> None:
        """Take all messages off the list."""
        self._flush()
        self._delivered.clear()


class BlockingReadChannel(kombu_redis.Channel):  # type: ignore[misc]
    """kombu's Redis channel, whose blocking read (`BRPOP`) a subclass may replace.

    kombu's event loop calls `_brpop_start` when it may wait for a message, and `_brpop_read` when
    Redis has answered.
    """

    QoS = UnacknowledgedMessages

    @property
    def replaces_wait(self) -> bool:
        """Whether `wait` is called in place of kombu's own waiting."""
        return False

    @property
    def replaces_read(self) -> bool:
        """Whether `read` is called in place of kombu's own reading."""
        return False

    @property
    def connection_options(self) -> dict[str, Any]:
        """redis-py's options and `connection_class` in place of what kombu makes of its URL."""
        return {}

    def wait(self, seconds: float) -> None:
        """Wait for a message: send a blocking command, if there is to be one."""
        raise NotImplementedError

    def read(self, **options: Any) -> None:
        """Read the answer to the blocking command and deliver what it announces.

        Raises:
            kombu.transport.redis.Empty: there is no message.
        """
        raise NotImplementedError

    def send_blocking(self, *command: Any) -> None:
        """Send a blocking command, as kombu sends its `BRPOP`."""
        self._in_poll = self.client.connection
        self._brpop_sent_at = monotonic()
        self.client.connection.send_command(*command)

    def receive_blocking(self, command: str, **options: Any) -> Any:
        """Read the answer to the blocking command.

        Raises:
            redis.exceptions.RedisError: the answer is an error, or the connection broke and was
                closed, so that kombu's event loop opens another.
        """
        try:
            return self.client.parse_response(self.client.connection, command, **options)
        except self.connection_errors:
            self.client.connection.disconnect()
            raise
        finally:
            self._in_poll = None
            # The connection is idle: kombu sends new credentials at this moment only.
            self._flush_brpop_reauth()

    def close(self) -> None:
        """Close the channel without waiting for an answer that may never come.

        kombu reads the answer to its blocking command first, because that takes a message from
        the queue; a command that takes none is dropped with its connection. Where Redis refuses
        what kombu writes at the end (the queue of remote control is deleted), closing goes on.
        """
        if self._in_poll and self.replaces_read:
            self._in_poll.disconnect()
        try:
            super().close()
        except (*self.connection_errors, self.ResponseError):
            self._disconnect_pools()
            self._close_clients()
            virtual.Channel.close(self)

    def deliver(self, payload: dict[str, Any], queue: str) -> None:
        """Deliver a message, in kombu's form, to the consumer of a queue."""
        self.connection._deliver(payload, queue)  # noqa: SLF001 - what this module is for

    def maybe_refresh_binding_expiry(self) -> None:
        """Let kombu keep alive what `_queue_bind` wrote; where Redis refuses, the next call may."""
        try:
            super().maybe_refresh_binding_expiry()
        except self.ResponseError as exc:
            log.debug("the binding of remote control was not renewed (%s)", type(exc).__name__)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        try:
            super()._queue_bind(exchange, routing_key, pattern, queue)
        except NoPermissionError:
            raise
        except self.ResponseError:
            # Out of memory, say. What was to be written is a table of queues for producers of a
            # direct exchange; remote control goes by publish and subscribe, which need none.
            log.debug("the binding of %s was not written", queue)

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        options = self.connection_options
        if "connection_class" in options:  # of which kombu derives one of its own
            self.connection_class = options.pop("connection_class")
        return {**super()._connparams(asynchronous), **options}

    def _brpop_start(self, timeout: float | None = None) -> None:
        if not self.replaces_wait:
            super()._brpop_start(timeout)
            return
        self.wait((self.brpop_timeout if timeout is None else timeout) or 0)

    def _brpop_read(self, **options: Any) -> bool:
        if not self.replaces_read:
            return bool(super()._brpop_read(**options))
        self.read(**options)
        return True


class RevocableRequest(Request):  # type: ignore[misc]
    """Celery's request, which tells a subclass before it announces that it was revoked."""

    def before_revoked(self, *, expired: bool) -> None:
        """Called before a revoked (or expired) request is announced and acknowledged."""

    def _announce_revoked(self, reason: str, terminated: bool, signum: Any, expired: bool) -> None:
        self.before_revoked(expired=expired)
        super()._announce_revoked(reason, terminated, signum, expired)


class UnhurriedDispatcher(EventDispatcher):  # type: ignore[misc]
    """Celery's sender of events, which never makes the event loop wait until Redis is back.

    Stock Celery sends its heartbeat again and again until it is sent. Here an event that fails is
    kept, up to `EVENTS_KEPT`, and for `EVENTS_PAUSE_SECONDS` no other is tried.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._outbound_buffer: deque[Any] = deque(maxlen=EVENTS_KEPT)
        self._paused_until = 0.0

    def _publish(self, event: Any, producer: Any, routing_key: str, **_: Any) -> None:
        if monotonic() < self._paused_until:
            self._outbound_buffer.append((event, routing_key))
            return
        kept = self._outbound_buffer.copy()
        super()._publish(event, producer, routing_key)
        if self._outbound_buffer != kept:
            self._paused_until = monotonic() + EVENTS_PAUSE_SECONDS


class UnhurriedEvents(Events):  # type: ignore[misc]
    """Celery's access to events, with `UnhurriedDispatcher`."""

    dispatcher_cls = UnhurriedDispatcher


def default_strategy(task: Task, app: Celery, consumer: Any) -> Any:
    """Celery's own strategy: what it does with each message of a task."""
    return celery_strategy.default(task, app, consumer)


def request_ended(request: Any) -> None:
    """Tell Celery that a request is over: `inspect` shows it no more."""
    state.task_ready(request)


def stop_worker(exit_code: int) -> None:
    """Let the worker shut down; the event loop looks at this at every turn."""
    state.should_stop = exit_code


def worker_stops() -> bool:
    """Whether the worker was told to shut down."""
    return state.should_stop is not None and state.should_stop is not False


def leave_if_told() -> None:
    """Begin to shut down, if the worker was told to.

    Raises:
        celery.exceptions.WorkerShutdown: it was; or WorkerTerminate, to leave without a drain.
    """
    state.maybe_shutdown()


def child_pids(pool: Any) -> set[int]:
    """The process ids of a prefork pool's children."""
    return {process.pid for process in pool._pool._pool}  # noqa: SLF001 - what this module is for


def pool_has_event_loop(pool: Any) -> bool:
    """Whether a prefork pool was registered with the event loop.

    Until then a look for dead children would find no pipes for their successors, and raise.
    """
    return pool._pool.on_process_down is not None  # noqa: SLF001 - what this module is for


def restart_time_limit(pool: Any, result: Any, seconds: float) -> None:
    """Let the hard time limit of a job that a child has accepted begin anew.

    The timers of billiard's pool go on while the event loop stands, as it does while Redis cannot
    be reached; when it runs again it fires those that are due before it reads any report.

    Args:
        pool: Celery's pool.
        result: what its `apply_async` returned.
        seconds: until the child is killed.
    """
    inner = pool._pool  # noqa: SLF001
    inner.on_timeout_cancel(result)
    inner.on_timeout_set(result, None, seconds)


def replace_dead_children(pool: Any) -> None:
    """Let a prefork pool look for dead children at once, tell of their batches, start others."""
    pool.maintain_pool()


def limit_wait_for_reports(tenths_of_a_second: int) -> None:
    """In a child: how long it waits at its end for the parent to have read what it returned."""
    billiard.pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = tenths_of_a_second


def parse_ahead() -> None:
    """Load cffi's parser of C before any fork.

    billiard declares `prctl` through cffi in every child, which otherwise imports the parser each
    time: most of the time that a child takes to start, its models aside.
    """
    with contextlib.suppress(ImportError):  # then billiard does without, too
        cffi = importlib.import_module("cffi")
        cffi.FFI().cdef("int prctl (int __option, ...);")
