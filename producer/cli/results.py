"""`journal results`: read results as they come."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from producer.cli.options import keys_option, open_client, redis_option
from producer.errors import JournalError, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    from producer.client import JournalClient
    from producer.schemas import JournalResult


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
    gets every result; readers of one group share them. If Redis goes away later, reading goes on
    when it is back.
    """
    if as_json is None:
        as_json = not sys.stdout.isatty()
    show = _show_json if as_json else _Columns(Console()).show
    wait = timeout if follow else 0.0
    with open_client(redis_url, keys_file) as client:
        _check_redis(client)
        source = client.results(group=group, consumer=consumer, limit=count, timeout=wait)
        with closing(source) as found:
            for result in found:
                show(result)


def _check_redis(client: JournalClient) -> None:
    """Ask Redis once, so that a wrong address is told at once and not waited out.

    Raises:
        Unavailable: Redis cannot be reached.
    """
    try:
        client.status()
    except Unavailable as exc:
        if not exc.shard:
            raise
        click.echo(f"journal: {exc}; the other shards are read", err=True)
    except JournalError:
        pass  # a user who may only read results


def _show_json(result: JournalResult) -> None:
    sys.stdout.write(result.encode().decode() + "\n")
    sys.stdout.flush()


class _Columns:
    """Prints results in columns whose widths stay the same from result to result."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._heading = True

    def show(self, result: JournalResult) -> None:
        """Print one result; the first under a heading."""
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
