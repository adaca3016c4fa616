"""One trace from a submit to the reading of its result, through real processes; and no text in it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from producer.message import encode_message
from producer.sealing import ENTRY
from producer.tracing import export
from tests.collector import Collector, collecting
from tests.installs import run_python
from tests.integration.conftest import Backend, wait_until
from tests.integration.test_extras import run_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import redis

    from deploy.local.processes import Process
    from producer import KeySet

CANARY = "Zebulonquist hid the xylocanary behind the greenhouse"
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
WAY = ["journal submit", "journal wait", "anonymize", "classify", "settle", "journal read"]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that this process sends to, and what it starts."""
    with collecting() as one:
        for name, value in one.environment().items():
            monkeypatch.setenv(name, value)
        yield one


def test_an_entry_has_one_trace_from_its_submit_to_its_reader_without_a_word_of_it(
    collector: Collector,
    start_worker: Callable[..., Process],
    backend: Backend,
    client: redis.Redis,
    keys: KeySet,
) -> None:
    # Nothing is sent by the clock, so what arrives is what a drain sends.
    late = {"OTEL_BSP_SCHEDULE_DELAY": "600000", "JOURNAL_CONCURRENCY": "1"}
    worker = start_worker("--log-level", "DEBUG", **late)
    with export.sending("a-backend"):
        one = backend.client.submit(
            f"{CANARY}. Everyone hates me.", entry_id="one", context=CANARY, traceparent=CALLER
        )
        backend.answers(1)
        backend.ask([f"{CANARY}, said number {i}." for i in range(100)])
        backend.answers(100)
        # Failures with the sentence inside, and where a header should hold ids.
        broken = keys.seal(CANARY.encode(), kind=ENTRY, entry_id="broken")
        client.lpush("journal.entries", encode_message("broken", broken, traceparent=CANARY))
        client.lpush("journal.entries", encode_message("plain", CANARY))
        wait_until(lambda: backend.client.status().dead == 2, "two dead letters")
    assert worker.stop(seconds=20) == 0
    assert one.status == "queued"
    spans = [span for span in collector.spans if span.trace_id == CALLER.split("-")[1]]
    assert [span.name for span in spans] == WAY
    assert [span.service for span in spans] == ["a-backend", *4 * ["journal-worker"], "a-backend"]
    assert {span.attributes["messaging.message.id"] for span in spans} == {"one"}
    submit = spans[0]
    assert submit.parent_id == "b7ad6b7169203331"
    assert {span.parent_id for span in spans[1:]} == {submit.span_id}
    assert not any(span.failed for span in spans)
    assert len(collector.spans) == 101 * len(WAY) + 2 * 2
    sent = b"".join(collector.raw)
    for word in (b"Zebulon", b"xylocanary", b"greenhouse", b"PERSON", b"Catastrophizing"):
        assert word not in sent
    for name in WAY:
        assert {*collector.named(name)[0].attributes} <= {
            "messaging.system",
            "messaging.destination.name",
            "messaging.operation.type",
            "messaging.message.id",
            "journal.receipt",
            "journal.deliveries",
            "journal.batch.entries",
            "journal.outcome",
        }


def test_a_collector_that_never_answers_delays_neither_entries_nor_the_drain(
    start_worker: Callable[..., Process], backend: Backend
) -> None:
    with socket.socket() as deaf:  # takes connections, and says nothing
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        worker = start_worker(
            OTEL_EXPORTER_OTLP_ENDPOINT=url,
            OTEL_BSP_SCHEDULE_DELAY="50",
            OTEL_BSP_MAX_QUEUE_SIZE="64",
            OTEL_BSP_MAX_EXPORT_BATCH_SIZE="32",
        )
        backend.ask([f"Entry {i}." for i in range(300)])
        backend.answers(300)
        assert worker.stop(seconds=15) == 0
    assert "Traceback" not in worker.log.read_text()


def test_a_worker_without_the_packages_says_so_in_a_line_and_goes_on(keys_file: Path) -> None:
    done = run_command(
        "journal-worker",
        "run",
        hidden=frozenset({"opentelemetry"}),
        JOURNAL_REDIS_URL="redis://127.0.0.1:1/0",  # it gets as far as to look for Redis
        JOURNAL_KEYS_FILE=str(keys_file),
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318",
    )
    first, second = done.stderr.splitlines()
    assert first.endswith("they need the otel packages: pip install 'journal-stream[otel]'")
    assert (done.returncode, "127.0.0.1:1" in second) == (4, True)


def test_a_command_without_the_packages_says_so_in_a_line_and_goes_on(
    redis_url: str, keys_file: Path
) -> None:
    settings: dict[str, Any] = {
        "JOURNAL_REDIS_URL": redis_url,
        "JOURNAL_KEYS_FILE": str(keys_file),
        "OTEL_TRACES_EXPORTER": "otlp",
    }
    hidden = frozenset({"opentelemetry"})
    done = run_command("journal", "submit", "It rained again.", hidden=hidden, **settings)
    assert done.returncode == 0
    told = "no traces are sent: they need the otel packages: pip install 'journal-stream[otel]'"
    assert told in done.stderr.splitlines()


def test_a_command_sends_its_spans_before_it_ends(
    collector: Collector, redis_url: str, keys_file: Path
) -> None:
    done = run_python(
        "from producer.cli import main; main(sys.argv[1:], prog_name='journal')",
        "submit",
        "It rained again.",
        hidden=frozenset(),
        JOURNAL_REDIS_URL=redis_url,
        JOURNAL_KEYS_FILE=str(keys_file),
    )
    assert done.returncode == 0, done.stderr
    assert [(span.name, span.service) for span in collector.spans] == [
        ("journal submit", "journal")
    ]
