"""The worker's metrics: names are the contract with dashboards and alerts."""

from __future__ import annotations

import bisect
import math
import pickle
import random

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from producer.keys import parse_lanes
from producer.schemas import DeadReason
from worker.monitoring.metrics import SECONDS, Metrics
from worker.protocol import BatchReport, Claim, Outcome, Stage


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


REPORT = BatchReport(
    outcomes=[Outcome.ANSWERED, Outcome.ANSWERED, Outcome.DEAD],
    stages={Stage.ANONYMIZE: 0.02, Stage.CLASSIFY: 0.3, Stage.SETTLE: 0.001},
    waits=[1.0, 2.0],
    end_to_end=[1.5],
    tokens=100,
    padded_tokens=120,
)
REPORT.labels.update(["Mind Reading", "Mind Reading", "Labeling"])
REPORT.redactions.update({"PERSON": 2})


def test_the_names_are_the_contract(metrics: Metrics) -> None:
    metrics.observe(REPORT)
    metrics.model(name="m", version="1", precision="fp32", device="cpu")
    families = {family.name: family.type for family in metrics.registry.collect()}
    assert families == {
        "journal_entries": "counter",
        "journal_labels": "counter",
        "journal_redactions": "counter",
        "journal_stage_seconds": "histogram",
        "journal_batch_entries": "histogram",
        "journal_batch_tokens": "histogram",
        "journal_padding_ratio": "histogram",
        "journal_redeliveries": "counter",
        "journal_worker_in_flight": "gauge",
        "journal_worker_children": "gauge",
        "journal_worker_paused": "gauge",
        "journal_worker_missing_keys": "gauge",
        "journal_worker_unknown_lanes": "gauge",
        "journal_worker_lane_waiting": "gauge",
        "journal_lane_wait_seconds": "histogram",
        "journal_model_info": "gauge",
    }
    page = generate_latest(metrics.registry).decode()
    assert 'journal_entries_total{outcome="answered"} 2.0' in page
    assert "journal_redeliveries_total 0.0" in page


def test_every_outcome_is_there_from_the_start(metrics: Metrics) -> None:
    for outcome in Outcome:
        assert value(metrics, "journal_entries_total", outcome=outcome.value) == 0.0
    assert value(metrics, "journal_worker_in_flight", state="waiting") == 0.0


def test_labels_types_and_stages_begin_at_zero(metrics: Metrics) -> None:
    """A counter that is born at 1 shows no increase."""
    metrics.expect(labels=["Mind Reading"], entity_types=["PERSON"])
    assert value(metrics, "journal_labels_total", label="Mind Reading") == 0
    assert value(metrics, "journal_redactions_total", type="PERSON") == 0
    for stage in Stage:
        assert value(metrics, "journal_stage_seconds_count", stage=stage.value) == 0


def test_a_report_is_counted_whole(metrics: Metrics) -> None:
    metrics.observe(REPORT)
    assert value(metrics, "journal_entries_total", outcome="dead") == 1
    assert value(metrics, "journal_labels_total", label="Mind Reading") == 2
    assert value(metrics, "journal_redactions_total", type="PERSON") == 2
    for stage, total, count in (
        ("queue", 3.0, 2),
        ("anonymize", 0.02, 1),
        ("classify", 0.3, 1),
        ("settle", 0.001, 1),
        ("end_to_end", 1.5, 1),
    ):
        assert value(metrics, "journal_stage_seconds_sum", stage=stage) == pytest.approx(total)
        assert value(metrics, "journal_stage_seconds_count", stage=stage) == count
    assert value(metrics, "journal_batch_entries_sum") == 3
    assert value(metrics, "journal_batch_tokens_sum") == 100
    assert value(metrics, "journal_padding_ratio_sum") == pytest.approx(1.2)


