"""The dashboard's expressions, as Grafana sends them to Prometheus."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from deploy.local.processes import ROOT

DASHBOARD = ROOT / "deploy/grafana/dashboards/journal-stream.json"


@dataclass(frozen=True, slots=True)
class Target:
    """One expression of a panel.

    Attributes:
        panel: the title.
        place: which of the panel's expressions it is, from 0 on.
        expression: as it is in the dashboard, with Grafana's variables.
        legend: what the dashboard calls its series.
    """

    panel: str
    place: int
    expression: str
    legend: str

    def filled(self, interval: float) -> str:
        """The expression with every job and instance, over so many seconds."""
        known = {"$__rate_interval": f"{round(1000 * interval)}ms", "$job": ".*", "$instance": ".*"}
        filled = self.expression
        for name, value in known.items():
            filled = filled.replace(name, value)
        if "$" in filled:
            raise ValueError(f"{self.panel}: a variable is not known in {filled}")
        return filled


def load_targets() -> list[Target]:
    """Every expression of every panel, in the dashboard's order."""
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return [
        Target(panel["title"], place, target["expr"], target["legendFormat"])
        for panel in dashboard["panels"]
        for place, target in enumerate(panel.get("targets", ()))
    ]
