"""Rows on the whole system: what to see first, and what lies in Redis, or on each shard."""

from __future__ import annotations

from panels import AMBER, GREEN, RED, Placed, graph, stat, table
from queries import FIRING, WORKER, of_shards, quantile, rate, total

OVERVIEW: list[Placed] = [
    (
        3,
        stat(
            "Answered",
            rate("journal_entries_total", outcome='="answered"'),
            "Entries answered a second, all replicas.",
            unit="ops",
        ),
    ),
    (
        3,
        stat(
            "Oldest waiting",
            # No age and entries that wait: not a number, and not the last age that was known.
            "max(journal_queue_oldest_seconds) or max(journal_queue_ready) * NaN",
            "Age of the oldest entry in the queue: the figure to scale on. NaN where the messages "
            "that wait do not tell it, as those of Celery's own producers.",
            unit="s",
            steps=((None, GREEN), (30, AMBER), (120, RED)),
        ),
    ),
    (
        3,
        stat(
            "Waiting",
            total("journal_queue_ready"),
            "Entries that no worker has taken yet.",
            steps=((None, GREEN), (10_000, AMBER), (80_000, RED)),
        ),
    ),
    (
        3,
        stat(
            "Claimed",
            total("journal_queue_claimed"),
            "Entries a worker holds under a lease; without workers this must go back to 0.",
        ),
    ),
    (
        3,
        stat(
            "Results unread",
            total("journal_results_entries"),
            "Results on the stream. At 100,000 (JOURNAL_MAX_RESULTS) the workers stop claiming; on "
            "several shards each has as many.",
            steps=((None, GREEN), (10_000, AMBER), (80_000, RED)),
        ),
    ),
    (
        3,
        stat(
            "Dead letters",
            total("journal_dead_letters"),
            "Entries given up and kept sealed on journal.dead, to be looked at by someone.",
            steps=((None, GREEN), (1, AMBER), (100, RED)),
        ),
    ),
    (
        3,
        stat(
            "Workers up",
            f"count(journal_worker_children{{{WORKER}}}) or vector(0)",
            "Replicas that answer the scrape.",
            steps=((None, RED), (1, GREEN)),
        ),
    ),
    (
        3,
        stat(
            "Redis up",
            "min(journal_redis_up)",
            "1 while the exporter reaches Redis, and every shard where there are several.",
            steps=((None, RED), (1, GREEN)),
        ),
    ),
]

NOW: list[Placed] = [
    (
        8,
        graph(
            "Entries by outcome",
            [(rate("journal_entries_total", "outcome"), "{{outcome}}")],
            "What became of the entries. Anything but answered deserves a look.",
            unit="ops",
            stack=True,
        ),
    ),
    (
        8,
        graph(
            "Queue",
            [
                (total("journal_queue_ready"), "waiting"),
                (total("journal_queue_claimed"), "claimed"),
                (total("journal_queue_parked"), "waiting for a key"),
            ],
            "Waiting entries that grow while claimed ones stay flat: add replicas. Entries that "
            "wait for a key: a worker's key file is old, see its /readyz.",
        ),
    ),
    (
        8,
        table(
            "Firing alerts",
            FIRING,
            "Empty is good. What to do: deploy/README.md.",
            {"alertname": "Alert", "severity": "Severity", "shard": "Shard"},
        ),
    ),
]

LANES: list[Placed] = [
    (
        6,
        graph(
            "Waiting by lane",
            [
                (total("journal_lane_ready", "lane"), "{{lane}}, queue"),
                (f"sum by (lane) (journal_worker_lane_waiting{{{WORKER}}})", "{{lane}}, workers"),
            ],
            "In the queue, and claimed by workers whose children are all busy. A lane that is "
            "full refuses its own entries and no others (JOURNAL_LANES).",
        ),
    ),
    (
        6,
        graph(
            "Wait by lane, p95",
            [(quantile(0.95, "journal_lane_wait_seconds", "le, lane"), "{{lane}}")],
            "From submit until a child has the entry.",
            unit="s",
        ),
    ),
    (
        6,
        graph(
            "Oldest by lane",
            [("max by (lane) (journal_lane_oldest_seconds)", "{{lane}}")],
            "Lanes take turns by weight: one that waits longer than its users accept needs a "
            "greater weight, or all of them more replicas.",
            unit="s",
        ),
    ),
    (
        6,
        graph(
            "Room taken by lane",
            [("max by (shard, lane) (journal_lane_fill_ratio)", "{{lane}} {{shard}}")],
            "Entries that wait for a worker or for their key, of the most that a lane may hold. At "
            "1 submit raises QueueFull for this lane alone.",
            unit="percentunit",
            steps=((None, "transparent"), (0.8, RED)),
        ),
    ),
]

SHARDS: list[Placed] = [
    (
        6,
        graph(
            "Waiting and claimed by shard",
            [
                (of_shards("journal_queue_ready"), "waiting {{shard}}"),
                (of_shards("journal_queue_claimed"), "claimed {{shard}}"),
            ],
            "Entries go to the shards by weight: one that has far more waiting than the others has "
            "too few workers. One line of each where there is one Redis.",
        ),
    ),
    (
        6,
        graph(
            "Oldest by shard",
            [(of_shards("journal_queue_oldest_seconds"), "{{shard}}")],
            "Age of the oldest entry that waits on each shard. Each has workers of its own: scale "
            "those of the one that is late.",
            unit="s",
        ),
    ),
    (
        6,
        graph(
            "Answered by shard",
            [(rate("journal_entries_total", "shard", outcome='="answered"'), "{{shard}}")],
            "Entries answered a second by the workers of each shard (JOURNAL_SHARD).",
            unit="ops",
            stack=True,
        ),
    ),
    (
        6,
        graph(
            "Redis up by shard",
            [(of_shards("journal_redis_up"), "{{shard}}")],
            "0 while the exporter does not reach a shard: only entries of that one are refused.",
            unit="none",
        ),
    ),
]

RESULTS: list[Placed] = [
    (
        8,
        graph(
            "Results unread by group",
            [
                (total("journal_results_backlog", "group"), "{{group}}"),
                (total("journal_results_entries"), "on the stream"),
            ],
            "What each reader group has still to read; the slowest keeps the stream long.",
            steps=((None, "transparent"), (80_000, RED)),
        ),
    ),
    (
        8,
        graph(
            "Redis memory",
            [
                (of_shards("journal_redis_used_memory_bytes"), "used {{shard}}"),
                (of_shards("journal_redis_maxmemory_bytes") + " > 0", "limit {{shard}}"),
            ],
            "At its limit Redis refuses new entries (noeviction) and loses none.",
            unit="bytes",
        ),
    ),
    (
        8,
        graph(
            "Trouble",
            [
                (rate("journal_redeliveries_total"), "delivered again"),
                (rate("journal_entries_total", outcome='="dead"'), "given up"),
                (rate("journal_entries_total", outcome='="requeued"'), "handed back"),
            ],
            "Delivered again: a worker died or lost its lease. Handed back: the worker drained and "
            "had not begun them, lacks the key, its device failed, or Redis did not take the "
            "answers.",
            unit="ops",
        ),
    ),
    (
        24,
        table(
            "Redis needs mending",
            "max by (shard, check) (journal_store_warning) > 0",
            "Empty is good. What in the set-up of Redis can lose or refuse entries; what to set: "
            "`journal doctor`, or deploy/README.md.",
            {"check": "Check", "shard": "Shard"},
        ),
    ),
]