def test_lanes_begin_at_zero_and_are_called_by_their_names() -> None:
    metrics = Metrics(CollectorRegistry(), parse_lanes("interactive=8,bulk=1"))
    for lane in ("interactive", "bulk"):
        assert value(metrics, "journal_worker_lane_waiting", lane=lane) == 0
        assert value(metrics, "journal_lane_wait_seconds_count", lane=lane) == 0
    metrics.lanes.waiting({"": 4, "bulk": 2})
    metrics.observe(REPORT)
    metrics.observe(REPORT, ["bulk", "bulk"])
    assert value(metrics, "journal_worker_lane_waiting", lane="interactive") == 4
    assert value(metrics, "journal_worker_lane_waiting", lane="bulk") == 2
    assert value(metrics, "journal_lane_wait_seconds_sum", lane="bulk") == 3.0
    assert value(metrics, "journal_lane_wait_seconds_count", lane="interactive") == 2


def test_a_batch_without_tokens_has_no_padding_ratio(metrics: Metrics) -> None:
    metrics.observe(BatchReport(outcomes=[Outcome.DEAD]))
    assert value(metrics, "journal_padding_ratio_count") == 0


def test_entries_that_no_child_saw_are_counted(metrics: Metrics) -> None:
    metrics.discarded(DeadReason.EXPIRED)
    metrics.discarded(DeadReason.REVOKED)
    metrics.count(Outcome.REQUEUED, 3)
    metrics.redelivered(5)
    counted = [
        value(metrics, "journal_entries_total", outcome=outcome)
        for outcome in ("expired", "revoked", "requeued")
    ]
    assert counted == [1, 1, 3]
    assert value(metrics, "journal_redeliveries_total") == 5


def test_gauges_tell_the_latest(metrics: Metrics) -> None:
    for waiting, running in ((5, 64), (0, 3)):
        metrics.in_flight(waiting=waiting, running=running)
    metrics.children(2)
    assert value(metrics, "journal_worker_paused") == 0
    metrics.watch(paused=lambda: True, missing_keys=lambda: 2, unknown_lanes=lambda: 3)
    assert value(metrics, "journal_worker_paused") == 1
    assert value(metrics, "journal_worker_missing_keys") == 2
    assert value(metrics, "journal_worker_unknown_lanes") == 3
    assert value(metrics, "journal_worker_in_flight", state="running") == 3
    assert value(metrics, "journal_worker_children") == 2


def test_the_time_inside_a_stage_adds_up_even_if_it_fails() -> None:
    report = BatchReport()
    with pytest.raises(KeyError), report.stage(Stage.CLASSIFY):
        raise KeyError
    first = report.stages[Stage.CLASSIFY]
    with report.stage(Stage.CLASSIFY):
        pass
    assert 0 < first < report.stages[Stage.CLASSIFY]


def test_claims_and_reports_travel_between_processes() -> None:
    claim = Claim("e1", "a.b.c.d.e", tag="t", enqueued_at=1.0, deliveries=2)
    assert pickle.loads(pickle.dumps(claim)) == claim
    assert pickle.loads(pickle.dumps(REPORT)) == REPORT


def told_quantile(share: float, seconds: list[float]) -> float:
    """What Prometheus's `histogram_quantile` tells of these: linear within a bucket."""
    counts = [bisect.bisect_right(seconds, bound) for bound in SECONDS]
    rank = share * len(seconds)
    place = bisect.bisect_left(counts, rank)
    low, below = (SECONDS[place - 1], counts[place - 1]) if place else (0.0, 0)
    return low + (SECONDS[place] - low) * (rank - below) / (counts[place] - below)


@pytest.mark.parametrize("spread", [0.0, 0.1, 0.3, 0.8])
def test_p95_of_latencies_is_told_within_15_percent_however_they_vary(spread: float) -> None:
    chance = random.Random(5)
    for step in range(40):
        median = 0.01 * 10 ** (step / 12)  # 10 ms to 18 s
        drawn = sorted(median * math.exp(chance.gauss(0, spread)) for _ in range(1000))
        assert told_quantile(0.95, drawn) == pytest.approx(drawn[950], rel=0.15), median
