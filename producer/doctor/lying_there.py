"""Checks of what lies in Redis: its types, who works on it, and which keys it is sealed with."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from producer.findings import Finding, failed, ok, skipped, warning

if TYPE_CHECKING:
    from producer.doctor.snapshot import Answers, Snapshot
    from producer.settings import Settings


def same_names(settings: Settings) -> str:
    """A name that two keys of Redis would have; "" if there is none."""
    keys = settings.queue_keys
    used = Counter([*keys.names, *keys.of_priorities, settings.results, settings.dead])
    return next((name for name, times in used.items() if times > 1), "")


def key_types(snapshot: Snapshot, answers: Answers) -> Finding:
    """Whether queue, results and dead letters are what they should be, and not somebody else's."""
    del snapshot
    foreign = [key for key, count in answers.counts.items() if count == "WRONGTYPE"]
    if foreign:
        return failed(
            "key_types",
            f"{', '.join(foreign)} in this database belongs to another application.",
            "Use another database (the number at the end of JOURNAL_REDIS_URL) or other names "
            "(JOURNAL_QUEUE, JOURNAL_RESULTS, JOURNAL_DEAD).",
        )
    counts = [
        f"{key}: {'not known' if isinstance(count, str) else f'{count:,}'}"
        for key, count in answers.counts.items()
    ]
    return ok("key_types", f"{'; '.join(counts)}.")


def workers(snapshot: Snapshot, answers: Answers) -> Finding:
    """Whether somebody works on the queue in which entries wait."""
    queue = snapshot.settings.queue
    waiting = answers.counts.get(queue)
    if answers.worker_seen is None:
        return skipped("workers", "The user may not look for workers (EXISTS).")
    if answers.worker_seen:
        return ok("workers", f"Workers have said that they take entries from {queue}.")
    if isinstance(waiting, int) and waiting:
        return warning(
            "workers",
            f"Entries wait in {queue} ({waiting:,}), from which no worker has ever taken any.",
            "Start a worker (`journal-worker run`), with the same JOURNAL_REDIS_URL (database "
            "included) and JOURNAL_QUEUE as here.",
        )
    return ok("workers", f"No worker has taken entries from {queue} yet, and none wait.")


def lanes(snapshot: Snapshot, answers: Answers) -> Finding:
    """Whether entries wait in lanes that the settings here do not name."""
    if answers.unknown_lanes is None:
        return skipped("lanes", "The user may not look for lanes (HGETALL).")
    if answers.unknown_lanes:
        told = (f"{name} ({count:,})" for name, count in answers.unknown_lanes.items())
        return warning(
            "lanes",
            f"Entries wait in lanes that JOURNAL_LANES here does not name: {', '.join(told)}. "
            "Workers with these settings take none of them.",
            "Give workers, producers and the exporter the same JOURNAL_LANES, workers first.",
        )
    return ok("lanes", f"{', '.join(snapshot.settings.lane_set.names)}.")


def entry_key(snapshot: Snapshot, answers: Answers) -> Finding:
    """Whether the entry that was submitted last can be opened with the keys here."""
    return _key_is_known("entry_key", "entry that waits", snapshot, answers.entry_kid)


def result_key(snapshot: Snapshot, answers: Answers) -> Finding:
    """Whether the last result can be opened with the keys here."""
    return _key_is_known("result_key", "result", snapshot, answers.result_kid)


def _key_is_known(check: str, what: str, snapshot: Snapshot, kid: str | None) -> Finding:
    if kid is None:
        return skipped(check, f"There is no {what}, or this user may not look at one.")
    if not kid:
        return warning(
            check,
            f"The newest {what} is not sealed.",
            "Find out who put it there: its text can be read by everyone who reaches Redis.",
        )
    known = snapshot.keys.key_ids
    if not known:
        return skipped(check, f"The newest {what} is sealed with the key {kid}.")
    if kid not in known:
        return failed(
            check,
            f"The newest {what} is sealed with the key {kid}, which is not in the key file here.",
            "Give producers and workers the same key file (`journal keys list --file FILE` tells "
            "the ids of its keys).",
        )
    return ok(check, f"The newest {what} is sealed with a key of the key file ({kid}).")
