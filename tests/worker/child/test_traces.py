"""The spans of a batch in a child: of each entry in its own trace, and nothing of its text."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import redis
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from producer import KeySet
from producer.tracing.spans import Tracer
from tests.worker.child.pipeline_support import CANARY, Desk
from worker.child.pipeline import Pipeline
from worker.child.traces import Traces
from worker.protocol import Outcome

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
STAGES = ["journal wait", "anonymize", "classify", "settle"]


class TracedDesk(Desk):
    """A desk that records spans."""

    def __init__(self, keys: KeySet) -> None:
        super().__init__(keys)
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.pipeline = Pipeline(
            keys=keys,
            anonymizer=self.hider,
            classifier=self.marker,
            settler=self,
            traces=Traces(Tracer(provider.get_tracer("test")), "the.queue"),
        )

    def spans(self, entry_id: str) -> dict[str, ReadableSpan]:
        """The spans of an entry by name."""
        spans = self.exporter.get_finished_spans()
        return {one.name: one for one in spans if told(one)["messaging.message.id"] == entry_id}


def told(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


@pytest.fixture
def traced(keys: KeySet) -> TracedDesk:
    return TracedDesk(keys)


def test_every_stage_of_an_entry_is_in_the_trace_that_it_came_with(traced: TracedDesk) -> None:
    enqueued = time.time() - 5
    traced.run(
        traced.claim(
            "e1", f"Jane, {CANARY}.", traceparent=PARENT, enqueued_at=enqueued, deliveries=2
        ),
        traced.claim("e2", "It rained."),
    )
    spans = traced.spans("e1")
    assert list(spans) == STAGES
    for span in spans.values():
        assert span.context is not None
        assert span.parent is not None
        assert f"{span.context.trace_id:032x}" == TRACE
        assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"
        assert told(span)["journal.batch.entries"] == 2
    wait = spans["journal wait"]
    assert wait.start_time == int(enqueued * 1e9)
    assert told(wait)["journal.deliveries"] == 2
    assert told(spans["settle"])["journal.outcome"] == "answered"
    ends = [span.end_time or 0 for span in spans.values()]
    assert ends == sorted(ends)
    assert traced.result(0).traceparent == PARENT
    assert all(CANARY not in one.to_json() for one in traced.exporter.get_finished_spans())


def test_an_entry_that_came_without_a_trace_gets_one_that_its_result_tells(
    traced: TracedDesk,
) -> None:
    traced.run(traced.claim("e1", "It rained."))
    spans = traced.spans("e1")
    wait = spans["journal wait"].context
    assert wait is not None
    told_to_reader = str(traced.result(0).traceparent)
    assert told_to_reader[:-2] == f"00-{wait.trace_id:032x}-{wait.span_id:016x}-"
    parents = [spans[name].parent for name in STAGES[1:]]
    assert [parent and parent.span_id for parent in parents] == [wait.span_id] * 3


def test_a_trace_that_is_not_to_be_kept_is_handed_on_and_not_recorded(traced: TracedDesk) -> None:
    unwanted = PARENT[:-2] + "00"
    traced.run(traced.claim("e1", "It rained.", traceparent=unwanted))
    assert traced.result(0).traceparent == unwanted
    assert not traced.exporter.get_finished_spans()


def test_an_entry_that_fails_tells_where_and_why_in_a_word(traced: TracedDesk) -> None:
    good, bad = traced.claim("good", "It rained."), traced.claim("bad", f"poison {CANARY}")
    traced.run(good, bad, traced.sealed("broken", CANARY.encode()))
    assert list(traced.spans("good")) == STAGES
    spans = traced.spans("bad")
    assert list(spans) == ["journal wait", "anonymize", "settle"]
    assert told(spans["anonymize"])["error.type"] == "anonymizer_failed"
    assert told(spans["settle"])["journal.outcome"] == "dead"
    assert list(traced.spans("broken")) == ["journal wait", "settle"]
    assert told(traced.spans("broken")["settle"])["error.type"] == "malformed"
    assert all(CANARY not in one.to_json() for one in traced.exporter.get_finished_spans())


def test_a_batch_that_could_not_be_settled_says_so(
    traced: TracedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any) -> None:
        raise redis.ConnectionError(CANARY)

    monkeypatch.setattr(traced, "settle", fail)
    with pytest.raises(redis.ConnectionError):
        traced.run(traced.claim("e1", "It rained."))
    assert told(traced.spans("e1")["settle"])["error.type"] == "unsettled"


def test_a_time_of_submission_that_is_to_come_makes_no_span_that_ends_before_it_begins(
    traced: TracedDesk,
) -> None:
    traced.run(traced.claim("e1", "It rained.", enqueued_at=1e300))
    wait = traced.spans("e1")["journal wait"]
    assert wait.start_time == wait.end_time


def test_no_entry_suffers_by_its_trace(keys: KeySet) -> None:
    class Broken:
        def start(self, *_: Any, **__: Any) -> None:
            raise RuntimeError(CANARY)

    desk = Desk(keys)
    traces: Any = Traces(Broken(), "q")  # type: ignore[arg-type]
    desk.pipeline = Pipeline(
        keys=keys, anonymizer=desk.hider, classifier=desk.marker, settler=desk, traces=traces
    )
    assert desk.run(desk.claim("e1", "It rained.")).outcomes == [Outcome.ANSWERED]


def test_a_trace_is_handed_on_where_traces_are_off(desk: Desk) -> None:
    desk.run(desk.claim("e1", "It rained.", traceparent=PARENT))
    assert desk.result(0).traceparent == PARENT
