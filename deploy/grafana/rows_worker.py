"""Rows on the workers: their latency, their batches, what they find, and each replica."""

from __future__ import annotations

from panels import Placed, graph, heatmap, table
from queries import INTERVAL, WORKER, mean, quantile, rate

LATENCY: list[Placed] = [
    (
        8,
        graph(
            "End-to-end latency",
            [
                (quantile(q, "journal_stage_seconds", stage='="end_to_end"'), f"p{q * 100:.0f}")
                for q in (0.5, 0.95, 0.99)
            ],
            "From submit to the published result.",
            unit="s",
        ),
    ),
    (
        8,
        graph(
            "Where the time goes",
            [(mean("journal_stage_seconds", "stage", stage='!="end_to_end"'), "{{stage}}")],
            "Mean time of an entry in the queue and of a batch in each stage, stacked. A "
            "growing queue stage means too few workers, any other a slower worker.",
            unit="s",
            stack=True,
        ),
    ),
    (
        8,
        heatmap(
            "End-to-end latency, all entries",
            f"sum by (le) (increase(journal_stage_seconds_bucket{{{WORKER}, "
            f'stage="end_to_end"}}[{INTERVAL}]))',
            "How latencies are spread: two bands are two kinds of entry.",
            unit="s",
        ),
    ),
]

BATCHING: list[Placed] = [
    (
        6,
        graph(
            "Entries a batch",
            [
                (mean("journal_batch_entries"), "mean"),
                (quantile(0.95, "journal_batch_entries"), "p95"),
            ],
            "Grows by itself under load, up to JOURNAL_MAX_BATCH_ENTRIES.",
        ),
    ),
    (
        6,
        graph(
            "Tokens a batch",
            [
                (mean("journal_batch_tokens"), "mean"),
                (quantile(0.95, "journal_batch_tokens"), "p95"),
            ],
            "Bounded by JOURNAL_MAX_BATCH_TOKENS.",
        ),
    ),
    (
        6,
        graph(
            "Padding ratio",
            [
                (mean("journal_padding_ratio"), "mean"),
                (quantile(0.95, "journal_padding_ratio"), "p95"),
            ],
            "Tokens computed for each token of text: 1 is no padding at all, 2 is half "
            "the work for nothing.",
            unit="none",
        ),
    ),
    (
        6,
        graph(
            "In flight and children",
            [
                (f"sum by (state) (journal_worker_in_flight{{{WORKER}}})", "entries {{state}}"),
                (f"sum(journal_worker_children{{{WORKER}}})", "children"),
            ],
            "Entries in the workers' hands, against the processes that work on them. Waiting "
            "ones mean that every child is busy, and that the next batches grow.",
        ),
    ),
]

DEVICES: list[Placed] = [
    (
        12,
        graph(
            "GPU busy, and processes on it",
            [
                (f"journal_device_busy_ratio{{{WORKER}}}", "busy {{instance}} {{device}}"),
                (f"journal_device_processes{{{WORKER}}}", "processes {{instance}} {{device}}"),
            ],
            "The share of time in which a kernel ran. Far below 1 with entries waiting, the CPU "
            "side is the limit: more children, or cores. Empty where there is no GPU.",
            unit="none",
        ),
    ),
    (
        12,
        graph(
            "GPU memory",
            [
                (f"journal_device_memory_used_bytes{{{WORKER}}}", "used {{instance}} {{device}}"),
                (f"journal_device_memory_bytes{{{WORKER}}}", "there is {{instance}} {{device}}"),
            ],
            "Each child has a context of its own on the GPU. Where it is full, passes are computed "
            "in halves, and children that cannot do even that are ended.",
            unit="bytes",
        ),
    ),
]

CONTENT: list[Placed] = [
    (
        12,
        graph(
            "Labels found",
            [(rate("journal_labels_total", "label"), "{{label}}")],
            "Labels given a second. A sudden change of the mix is a change of the input or of "
            "the model.",
            unit="ops",
            stack=True,
        ),
    ),
    (
        12,
        graph(
            "Redactions by type",
            [(rate("journal_redactions_total", "type"), "{{type}}")],
            "Personal data removed a second. None at all for long is suspect.",
            unit="ops",
            stack=True,
        ),
    ),
]

WORKERS: list[Placed] = [
    (
        12,
        table(
            "Models",
            f"journal_model_info{{{WORKER}}}",
            "What each replica serves. Two versions outside of a roll-out are wrong.",
            {
                "instance": "Replica",
                "name": "Model",
                "version": "Version",
                "precision": "Precision",
                "device": "Device",
            },
        ),
    ),
    (
        12,
        graph(
            "Answered by replica",
            [(rate("journal_entries_total", "instance", outcome='="answered"'), "{{instance}}")],
            "A replica well below its peers has fewer cores or is in trouble.",
            unit="ops",
            stack=True,
        ),
    ),
]
