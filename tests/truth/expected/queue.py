"""What the panels on the queue, its results, its lanes and Redis have to say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tests.truth.check import Check, one, quantiles, rates
from tests.truth.drill import ACKNOWLEDGED, BACKEND, BULK, FOREIGN, INTERACTIVE, SLOW
from tests.truth.scene import CHILDREN, MAXMEMORY, ROOM
from tests.truth.tolerance import P95, RATE, SameBucket, Within
from worker.monitoring.metrics import SECONDS

if TYPE_CHECKING:
    from tests.truth.check import Values
    from tests.truth.facts import Facts

#: An age is as old as the scrape that told it.
_AGE = Within(amount=1.0)
#: The server's own use of memory goes up and down with its clients.
_MEMORY = Within(share=0.05)
#: More than so many in a quarter of an hour raise an alert; see alerts.yml.
_REDELIVERIES = 5
LATENCY = SameBucket(SECONDS, 0.15)


def _alerts(facts: Facts) -> Values:
    expected = {
        "JournalKeyMissing",
        "JournalDeadLetters",
        "JournalStoreNeedsMending",
        "JournalLaneNearlyFull",
    }
    if facts.redelivered > _REDELIVERIES:
        expected.add("JournalRedeliveries")
    return dict.fromkeys(expected, 1.0)


def _oldest(facts: Facts) -> float:
    return max(facts.oldest(INTERACTIVE), facts.oldest(BULK))


def _kept(facts: Facts) -> float:
    """Results on the stream: what all groups have acknowledged is deleted."""
    return len(facts.answers) - ACKNOWLEDGED


def _backlog(facts: Facts) -> Values:
    return {SLOW: _kept(facts), BACKEND: 0.0, "gateway": 0.0}


def _heatmap(facts: Facts) -> Values:
    latencies = facts.latencies
    bounds = [*SECONDS, math.inf]
    return {bound_name(bound): float(sum(s <= bound for s in latencies)) for bound in bounds}


def bound_name(bound: float) -> str:
    """A bucket's bound as Prometheus writes it."""
    return "+Inf" if bound == math.inf else str(float(bound))


def _room_taken(facts: Facts) -> Values:
    """Of each lane, which may hold half; entries whose key is missing take room in theirs."""
    taken = {**facts.still.waiting, INTERACTIVE: facts.still.waiting[INTERACTIVE] + FOREIGN}
    return {lane: entries / (ROOM / 2) for lane, entries in taken.items()}


def _shape(counts: Values) -> Values:
    """The buckets in which the median and p95 are, by how many are in each bucket or below."""
    ordered = sorted((float(bound), count) for bound, count in counts.items())
    entries = counts.get("+Inf", 0.0)
    return {
        f"p{100 * share:.0f} in the bucket up to": next(
            (bound for bound, count in ordered if count >= share * entries), math.nan
        )
        for share in (0.5, 0.95)
    }


OVERVIEW = [
    rates("Answered", 0, lambda facts: {"": facts.outcomes["answered"]}),
    Check("Oldest waiting", 0, one(_oldest), _AGE),
    Check("Waiting", 0, one(lambda facts: sum(facts.still.waiting.values()))),
    Check("Waiting", 0, one(lambda facts: sum(facts.drill.gone.waiting.values())), at="gone"),
    Check("Claimed", 0, one(lambda facts: facts.claimed)),
    Check("Claimed", 0, one(lambda _: 0), at="gone"),
    Check("Results unread", 0, one(_kept)),
    Check("Dead letters", 0, one(lambda facts: len(facts.dead))),
    Check("Workers up", 0, one(lambda _: len(CHILDREN))),
    Check("Workers up", 0, one(lambda _: 0), at="gone"),
    Check("Redis up", 0, one(lambda _: 1)),
]
NOW = [
    rates("Entries by outcome", 0, lambda facts: facts.outcomes, "outcome"),
    Check("Queue", 0, one(lambda facts: sum(facts.still.waiting.values()))),
    Check("Queue", 1, one(lambda facts: facts.claimed)),
    Check("Queue", 2, one(lambda _: FOREIGN)),
    Check("Firing alerts", 0, _alerts, by=("alertname",)),
]
RESULTS = [
    Check("Results unread by group", 0, _backlog, by=("group",)),
    Check("Results unread by group", 1, one(_kept)),
    Check("Redis memory", 0, one(lambda facts: facts.still.used_memory), _MEMORY),
    Check("Redis memory", 1, one(lambda _: MAXMEMORY)),
    rates("Trouble", 0, lambda facts: {"": facts.redelivered}),
    rates("Trouble", 1, lambda facts: {"": facts.outcomes["dead"]}),
    Check("Trouble", 2, one(lambda facts: FOREIGN / facts.standing), RATE),
    Check("Redis needs mending", 0, lambda _: {"aof": 1.0}, by=("check",)),
]
LANES = [
    Check("Waiting by lane", 0, lambda facts: facts.still.waiting, by=("lane",)),
    Check(
        "Waiting by lane",
        1,
        lambda facts: {lane: facts.at_workers(lane) for lane in (INTERACTIVE, BULK)},
        by=("lane",),
    ),
    quantiles(
        "Wait by lane, p95",
        0,
        0.95,
        lambda facts: {lane: facts.waits(lane) for lane in (INTERACTIVE, BULK)},
        P95,
        "lane",
    ),
    Check(
        "Oldest by lane",
        0,
        lambda facts: {lane: facts.oldest(lane) for lane in (INTERACTIVE, BULK)},
        _AGE,
        ("lane",),
    ),
    Check("Room taken by lane", 0, _room_taken, Within(amount=1e-6), by=("lane",)),
]
SHARDS = [
    Check("Waiting and claimed by shard", 0, one(lambda facts: sum(facts.still.waiting.values()))),
    Check("Waiting and claimed by shard", 1, one(lambda facts: facts.claimed)),
    Check("Oldest by shard", 0, one(_oldest), _AGE),
    rates("Answered by shard", 0, lambda facts: {"": facts.outcomes["answered"]}),
    Check("Redis up by shard", 0, one(lambda _: 1)),
]
QUEUE = [*OVERVIEW, *NOW, *RESULTS, *LANES, *SHARDS]
_HEATMAP = "End-to-end latency, all entries"
HEATMAP = [
    Check(
        _HEATMAP,
        0,
        lambda facts: {"entries": float(len(facts.latencies))},
        RATE,
        ("le",),
        "loaded",
        lambda counts: {"entries": counts.get("+Inf", 0.0)},
    ),
    # A latency at a bound may be counted on either side of it.
    Check(
        _HEATMAP,
        0,
        lambda facts: _shape(_heatmap(facts)),
        Within(share=0.27),
        ("le",),
        "loaded",
        _shape,
    ),
]
