"""Two alerts brought about and ended, in short; `python -m tests.drills.alerts` has all of them."""

from __future__ import annotations

import pytest

from tests import needs
from tests.drills.alerts import rules
from tests.drills.alerts.run import STACKS, drill
from tests.drills.alerts.scene import Row
from tests.drills.alerts.table import as_markdown, cells, left_out
from tests.truth.scene import load_rules

_QUICK = ("JournalStoreNeedsMending", "JournalExporterDown")


def test_alerts_fire_and_end_when_their_action_is_followed() -> None:
    told: list[Row] = []
    outcome = drill(needs.program("prometheus"), _QUICK, told.append)
    assert outcome.ok, [cells(row) for row in outcome.rows]
    assert [row.alert for row in told] == list(_QUICK)


def test_every_alert_has_a_scene() -> None:
    played = {alert for _, scenes in STACKS for scene in scenes for alert in scene.actions}
    assert played == set(rules.names())


def test_the_drill_changes_nothing_of_the_rules_but_what_it_tells() -> None:
    for shipped, played in zip(load_rules()["groups"], rules.hasty()["groups"], strict=True):
        for before, after in zip(shipped["rules"], played["rules"], strict=True):
            old, new = rules.CHANGED.get(before["alert"], ("", ""))
            assert after["expr"] == before["expr"].replace(old, new)
            assert {**after, "expr": "", "for": ""} == {**before, "expr": "", "for": ""}
            assert after.get("for") in {None, rules.FOR}


def test_a_change_that_finds_nothing_to_change_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "CHANGED", {"JournalRedisDown": ("> 120", "> 2")})
    with pytest.raises(LookupError, match="JournalRedisDown"):
        rules.hasty()


def test_an_alert_that_did_not_end_is_no_success_and_the_table_says_why() -> None:
    row = Row("JournalRedisDown", "killed", "started", fired=1.0, problem="waited in vain")
    assert not row.ok
    assert cells(row) == ("JournalRedisDown", "killed", "started: waited in vain", "1.0", "-")


def test_the_table_tells_what_was_shortened_and_what_was_left_out() -> None:
    rows = [Row("JournalEntriesWaitLong", "a|b", "replicas added", 1.0, 2.0)]
    without = left_out(("JournalEntriesWaitLong", "JournalRedisDown"), rows)
    figures = {"acknowledged": 1, "lost": 0, "twice": 0, "seconds": 3.0}
    table = as_markdown(rows, without, figures).splitlines()[-2:]
    assert table == [
        r"| JournalEntriesWaitLong | a\|b (> 120 read as > 2) | replicas added | 1.0 | 2.0 |",
        "| JournalRedisDown | no scene brings it about | - | - | - |",
    ]
