"""Sending the spans of our own programs to a collector: OTLP over HTTP, where the operator asks.

OTLP over HTTP and not gRPC: gRPC brings a library of its own with threads that do not survive a
fork, and every collector and vendor takes HTTP. Who asks is told by OpenTelemetry's own variables:
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from producer.tracing.spans import Tracer, use

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

log = logging.getLogger(__name__)

#: How long a process that ends waits for the collector to take the last spans.
CLOSE_SECONDS = 2.0
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HTTP = "http/protobuf"
_PACKAGES = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")


class Export:
    """Sends the spans of this process; made in the process itself, as its thread ends with a fork.

    Args:
        provider: of OpenTelemetry's SDK.
    """

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self.tracer = Tracer(provider.get_tracer("journal-stream"))

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Send what is left, within so many seconds; what the collector has not taken is lost."""
        # The SDK has no deadline that it keeps: it waits as long as its exporter does.
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(seconds)


def asked(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the operator wants traces: an exporter or an endpoint is named, and nothing forbids.

    An exporter is `otlp` by default in OpenTelemetry, so that traces would go to a collector on
    this machine unasked; here it takes a variable.
    """
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    return exporter != "none" and bool(exporter or _first(_ENDPOINTS, environment))


def problem(environment: Mapping[str, str] = os.environ) -> str | None:
    """Why traces that are asked for are not sent, in one line; None if they are, or nobody asks."""
    if not asked(environment):
        return None
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower() or "otlp"
    protocol = _first(_PROTOCOLS, environment) or _HTTP
    if exporter != "otlp":
        return "no traces are sent: OTEL_TRACES_EXPORTER may be otlp or none"
    if protocol != _HTTP:
        return f"no traces are sent: OTEL_EXPORTER_OTLP_PROTOCOL may be {_HTTP} only"
    if not all(map(_is_installed, _PACKAGES)):
        return "no traces are sent: they need the otel packages: pip install 'journal-stream[otel]'"
    return None


def set_up(service: str) -> Export | None:
    """Begin to send the spans of this process, if the operator asks for it.

    Args:
        service: the name of the program in the traces, unless OTEL_SERVICE_NAME tells another.

    Returns:
        None if traces are off, or cannot be sent (see `problem`).
    """
    if not asked() or problem():
        return None
    try:
        return Export(_provider(service))
    except Exception as exc:  # noqa: BLE001 - whatever is wrong with a variable: entries go on
        log.warning("no traces are sent: an OTEL_* variable is wrong (%s)", type(exc).__name__)
        return None


@contextmanager
def sending(service: str) -> Iterator[None]:
    """Let the clients of this process record, and send that, until the block ends.

    Args:
        service: as of `set_up`.
    """
    if told := problem():
        log.warning("%s", told)
    export = set_up(service)
    if export is None:
        yield
        return
    use(export.tracer)
    try:
        yield
    finally:
        use(None)
        export.close()


def _provider(service: str) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an extra
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import (  # noqa: PLC0415
        BatchSpanProcessor,
        SpanExporter,
        SpanExportResult,
    )

    class ToldOnce(SpanExporter):
        """Tells once that the collector takes nothing, and once that it does again."""

        def __init__(self) -> None:
            self._exporter = OTLPSpanExporter()
            self._failing = False

        def export(self, spans: Any) -> SpanExportResult:
            """See `SpanExporter`."""
            result = self._exporter.export(spans)
            failed = result is not SpanExportResult.SUCCESS
            if failed and not self._failing:
                log.warning("the collector of traces takes none; they are dropped until it does")
            if self._failing and not failed:
                log.warning("the collector takes traces again")
            self._failing = failed
            return result

        def shutdown(self) -> None:
            """See `SpanExporter`."""
            self._exporter.shutdown()  # type: ignore[no-untyped-call]

    # Its own lines come with each try, and hold what the collector answered.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)
    resource = Resource.create()
    if str(resource.attributes["service.name"]).startswith("unknown_service"):
        resource = Resource.create({"service.name": service})
    # Not at exit, where it would wait for the collector without a deadline.
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(ToldOnce()))
    return provider


def _first(names: tuple[str, ...], environment: Mapping[str, str]) -> str:
    return next((found for name in names if (found := environment.get(name, "").strip())), "")


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
