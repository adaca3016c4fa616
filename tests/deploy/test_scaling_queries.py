"""What KEDA asks Prometheus, answered by promtool's own engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    Asked = Callable[..., None]

SCALED_OBJECT = "deploy/kubernetes/components/keda/scaledobject.yml"
OF_SHARDS = "deploy/kubernetes/components/shards-keda/scaledobjects.yml"
#: Two workers of two children, each busy for 0.75 s in a second, at 37.5 ms an entry.
WORKERS = {
    **{
        f'journal_stage_seconds_sum{{instance="{name}", stage="{stage}"}}': f"0+{seconds}x80"
        for name in "ab"
        for stage, seconds in (("anonymize", 8), ("classify", 14), ("settle", 0.5), ("queue", 900))
    },
    **{
        f'journal_entries_total{{instance="{name}", outcome="answered"}}': "0+600x80"
        for name in "ab"
    },
    **{
        f'journal_entries_total{{instance="{name}", outcome="requeued"}}': "0+9x80" for name in "ab"
    },
    **{f'journal_worker_children{{instance="{name}"}}': "2x80" for name in "ab"},
}
IDLE = {name: "0x80" if "children" not in name else value for name, value in WORKERS.items()}


def waiting(entries: int) -> dict[str, str]:
    return {"journal_queue_ready": f"{entries}x80", "journal_queue_oldest_seconds": "45x80"}


@pytest.fixture
def asked(root: Path, tmp_path: Path, promtool: Callable[..., None]) -> Asked:
    """Assert what a trigger's query gives, by its number, after ten minutes of these series."""

    def check(
        trigger: int, series: dict[str, str], value: float | None, shard: int | None = None
    ) -> None:
        told = (root / (SCALED_OBJECT if shard is None else OF_SHARDS)).read_text(encoding="utf-8")
        triggers = list(yaml.safe_load_all(told))[shard or 0]["spec"]["triggers"]
        test: dict[str, Any] = {
            # promtool compares all digits.
            "expr": f"round({triggers[trigger]['metadata']['query']}, 0.125)",
            "eval_time": "10m",
            "exp_samples": [] if value is None else [{"labels": "{}", "value": value}],
        }
        group = {
            "interval": "15s",
            "input_series": [{"series": name, "values": told} for name, told in series.items()],
            "promql_expr_test": [test],
        }
        path = tmp_path / "queries.yml"
        path.write_text(yaml.safe_dump({"tests": [group]}), encoding="utf-8")
        promtool("test", "rules", path)

    return check


def test_work_is_told_in_workers(asked: Asked) -> None:
    asked(0, WORKERS | waiting(0), 1.5)


def test_what_waits_is_work_for_twenty_seconds(asked: Asked) -> None:
    """3,200 entries of 37.5 ms take 120 s: six children for 20 seconds, which are three workers."""
    asked(0, WORKERS | waiting(3200), 4.5)


def test_what_nobody_has_worked_on_has_no_known_cost_and_then_its_age_counts(asked: Asked) -> None:
    asked(0, IDLE | waiting(3000), 0)
    asked(1, IDLE | waiting(3000), 45)


@pytest.mark.parametrize("series", [WORKERS, waiting(3000)], ids=["no exporter", "no worker"])
def test_missing_figures_are_no_figure_and_not_zero(asked: Asked, series: dict[str, str]) -> None:
    asked(0, series, None)


def test_the_workers_of_a_shard_follow_what_is_on_it_and_nothing_else(asked: Asked) -> None:
    def on(shard: str, series: dict[str, str]) -> dict[str, str]:
        return {
            f'{name.split("{")[0]}{{shard="{shard}", {name.partition("{")[2] or "}"}': value
            for name, value in series.items()
        }

    both = on("a", WORKERS | waiting(3200)) | on("b", WORKERS | waiting(0))
    asked(0, both, 4.5, shard=0)
    asked(0, both, 1.5, shard=1)
    asked(1, both, 45, shard=0)
    # Of the shard c there are no figures: it stays as it is.
    asked(0, both, None, shard=2)


def test_an_age_that_is_not_told_is_zero_and_a_missing_exporter_no_figure(asked: Asked) -> None:
    asked(1, {"journal_queue_ready": "400x80"}, 0)
    asked(1, WORKERS, None)
