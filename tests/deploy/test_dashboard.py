"""The dashboard is what its source says, is readable, and its queries find the metrics."""

from __future__ import annotations

import itertools
import json
import runpy
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Dashboard = dict[str, Any]


@pytest.fixture(scope="module")
def panels(dashboard: Dashboard) -> list[dict[str, Any]]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def test_file_is_what_its_source_generates(
    root: Path, dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(root / "deploy/grafana")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    build = runpy.run_path(str(root / "deploy/grafana/dashboard.py"))["build"]
    assert json.loads(json.dumps(build())) == dashboard, "run python deploy/grafana/dashboard.py"


def test_every_panel_explains_itself(panels: list[dict[str, Any]]) -> None:
    titles = [panel["title"] for panel in panels]
    assert len(set(titles)) == len(titles)
    for panel in panels:
        assert panel["title"]
        assert len(panel["description"]) > 20, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
        for target in panel["targets"]:
            assert "rate(" not in target["expr"] or "[$__rate_interval]" in target["expr"]


def test_panels_have_their_own_place(dashboard: Dashboard) -> None:
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(numbers)) == len(numbers)
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for a, b in itertools.combinations(places, 2):
        apart = (
            a["x"] + a["w"] <= b["x"]
            or b["x"] + b["w"] <= a["x"]
            or a["y"] + a["h"] <= b["y"]
            or b["y"] + b["h"] <= a["y"]
        )
        assert apart, f"{a} and {b} overlap"


def test_every_query_finds_its_metric(
    queries: list[str], exposed: list[str], promtool: Callable[..., None], tmp_path: Path
) -> None:
    """Over what the code exposes every query returns something: names and labels are right."""
    series = [{"series": each, "values": "0+5x40"} for each in exposed]
    firing = 'ALERTS{alertname="JournalRedisDown", alertstate="firing", severity="critical"}'
    series.append({"series": firing, "values": "1x40"})
    answer = [{"labels": "{}", "value": 1}]
    checks = [
        {"expr": f"count({query}) > bool 0", "eval_time": "9m", "exp_samples": answer}
        for query in queries
    ]
    case = {"interval": "15s", "input_series": series, "promql_expr_test": checks}
    file = tmp_path / "queries_test.yml"
    file.write_text(yaml.safe_dump({"evaluation_interval": "15s", "tests": [case]}), "utf-8")
    promtool("test", "rules", file)


def test_grafana_finds_dashboard_and_data(
    root: Path, dashboard: Dashboard, stack: dict[str, Any]
) -> None:
    folder = root / "deploy/grafana/provisioning"
    (provider,) = yaml.safe_load((folder / "dashboards/journal-stream.yml").read_text("utf-8"))[
        "providers"
    ]
    (source,) = yaml.safe_load((folder / "datasources/prometheus.yml").read_text("utf-8"))[
        "datasources"
    ]
    grafana = stack["services"]["grafana"]
    assert provider["options"]["path"] in {mount["target"] for mount in grafana["volumes"]}
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home.startswith(provider["options"]["path"])
    current = dashboard["templating"]["list"][0]["current"]
    assert current == {"text": source["name"], "value": source["uid"]}
    assert source["url"] == "http://prometheus:9090"
