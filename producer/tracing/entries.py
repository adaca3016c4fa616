"""The spans of whoever submits entries and reads their results."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from producer.tracing.spans import Kind, tracer
from producer.tracing.traceparent import as_traceparent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from producer.tracing.spans import Attributes, Span

SUBMIT = "journal submit"
READ = "journal read"
#: What is said of an entry that was taken, now or before.
_TAKEN = ("queued", "duplicate")


def described(entry_id: str, destination: str, operation: str) -> Attributes:
    """What a span tells of an entry, by OpenTelemetry's conventions for messaging.

    https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/

    Args:
        entry_id: of the entry; nothing else of it is told.
        destination: the queue or the stream.
        operation: `send`, `receive`, `process` or `settle`.
    """
    return {
        "messaging.system": "redis",
        "messaging.destination.name": destination,
        "messaging.operation.type": operation,
        "messaging.message.id": entry_id,
    }


class Submits:
    """The spans of entries that are submitted in one call, one for each.

    Args:
        entry_ids: of the entries.
        queue: where they go.
        parent: the `traceparent` that they were given, or None.
    """

    def __init__(self, entry_ids: Sequence[str], queue: str, parent: str | None) -> None:
        now = tracer()
        self._open: list[Span] = []
        #: What travels with each.
        self.traceparents: list[str | None] = [parent] * len(entry_ids)
        if now is not None:
            self._open = [
                now.start(SUBMIT, Kind.PRODUCER, described(one, queue, "send"), parent=parent)
                for one in entry_ids
            ]
            self.traceparents = [span.traceparent or parent for span in self._open]

    def end(self, receipts: Sequence[str]) -> None:
        """All are answered: what was said of each."""
        for span, receipt in zip(self._open, receipts, strict=bool(self._open)):
            span.end(
                error=receipt if receipt not in _TAKEN else None,
                attributes={"journal.receipt": receipt},
            )
        self._open = []

    def fail(self, error: str) -> None:
        """Those that are not answered will not be."""
        for span in self._open:
            span.end(error=error)
        self._open = []


@contextmanager
def submitting(entry_ids: Sequence[str], queue: str, given: str | None) -> Iterator[Submits]:
    """Begin a span for each entry; those that the block does not end failed with it.

    Args:
        entry_ids: of the entries.
        queue: where they go.
        given: what a caller gave as `traceparent`; what is none is left out.
    """
    submits = Submits(entry_ids, queue, as_traceparent(given))
    try:
        yield submits
    except BaseException as exc:
        submits.fail(type(exc).__name__)
        raise


def note_read(entry_id: str, traceparent: str | None, source: str, began: int) -> None:
    """Note that a result was read, in the trace of its entry.

    Args:
        entry_id: of the entry.
        traceparent: as the result tells it.
        source: the stream that it was read from.
        began: when it was taken up, in nanoseconds since 1970.
    """
    now = tracer()
    if now is not None:
        span = now.start(
            READ,
            Kind.CONSUMER,
            described(entry_id, source, "receive"),
            parent=as_traceparent(traceparent),
            at=began,
        )
        span.end(at=max(began, time.time_ns()))
