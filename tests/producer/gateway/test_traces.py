"""A caller's trace goes on in the queue; nothing of a request goes into it but the entry's id."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import opentelemetry.trace
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.producer.gateway.support import TEXT, Worker
from tests.producer.support import QUEUE

if TYPE_CHECKING:
    import httpx2
    import redis

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = f"00-{TRACE}-b7ad6b7169203331-01"


def test_the_trace_of_a_request_travels_with_its_entries(
    app: httpx2.Client, raw: redis.Redis
) -> None:
    headers = {"traceparent": CALLER}
    app.post("/v1/entries", json={"text": TEXT}, headers=headers)
    app.post("/v1/entries", json={"entries": [{"text": TEXT}]}, headers=headers)
    told = app.post("/v1/entries", json={"text": TEXT}, headers={"traceparent": "my name is Jane"})
    assert told.status_code == 202
    messages = [json.loads(one)["headers"] for one in reversed(raw.lrange(QUEUE, 0, -1))]
    assert [one.get("traceparent") for one in messages] == [CALLER, CALLER, None]


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """What a process records for which somebody has set up OpenTelemetry."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(opentelemetry.trace, "get_tracer_provider", lambda: provider)
    return exporter


def test_no_span_but_ours_is_made_of_a_request(
    spans: InMemorySpanExporter, app: httpx2.Client, answering: Worker
) -> None:
    done = app.post("/v1/entries?wait=10", json={"text": TEXT}, headers={"traceparent": CALLER})
    assert done.status_code == 200
    assert app.post("/v1/entries", json={"text": TEXT, "hidden": TEXT}).status_code == 422
    found = spans.get_finished_spans()
    assert [span.name for span in found] == ["journal submit", "journal read"]
    assert TEXT not in "".join(span.to_json() for span in found)
