"""Spans by OpenTelemetry, in processes that have it; nothing here imports it before that.

A library records through whatever its application has set up, so a backend's own OpenTelemetry
gets the spans of the clients. Our programs have a provider of their own (see `export`), which
takes nothing but our spans: those that other libraries make may hold arguments, and so texts.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeAlias

#: What an attribute may be; never a text of an entry.
Attributes: TypeAlias = dict[str, str | int]
_NAME = "journal-stream"


class Kind(StrEnum):
    """Which part a span has in a trace, by the names of OpenTelemetry's `SpanKind`."""

    PRODUCER = "PRODUCER"
    CONSUMER = "CONSUMER"
    CLIENT = "CLIENT"
    INTERNAL = "INTERNAL"


class Span:
    """A span that has begun.

    Args:
        span: OpenTelemetry's.
    """

    __slots__ = ("_span",)

    def __init__(self, span: Any) -> None:
        self._span = span

    @property
    def recorded(self) -> bool:
        """Whether it is kept: whoever began the trace, or a sampler, may have decided against."""
        return bool(self._span.is_recording())

    @property
    def traceparent(self) -> str | None:
        """By which others join it; None where nobody has set up OpenTelemetry."""
        context = self._span.get_span_context()
        if not context.is_valid:
            return None
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def end(
        self,
        *,
        at: int | None = None,
        error: str | None = None,
        attributes: Attributes | None = None,
    ) -> None:
        """End it.

        Args:
            at: when, in nanoseconds since 1970; now by default.
            error: what went wrong, a word from a closed list: no message of an exception.
            attributes: what is known by now.
        """
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 - only where there are spans

        self._span.set_attributes(attributes or {})
        if error is not None:
            self._span.set_attribute("error.type", error)
            self._span.set_status(StatusCode.ERROR)
        self._span.end(at)


class Tracer:
    """Begins spans.

    Args:
        tracer: OpenTelemetry's.
    """

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer

    def start(
        self,
        name: str,
        kind: Kind,
        attributes: Attributes,
        *,
        parent: str | None = None,
        at: int | None = None,
        alone: bool = False,
    ) -> Span:
        """Begin a span.

        Args:
            name: of the span.
            kind: of the span.
            attributes: of the span.
            parent: a valid `traceparent`; by default what this context is about.
            at: when it began, in nanoseconds since 1970; now by default.
            alone: without a parent it begins a trace, whatever this context is about.
        """
        from opentelemetry.context import Context  # noqa: PLC0415 - only where there are spans
        from opentelemetry.trace import SpanKind  # noqa: PLC0415

        context = Context() if alone or parent else None
        if parent:
            context = _joined(parent)
        span = self._tracer.start_span(
            name, context, kind=SpanKind[kind], attributes=attributes, start_time=at
        )
        return Span(span)


class _Process:
    """What is set up in this process."""

    own: Tracer | None = None


def use(tracer: Tracer | None) -> None:
    """Let the clients of this process record by a provider of its own.

    Args:
        tracer: of `export.set_up`; None for the application's again.
    """
    _Process.own = tracer


def tracer() -> Tracer | None:
    """What records the spans of this process; None where nobody has set up OpenTelemetry."""
    if _Process.own is not None:
        return _Process.own
    trace: Any = sys.modules.get("opentelemetry.trace")
    if trace is None:  # then no application has set up anything
        return None
    provider = trace.get_tracer_provider()
    return None if isinstance(provider, trace.ProxyTracerProvider) else _of_application(provider)


@lru_cache(maxsize=1)
def _of_application(provider: Any) -> Tracer:
    return Tracer(provider.get_tracer(_NAME))


def _joined(traceparent: str) -> Any:
    """OpenTelemetry's context of a `traceparent`."""
    from opentelemetry import trace  # noqa: PLC0415 - only where there are spans
    from opentelemetry.context import Context  # noqa: PLC0415

    _, trace_id, span_id, flags = traceparent.split("-")
    parent = trace.SpanContext(
        int(trace_id, 16),
        int(span_id, 16),
        is_remote=True,
        trace_flags=trace.TraceFlags(int(flags, 16)),
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(parent), Context())
