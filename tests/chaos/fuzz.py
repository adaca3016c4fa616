"""`make fuzz`: garbage among good entries, all of it accounted for, no process lost.

Pushes messages of many kinds that are no entry straight onto the list, shuffled among entries, and
waits until every good entry is answered and everything else is a dead letter. Ends with one JSON
line; exit code 1 if anything is missing or a process of the worker died.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import redis
from rich.console import Console

from deploy.local.server import Server
from producer import JournalClient, JournalEntry, Settings
from producer.keys import keys_of
from producer.sealing import new_key, write_key_file
from tests.chaos.fleet import worker
from tests.chaos.garbage import kinds

console = Console(stderr=True, highlight=False)
PUSH_AT_ONCE = 500
#: Seconds without any movement after which the rest counts as missing.
PATIENCE_SECONDS = 60.0
#: One entry for so many messages of garbage.
GOOD_EVERY = 20


def run(messages: int, seed: int, work: Path) -> dict[str, Any]:
    """Push, wait, count; see the module."""
    rng = random.Random(seed)
    keys = work / "keys.json"
    write_key_file(keys, [new_key()])
    log = work / "worker.log"
    with Server(directory=work / "redis") as server:
        settings = Settings.load(redis_url=server.url, keys_file=keys, max_queue_entries=10_000_000)
        member = worker(
            {
                "JOURNAL_REDIS_URL": server.url,
                "JOURNAL_KEYS_FILE": str(keys),
                "JOURNAL_CONCURRENCY": "2",
                "JOURNAL_LOG_LEVEL": "WARNING",
                "JOURNAL_MAX_RESULTS": "10000000",
            },
            log,
        )
        member.keep_alive()
        try:
            with redis.Redis.from_url(server.url) as client, JournalClient(settings) as submitter:
                wait_ready(client, settings)
                before = member.children()
                started = time.monotonic()
                makers = kinds(rng, settings.key_set())
                good = _push(client, submitter, list(makers.values()), messages, rng)
                answered, dead = _wait(client, good, messages)
                return {
                    "garbage": messages,
                    "kinds": len(makers),
                    "dead_letters": dead,
                    "good": good,
                    "answered": answered,
                    "left": int(client.llen(settings.queue))
                    + int(client.hlen(keys_of(settings.queue).claims)),
                    "processes_lost": len(before - member.children()),
                    "worker_restarts": member.restarts,
                    "seconds": round(time.monotonic() - started, 1),
                }
        finally:
            member.stop()


def wait_ready(client: redis.Redis, settings: Settings) -> None:
    """Wait until the worker answers a first entry, and forget the answer."""
    with JournalClient(settings) as submitter:
        submitter.submit("A first entry.", entry_id="first")
    while not client.xlen(settings.results):
        time.sleep(0.05)
    client.xtrim(settings.results, maxlen=0)


def _push(
    client: redis.Redis,
    submitter: JournalClient,
    makers: list[Any],
    messages: int,
    rng: random.Random,
) -> int:
    """Push garbage and entries in turn; returns how many entries."""
    good = 0
    for start in range(0, messages, PUSH_AT_ONCE):
        count = min(PUSH_AT_ONCE, messages - start)
        client.lpush("journal.entries", *(rng.choice(makers)() for _ in range(count)))
        entries = [
            JournalEntry(entry_id=f"good-{good + i}", text=f"A good entry, number {good + i}.")
            for i in range(max(1, count // GOOD_EVERY))
        ]
        submitter.submit_many(entries)
        good += len(entries)
    return good


def _wait(client: redis.Redis, good: int, messages: int) -> tuple[int, int]:
    """How many answers and dead letters there are once all came, or nothing moves any more."""
    now, last, moved = (0, 0), (-1, -1), time.monotonic()
    while now != (good, messages) and time.monotonic() - moved < PATIENCE_SECONDS:
        if now != last:
            last, moved = now, time.monotonic()
            console.print(f"answered {now[0]:,} of {good:,}, dead letters {now[1]:,}")
        time.sleep(0.5)
        now = (int(client.xlen("journal.results")), int(client.xlen("journal.dead")))
    return now


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--messages", default=100_000, help="Messages of garbage.")
@click.option("--seed", default=1, help="Seed of the garbage.")
def main(messages: int, seed: int) -> None:
    """Push garbage among good entries and account for all of it."""
    with tempfile.TemporaryDirectory(prefix="journal-fuzz-") as work:
        outcome = run(messages, seed, Path(work))
    click.echo(json.dumps(outcome))
    whole = outcome["dead_letters"] == messages and outcome["answered"] == outcome["good"]
    lost = outcome["left"] or outcome["processes_lost"] or outcome["worker_restarts"]
    sys.exit(0 if whole and not lost else 1)


if __name__ == "__main__":
    main()
