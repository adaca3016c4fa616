"""What planned failovers lose, by how many replicas have to confirm an entry.

    python -m tests.chaos.confirmation --replicas 2 --confirm 1

No worker runs, so that every acknowledged entry must be on the list of whichever server is the
primary at the end. Ends with one JSON line; exit code 1 if an acknowledged entry is not.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import redis

from producer import Settings
from producer.message import QUEUE
from producer.sealing import new_key, write_key_file
from tests.chaos.ledger import Ledger
from tests.chaos.load import Submitter
from tests.sentinels import SentinelGroup

if TYPE_CHECKING:
    from collections.abc import Callable

#: Between failovers, so that entries are acknowledged before and after each.
CALM_SECONDS = 2.0
PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.05


def run(group: SentinelGroup, settings: Settings, failovers: int, rate: float) -> dict[str, Any]:
    """Submit while the Sentinels switch primaries; returns the figures."""
    ledger = Ledger()
    submitter = Submitter(settings, ledger, rate)
    submitter.start()
    longest = 0.0
    try:
        for _ in range(failovers):
            longest = max(longest, _fail_over(group, ledger))
            time.sleep(CALM_SECONDS)
            group.wait_until_settled()
    finally:
        submitter.stop()
    with group.raw(group.primary()) as raw:
        messages: Any = raw.lrange(QUEUE, 0, -1)
    kept = {json.loads(message)["headers"]["id"] for message in messages}
    return {
        "failovers": failovers,
        "acknowledged": len(ledger.acknowledged),
        "lost": len(ledger.acknowledged.keys() - kept),
        "longest_pause_seconds": round(longest, 1),
    }


def _fail_over(group: SentinelGroup, ledger: Ledger) -> float:
    """Let them switch; returns how long it took until entries were acknowledged after it."""
    before, started = group.primary(), time.monotonic()
    while True:
        try:
            group.fail_over()
        except redis.ResponseError:  # the last one is not over for all of them
            time.sleep(_LOOK_SECONDS)
        else:
            break
    group.wait_for_another_primary(before)
    acknowledged = len(ledger.acknowledged)
    _wait(lambda: len(ledger.acknowledged) > acknowledged)
    return time.monotonic() - started


def _wait(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < ends, "no entry is acknowledged any more"
        time.sleep(_LOOK_SECONDS)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--replicas", default=1, help="Replicas of the primary.")
@click.option("--confirm", default=1, help="Of which so many confirm (JOURNAL_MIN_REPLICAS).")
@click.option("--failovers", default=6, help="Planned failovers.")
@click.option("--rate", default=1000.0, help="Entries a second to submit.")
@click.option(
    "--follow/--no-follow",
    default=True,
    help="Whether `deploy/redis/follow_primary.sh` makes an old primary a replica at once.",
)
def main(replicas: int, confirm: int, failovers: int, rate: float, follow: bool) -> None:
    """Count what planned failovers lose."""
    with tempfile.TemporaryDirectory(prefix="journal-failovers-") as folder:
        keys = Path(folder) / "keys.json"
        write_key_file(keys, [new_key()])
        with SentinelGroup(Path(folder), replicas=replicas, follow=follow) as group:
            settings = Settings.load(
                redis_url=group.url,
                keys_file=keys,
                min_replicas=confirm,
                timeout_seconds=2.0,
                max_queue_entries=10_000_000,
            )
            outcome = run(group, settings, failovers, rate)
    click.echo(json.dumps({"replicas": replicas, "confirm": confirm, "follow": follow, **outcome}))
    sys.exit(1 if outcome["lost"] else 0)


if __name__ == "__main__":
    main()
