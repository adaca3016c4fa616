"""`journal results`: read results as they come."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from producer.cli.options import keys_option, open_client, redis_option
from producer.client import BLOCK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from producer.client import JournalClient
    from producer.operations import Received
    from producer.schemas import JournalResult

#: Few, so that a reader that is killed leaves little behind for the next to repeat.
BATCH = 64
RECLAIM_EVERY_SECONDS = 15.0


@click.command()
@click.option("--group", default="backend", show_default=True, help="The consumer group.")
@click.option(
    "--consumer", default="journal-cli", show_default=True, help="This reader's name in the group."
)
@click.option("--count", type=click.IntRange(1), metavar="N", help="Stop after N results.")
@click.option(
    "--timeout",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Stop after so long without a result.",
)
@click.option(
    "--follow/--no-follow",
    default=True,
    show_default=True,
    help="Wait for more, or stop when there is none.",
)
@click.option(
    "--json/--table",
    "as_json",
    default=None,
    help="JSON lines, or columns for people [default: columns on a terminal].",
)
@redis_option
@keys_option
def results(
    *,
    group: str,
    consumer: str,
    count: int | None,
    timeout: float | None,
    follow: bool,
    as_json: bool | None,
    redis_url: str | None,
    keys_file: Path | None,
) -> None:
    """Read results as they come, one JSON line each; they hold no text of the entry.

    \b
      journal results --count 10 --timeout 60
      journal results --no-follow > results.jsonl
      journal results --group analytics | jq .labels

    A result is acknowledged once it is written, so an interrupted reader loses none. Each group
    gets every result; readers of one group share them.
    """  # noqa: D301 - \b tells click not to rewrap
    if as_json is None:
        as_json = not sys.stdout.isatty()
    show = _show_json if as_json else _Columns(Console()).show
    with open_client(redis_url, keys_file) as client:
        for batch in _batches(
            client, group=group, consumer=consumer, count=count,
            timeout=timeout if follow else 0.0,
        ):  # fmt: skip
            _write(client, group, batch, show)


def _batches(
    client: JournalClient, *, group: str, consumer: str, count: int | None, timeout: float | None
) -> Iterator[list[Received]]:
    """Batches of results until `count` are read or none came for `timeout` seconds."""
    # Not `client.results`: it fetches ahead, and what is beyond `count` must stay unread.
    left = count
    reclaimed_at = -RECLAIM_EVERY_SECONDS
    last_result = time.monotonic()
    while left is None or left > 0:
        size = BATCH if left is None else min(BATCH, left)
        batch: list[Received] = []
        if time.monotonic() - reclaimed_at >= RECLAIM_EVERY_SECONDS:
            batch = client.reclaim(group=group, consumer=consumer, count=size)
            reclaimed_at = time.monotonic()
        wait = BLOCK_SECONDS
        if timeout is not None:
            wait = max(0.0, min(wait, last_result + timeout - time.monotonic()))
        batch = batch or client.receive(group=group, consumer=consumer, count=size, block=wait)
        if batch:
            yield batch
            last_result = time.monotonic()
            left = None if left is None else left - len(batch)
        elif timeout is not None and time.monotonic() - last_result >= timeout:
            return


def _write(
    client: JournalClient, group: str, batch: list[Received], show: Callable[[JournalResult], None]
) -> None:
    """Show a batch; what was written is acknowledged, even if the next one cannot be."""
    written = []
    try:
        for received in batch:
            show(received.result)
            written.append(received.stream_id)
    finally:
        client.acknowledge(written, group=group)


def _show_json(result: JournalResult) -> None:
    sys.stdout.write(result.model_dump_json() + "\n")
    sys.stdout.flush()


class _Columns:
    """Results in columns that keep their width from one to the next."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._heading = True

    def show(self, result: JournalResult) -> None:
        """One result."""
        table = Table(box=None, expand=True, show_header=self._heading, header_style="dim")
        table.add_column("entry", ratio=3, overflow="fold")
        table.add_column("labels", ratio=5)
        table.add_column("redacted", ratio=3)
        table.add_column("answered after", width=14, justify="right")
        table.add_row(
            Text(result.entry_id, style="cyan"),
            _labels(result),
            Text(", ".join(f"{kind} {n}" for kind, n in sorted(result.redactions.items())) or "-"),
            Text(_latency((result.completed_at - result.submitted_at).total_seconds())),
        )
        self._heading = False
        self._console.print(table)
        self._console.file.flush()


def _labels(result: JournalResult) -> Text:
    if not result.labels:
        return Text("none", style="dim")
    return Text(", ").join(
        Text.assemble((label.label, "bold"), f" {label.score:.2f}") for label in result.labels
    )


def _latency(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"
