"""`make poison`: what one poison entry in a hundred costs.

Streams of entries through one worker, clean ones and ones with poison (entries that kill their
child, hang it, or break the stage) in turn; the rate is all entries over the time until the last
of them is answered or a dead letter. The stand-in stage burns CPU, as a real one does. Ends with
one JSON line; exit code 1 if a clean entry was not answered or a poison entry not dead-lettered.
"""

from __future__ import annotations

import json
import os
import statistics
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
from producer.sealing import new_key, write_key_file
from tests.chaos.fleet import worker
from tests.chaos.fuzz import wait_ready
from tests.chaos.light_worker import HANG, KILL, RAISE

console = Console(stderr=True, highlight=False)
POISON = (KILL, HANG, RAISE)
#: CPU seconds that the stand-in spends on an entry.
BURN_SECONDS = 0.005
BATCH_ENTRIES = 16
#: Three times what a full batch takes while all children share the cores.
TIME_LIMIT_FACTOR = 3.0
#: A child that hangs holds no core: twice as many children as cores keep the cores at work.
CHILDREN_PER_CORE = 2
PATIENCE_SECONDS = 300.0


def stream(
    submitter: JournalClient, client: redis.Redis, name: str, entries: int, every: int
) -> float:
    """Entries a second of one stream; `every` is 0 for a clean one.

    Raises:
        SystemExit: a clean entry was not answered, or a poison entry not dead-lettered.
    """
    texts = [f"Entry {i} of a stream." for i in range(entries)]
    poison = range(every // 2, entries, every) if every else ()
    for turn, at in enumerate(poison):
        texts[at] = f"{POISON[turn % len(POISON)]} {texts[at]}"
    results, dead = client.xlen("journal.results"), client.xlen("journal.dead")
    started = time.monotonic()
    submitter.submit_many(
        JournalEntry(entry_id=f"{name}-{i}", text=text) for i, text in enumerate(texts)
    )
    wanted = (entries - len(poison), len(poison))
    while True:
        ended = (client.xlen("journal.results") - results, client.xlen("journal.dead") - dead)
        if ended == wanted:
            break
        if time.monotonic() - started > PATIENCE_SECONDS or ended[1] > wanted[1]:
            console.print(f"{name}: {ended} answered and dead where {wanted} should be")
            sys.exit(1)
        time.sleep(0.02)
    return entries / (time.monotonic() - started)


def measure(entries: int, rounds: int, every: int, work: Path) -> dict[str, Any]:
    """Send clean and mixed streams in turn through one worker; returns medians."""
    cores = len(os.sched_getaffinity(0))
    children = CHILDREN_PER_CORE * cores
    limit = TIME_LIMIT_FACTOR * BATCH_ENTRIES * BURN_SECONDS * CHILDREN_PER_CORE
    keys = work / "keys.json"
    write_key_file(keys, [new_key()])
    rates: dict[str, list[float]] = {"clean": [], "mixed": []}
    with Server(directory=work / "redis") as server:
        settings = Settings.load(redis_url=server.url, keys_file=keys, max_queue_entries=1_000_000)
        member = worker(
            {
                "JOURNAL_REDIS_URL": server.url,
                "JOURNAL_KEYS_FILE": str(keys),
                "JOURNAL_CONCURRENCY": str(children),
                "JOURNAL_MAX_BATCH_ENTRIES": str(BATCH_ENTRIES),
                "JOURNAL_BATCH_TIMEOUT_SECONDS": str(limit),
                "JOURNAL_LOG_LEVEL": "ERROR",
                "JOURNAL_MAX_RESULTS": "1000000",
                "CHAOS_SECONDS_PER_ENTRY": str(BURN_SECONDS),
                "CHAOS_BURN": "1",
            },
            work / "worker.log",
        )
        member.keep_alive()
        try:
            with redis.Redis.from_url(server.url) as client, JournalClient(settings) as submitter:
                wait_ready(client, settings)
                for turn in range(rounds):
                    for kind, spacing in (("clean", 0), ("mixed", every)):
                        rate = stream(submitter, client, f"{kind}-{turn}", entries, spacing)
                        rates[kind].append(rate)
                        console.print(f"round {turn + 1}, {kind}: {rate:,.0f} entries/s")
        finally:
            member.stop()
    clean, mixed = statistics.median(rates["clean"]), statistics.median(rates["mixed"])
    return {
        "entries": entries,
        "poison": len(range(every // 2, entries, every)),
        "rounds": rounds,
        "children": children,
        "batch_timeout_seconds": limit,
        "clean_per_second": round(clean, 1),
        "mixed_per_second": round(mixed, 1),
        "ratio": round(mixed / clean, 3),
    }


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--entries", default=6000, help="Entries in a stream.")
@click.option("--rounds", default=3, help="Streams of each kind.")
@click.option("--every", default=100, help="One poison entry in so many.")
def main(entries: int, rounds: int, every: int) -> None:
    """Measure clean and poisoned streams side by side."""
    with tempfile.TemporaryDirectory(prefix="journal-poison-") as work:
        click.echo(json.dumps(measure(entries, rounds, every, Path(work))))


if __name__ == "__main__":
    main()
