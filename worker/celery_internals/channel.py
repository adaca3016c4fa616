"""kombu's Redis channel and its list of delivered messages."""

from __future__ import annotations

import logging
from time import monotonic
from typing import Any

from kombu.transport import redis as kombu_redis
from kombu.transport import virtual
from redis.exceptions import NoPermissionError

log = logging.getLogger(__name__)


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
