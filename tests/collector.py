"""A stand-in for an OpenTelemetry collector: takes OTLP over HTTP on loopback and keeps it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Span:
    """A span as a collector gets it."""

    name: str
    service: str
    trace_id: str
    span_id: str
    parent_id: str
    began: int
    ended: int
    failed: bool
    attributes: dict[str, str | int]


class Collector:
    """What arrived.

    Attributes:
        url: for OTEL_EXPORTER_OTLP_ENDPOINT.
        raw: the bodies of all requests.
        arrived: set once there is one.
        status: what is answered.
    """

    def __init__(self) -> None:
        self.url = ""
        self.raw: list[bytes] = []
        self.arrived = threading.Event()
        self.status = 200

    @property
    def spans(self) -> list[Span]:
        """All spans, by when they began."""
        found = []
        for body in self.raw:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                service = _values(resource.resource.attributes)["service.name"]
                for scope in resource.scope_spans:
                    found += [_span(one, str(service)) for one in scope.spans]
        return sorted(found, key=lambda span: span.began)

    def named(self, name: str) -> list[Span]:
        """All spans of a name."""
        return [span for span in self.spans if span.name == name]

    def environment(self) -> dict[str, str]:
        """The variables of a process that sends its spans here, soon."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}


def _values(attributes: Any) -> dict[str, str | int]:
    values = ((one.key, one.value) for one in attributes)
    return {key: value.string_value or value.int_value for key, value in values}


def _span(span: Any, service: str) -> Span:
    return Span(
        name=span.name,
        service=service,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        began=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
        failed=span.status.code == span.status.STATUS_CODE_ERROR,
        attributes=_values(span.attributes),
    )


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces"
            collector.raw.append(body)
            collector.arrived.set()
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
