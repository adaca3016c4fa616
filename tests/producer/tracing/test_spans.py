"""The spans of whoever submits and reads, by the application's OpenTelemetry or our own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from producer import JournalResult, KeySet, QueueFull, Settings
from producer.aio import AsyncJournalClient
from producer.tracing import export, spans
from tests.collector import Collector, collecting
from tests.producer.support import QUEUE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import redis

    from producer import JournalClient

CANARY = "Zebulonquist hid the xylocanary"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as one:
        for name, value in one.environment().items():
            monkeypatch.setenv(name, value)
        yield one


async def test_each_entry_has_a_span_whose_trace_travels_with_it(
    either: Any, raw: redis.Redis, collector: Collector
) -> None:
    with export.sending("a-backend"):
        await either.submit(CANARY, entry_id="a", context=CANARY)
        await either.submit(CANARY, entry_id="a")
    first, second = collector.named("journal submit")
    (message,) = (json.loads(one) for one in raw.lrange(QUEUE, 0, -1))
    assert message["headers"]["traceparent"][:-2] == f"00-{first.trace_id}-{first.span_id}-"
    assert (first.service, first.parent_id, first.failed) == ("a-backend", "", False)
    assert first.attributes == {
        "messaging.system": "redis",
        "messaging.destination.name": QUEUE,
        "messaging.operation.type": "send",
        "messaging.message.id": "a",
        "journal.receipt": "queued",
    }
    assert second.attributes["journal.receipt"] == "duplicate"
    assert b"Zebulon" not in b"".join(collector.raw)


async def test_a_span_joins_the_trace_that_a_caller_gave(either: Any, collector: Collector) -> None:
    trace_id, span_id = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    with export.sending("a-backend"):
        await either.submit("Soup.", traceparent=f"00-{trace_id}-{span_id}-01")
        await either.submit("Soup.", traceparent=f"00-{trace_id}-{span_id}-00")  # not to be kept
    (span,) = collector.named("journal submit")
    assert (span.trace_id, span.parent_id) == (trace_id, span_id)


async def test_entries_that_find_no_room_fail_their_spans(
    settings: Settings, keys: KeySet, collector: Collector
) -> None:
    full = settings.model_copy(update={"max_queue_entries": 1})
    async with AsyncJournalClient(full, keys) as client:
        with export.sending("a-backend"):
            await client.submit("Soup.", entry_id="a")
            with pytest.raises(QueueFull):
                await client.submit("Soup.", entry_id="b")
    told = {span.attributes["messaging.message.id"]: span for span in collector.spans}
    assert not told["a"].failed
    assert told["b"].failed
    assert told["b"].attributes["error.type"] == "full"


def test_reading_a_result_joins_the_trace_of_its_entry(
    client: JournalClient, publish: Callable[..., None], collector: Collector, raw: redis.Redis
) -> None:
    publish("a")
    with export.sending("a-backend"):
        assert [result.entry_id for result in client.results(timeout=0)] == ["a"]
    (span,) = collector.named("journal read")
    assert span.attributes["messaging.destination.name"] == "journal.results"


def test_the_member_of_a_result_is_there_only_where_there_is_a_trace() -> None:
    fields = {
        "entry_id": "a",
        "submitted_at": "2026-11-28T20:15:30Z",
        "completed_at": "2026-11-28T20:15:31Z",
    }
    assert b"traceparent" not in JournalResult.model_validate(fields).encode()
    traced = JournalResult.model_validate({**fields, "traceparent": "00-a"})
    assert JournalResult.model_validate_json(traced.encode()) == traced


def test_a_collector_that_takes_nothing_is_told_of_once_and_delays_nobody(
    client: JournalClient, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    collector.status = 500
    with export.sending("a-backend"):
        client.submit(CANARY, entry_id="a")
        assert collector.arrived.wait(20)
        client.submit(CANARY, entry_id="b")
    assert len(collector.raw) == 2
    (line,) = caplog.messages
    assert line == "the collector of traces takes none; they are dropped until it does"


@pytest.mark.parametrize(
    ("environment", "wanted", "told"),
    [
        ({}, False, None),
        ({"OTEL_SERVICE_NAME": "x"}, False, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True, None),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True, None),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True, None),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, False, None),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, False, None),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, True, "OTEL_TRACES_EXPORTER may be otlp or none"),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            True,
            "OTEL_EXPORTER_OTLP_PROTOCOL may be http/protobuf only",
        ),
    ],
)
def test_traces_are_sent_only_where_the_operator_asks(
    environment: dict[str, str], wanted: bool, told: str | None
) -> None:
    assert export.asked(environment) is wanted
    problem = export.problem(environment)
    assert problem == (None if told is None else f"no traces are sent: {told}")


def test_nothing_is_recorded_where_nobody_asks_though_opentelemetry_is_loaded() -> None:
    import opentelemetry.trace

    assert opentelemetry.trace
    with export.sending("a-backend"):
        assert spans.tracer() is None
    assert "opentelemetry.sdk.trace.export" not in loaded_unasked()


def loaded_unasked() -> str:
    """What a process has loaded that nobody asks for traces."""
    code = (
        "import sys\n"
        "from producer.tracing import export, spans\n"
        "with export.sending('x'): print(spans.tracer(), *sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("None ")
    return done.stdout


def test_the_clients_record_by_what_the_application_has_set_up(
    client: JournalClient, raw: redis.Redis
) -> None:
    """In a process of its own, as a provider is set once."""
    code = (
        "import json, redis, sys\n"
        "from opentelemetry import trace\n"
        "from opentelemetry.sdk.trace import TracerProvider\n"
        "trace.set_tracer_provider(TracerProvider(shutdown_on_exit=False))\n"
        "from producer import JournalClient, KeySet, Settings\n"
        "from producer.sealing import new_key\n"
        "keys = KeySet.from_jwks({'keys': [new_key()]})\n"
        "with trace.get_tracer('app').start_as_current_span('a request') as span:\n"
        "    JournalClient(Settings.load(redis_url=sys.argv[1]), keys).submit('Soup.')\n"
        "print(f'{span.get_span_context().trace_id:032x}')\n"
    )
    url = client._settings.redis_url.get_secret_value()
    done = subprocess.run(
        [sys.executable, "-c", code, url], capture_output=True, text=True, check=True
    )
    (message,) = (json.loads(one) for one in raw.lrange(QUEUE, 0, -1))
    assert message["headers"]["traceparent"].split("-")[1] == done.stdout.strip()
