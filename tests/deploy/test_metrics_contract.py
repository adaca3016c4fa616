"""Code, dashboard and alerts speak of the same metrics."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from prometheus_client import Metric

SUFFIXES = r"_(total|bucket|sum|count)$"


def names(text: str) -> set[str]:
    """Metric names in a text, without the endings that Prometheus' types add."""
    return {re.sub(SUFFIXES, "", name) for name in re.findall(r"\bjournal_[a-z_]+", text)}


@pytest.fixture(scope="module")
def offered(families: dict[str, list[Metric]]) -> set[str]:
    """What the worker and the exporter really expose."""
    return {family.name for found in families.values() for family in found}


@pytest.fixture(scope="module")
def used(root: Path, queries: list[str]) -> set[str]:
    alerts = (root / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8")
    return names("\n".join(queries)) | names(alerts)


def test_dashboard_and_alerts_use_only_metrics_that_exist(
    offered: set[str], used: set[str]
) -> None:
    assert used <= offered, f"nobody offers {sorted(used - offered)}"


def test_every_metric_is_shown_somewhere(offered: set[str], used: set[str]) -> None:
    assert offered <= used, f"nobody looks at {sorted(offered - used)}"
