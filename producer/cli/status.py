"""`journal status`: how full each part of the system is."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from producer.cli.options import open_keyless_client, redis_option

if TYPE_CHECKING:
    from producer.client import JournalClient
    from producer.operations.status import Status

ROWS = (
    ("ready", "waiting for a worker"),
    ("parked", "waiting for a worker that has their key"),
    ("claimed", "in the hands of workers"),
    ("results", "answered, kept until every group has acknowledged"),
    ("dead", "dead letters"),
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON line instead of a table.")
@click.option(
    "--watch", type=click.FloatRange(0.1), metavar="SECONDS", help="Show again and again."
)
@redis_option
def status(as_json: bool, watch: float | None, redis_url: str | None) -> None:
    """Tell how many entries wait, are being worked on, are answered, or are dead.

    \b
      journal status
      journal status --json | jq .ready
      journal status --watch 2
    """
    with open_keyless_client(redis_url) as client:
        console = Console()
        if watch is None:
            _show(client, console, as_json=as_json)
        elif as_json or not console.is_terminal:
            while True:
                _show(client, console, as_json=as_json)
                time.sleep(watch)
        else:
            with Live(console=console, auto_refresh=False, screen=False) as live:
                while True:
                    live.update(_tables(client.status()), refresh=True)
                    time.sleep(watch)


def _show(client: JournalClient, console: Console, *, as_json: bool) -> None:
    now = client.status()
    if as_json:
        click.echo(json.dumps(asdict(now)))
    else:
        console.print(_tables(now))
        console.file.flush()


def _tables(now: Status) -> Group:
    counts = Table("state", "entries", "", box=None, header_style="dim")
    counts.columns[1].justify = "right"
    for name, meaning in ROWS:
        counts.add_row(name, f"{getattr(now, name):,}", meaning)
    for group, backlog in sorted(now.groups.items()):
        counts.add_row("backlog", f"{backlog:,}", f"not yet acknowledged by group {group}")
    return Group(counts)
