"""Celery's events."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import Any

from celery.app.events import Events
from celery.events.dispatcher import EventDispatcher

#: Events that are kept to be sent later; heartbeats of half an hour, say.
EVENTS_KEPT = 1000
#: After an event that could not be sent, none is tried for so long.
EVENTS_PAUSE_SECONDS = 5.0


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
