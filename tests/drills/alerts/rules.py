"""The shipped alerts, made to fire within seconds, and what had to be changed in them for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.truth.scene import load_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

#: In place of all durations of `for`, which are 1 to 30 minutes.
FOR = "1s"
#: Entries that may wait, and results that may be unread, where a scene fills either.
QUEUE_ROOM, RESULTS_ROOM = 1000, 100
#: What takes minutes or 80,000 entries by design: a part of the expression, and what takes its
#: place. Everything else of an expression is as it is shipped.
CHANGED: Mapping[str, tuple[str, str]] = {
    "JournalEntriesWaitLong": ("> 120", "> 2"),
    "JournalEntriesWaitTooLong": ("> 900", "> 4"),
    "JournalQueueNearlyFull": ("> 80000", f"> {QUEUE_ROOM * 8 // 10}"),
    "JournalResultsBacklog": ("> 80000", f"> {RESULTS_ROOM * 8 // 10}"),
    "JournalNoProgress": ("[5m]", "[5s]"),
    "JournalRedeliveries": ("[15m]", "[10s]"),
    "JournalWebhooksGivenUp": ("[15m]", "[10s]"),
}


def names() -> tuple[str, ...]:
    """All alerts, in the order of the file."""
    return tuple(rule["alert"] for rule in _all_of(load_rules()))


def hasty() -> dict[str, Any]:
    """The rules of `deploy/prometheus/alerts.yml` with these changes.

    Raises:
        LookupError: a part that is to be changed does not stand in its expression exactly once.
    """
    rules = load_rules()
    for rule in _all_of(rules):
        if "for" in rule:
            rule["for"] = FOR
        if change := CHANGED.get(rule["alert"]):
            old, new = change
            if rule["expr"].count(old) != 1:
                raise LookupError(f"{rule['alert']}: its expression does not hold {old!r} once")
            rule["expr"] = rule["expr"].replace(old, new)
    return rules


def change_of(alert: str) -> str:
    """How an expression was changed, in words; "" where it was not."""
    change = CHANGED.get(alert)
    return "{} read as {}".format(*change) if change else ""


def _all_of(rules: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in rules["groups"] for rule in group["rules"]]
