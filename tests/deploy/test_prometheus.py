"""Prometheus finds the workers, and its alerts fire when they should and only then."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from producer.cli.dead import dead
from producer.cli.groups import groups
from producer.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

Promtool = Callable[..., None]


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    return root / "deploy/prometheus"


@pytest.fixture(scope="module")
def alerts(folder: Path) -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load((folder / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def test_configuration_and_rules_are_valid(promtool: Promtool, folder: Path) -> None:
    promtool("check", "config", folder / "prometheus.yml")
    promtool("check", "rules", "--lint=all", "--lint-fatal", folder / "alerts.yml")


def test_alerts_fire_when_they_should_and_only_then(promtool: Promtool, folder: Path) -> None:
    promtool("test", "rules", folder / "alerts_test.yml")


def test_every_alert_says_how_bad_it_is_and_what_to_do(
    alerts: dict[str, dict[str, Any]], root: Path
) -> None:
    handbook = (root / "deploy/README.md").read_text(encoding="utf-8")
    for name, rule in alerts.items():
        assert rule["labels"]["severity"] in {"critical", "warning"}, name
        assert set(rule["annotations"]) == {"summary", "description", "action"}, name
    rows = re.findall(r"^\| `(Journal\w+)` \| (\w+) \| (.+) \|$", handbook, re.MULTILINE)
    told = {name: severity for name, severity, _ in rows}
    assert told == {name: rule["labels"]["severity"] for name, rule in alerts.items()}
    assert all(meaning.strip() for _, _, meaning in rows)


def test_dead_letters_are_replayed_and_not_submitted_again(
    alerts: dict[str, dict[str, Any]],
) -> None:
    """A submit of the same id within the window would be a duplicate, and enqueue nothing."""
    action = alerts["JournalDeadLetters"]["annotations"]["action"]
    for name in re.findall(r"`journal dead (\w+)`", action):
        assert name in dead.commands
    assert "`journal dead replay`" in action


def test_a_group_that_stops_the_system_is_removed(
    alerts: dict[str, dict[str, Any]], root: Path
) -> None:
    action = alerts["JournalResultsBacklog"]["annotations"]["action"]
    assert "`journal groups remove NAME`" in action
    handbook = " ".join((root / "deploy/README.md").read_text(encoding="utf-8").split())
    named = set(re.findall(r"`journal groups (\w+)", handbook + action))
    assert named == set(groups.commands)


def test_every_alert_is_seen_firing_in_a_unit_test(
    alerts: dict[str, dict[str, Any]], folder: Path
) -> None:
    expected = set()
    for case in yaml.safe_load((folder / "alerts_test.yml").read_text(encoding="utf-8"))["tests"]:
        for test in case.get("alert_rule_test", []):
            expected |= {test["alertname"]} if test["exp_alerts"] else set()
        for test in case.get("promql_expr_test", []):
            samples = str(test["exp_samples"])
            expected |= set(re.findall(r'alertname="(\w+)", alertstate="firing"', samples))
    assert expected == set(alerts)


def test_bounds_in_alerts_follow_the_defaults(alerts: dict[str, dict[str, Any]]) -> None:
    def default(field: str) -> int:
        return int(Settings.model_fields[field].default)

    assert alerts["JournalQueueNearlyFull"]["expr"].endswith(
        f"> {default('max_queue_entries') * 8 // 10}"
    )
    assert alerts["JournalResultsBacklog"]["expr"].endswith(f"> {default('max_results') * 8 // 10}")


def test_targets_are_services_of_the_stack(folder: Path, stack: dict[str, Any]) -> None:
    jobs = {
        job["job_name"]: job
        for job in yaml.safe_load((folder / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    }
    (lookup,) = jobs["journal-worker"]["dns_sd_configs"]
    assert (lookup["names"], lookup["type"], lookup["port"]) == (["worker"], "A", 9808)
    (lookup,) = jobs["journal-gateway"]["dns_sd_configs"]
    assert (lookup["names"], lookup["type"], lookup["port"]) == (["gateway"], "A", 8080)
    assert jobs["journal-exporter"]["static_configs"] == [{"targets": ["exporter:9809"]}]
    for service in ("worker", "exporter", "gateway", "prometheus", "alertmanager", "alerts"):
        assert "queue" in stack["services"][service]["networks"]
