"""`journal groups`: list the consumer groups of the results, remove one, expire some."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from producer.cli.options import redis_option
from producer.connection import Limit, connect, execute
from producer.operations.groups import consumer_groups, expire_groups, remove_group
from producer.settings import Settings

if TYPE_CHECKING:
    from producer.operations.groups import ConsumerGroup


@click.group()
def groups() -> None:
    """List, remove and expire the consumer groups that read the results.

    Every result stays until each group has acknowledged it. A group that nobody reads by, such as
    one with a mistyped name, keeps all of them, and in the end the workers stop.
    """


@groups.command("list")
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of a table.")
@redis_option
def list_groups(as_json: bool, redis_url: str | None) -> None:
    """List the groups: what each has not acknowledged or read, how old that is, when it last read.

    Redis before 7.2 counts as reading only what returned a result.
    """
    settings = Settings.load(redis_url=redis_url)
    limit = Limit(settings.timeout_seconds)
    found = execute(connect(settings.only_url), consumer_groups(settings), limit)
    if as_json:
        for group in found:
            click.echo(json.dumps(asdict(group)))
        return
    console = Console()
    if not found:
        console.print("no consumer groups")
        return
    table = Table("group", "pending", "unread", "oldest", "consumers", "last read")
    for group in found:
        table.add_row(
            escape(group.name),
            f"{group.pending:,}",
            _number(group.unread, group),
            _age(group.oldest_seconds, none="-"),
            "-" if group.consumers is None else f"{group.consumers:,}",
            _age(group.last_read_seconds, none="never"),
        )
    console.print(table)


@groups.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@redis_option
def remove(name: str, yes: bool, redis_url: str | None) -> None:
    """Remove the group NAME: what it has not acknowledged it will never read.

    Results that other groups still have to read stay. Whoever reads by this name again makes a new
    group.
    """
    settings = Settings.load(redis_url=redis_url)
    client, limit = connect(settings.only_url), Limit(settings.timeout_seconds)
    groups = execute(client, consumer_groups(settings), limit)
    group = next((group for group in groups if group.name == name), None)
    if group is not None and not yes:
        backlog = _number(group.backlog, group)
        click.confirm(
            f"{backlog} results are not acknowledged by {name!r}. Remove it?", abort=True, err=True
        )
    removed = execute(client, remove_group(settings, name), limit)
    backlog = _number(removed.backlog, removed)
    click.echo(f"removed; {backlog} results were not acknowledged", err=True)


@groups.command()
@click.option(
    "--idle-days",
    type=click.FloatRange(0, min_open=True),
    required=True,
    help="Since nobody of the group has read.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@redis_option
def expire(idle_days: float, yes: bool, redis_url: str | None) -> None:
    """Remove the groups that nobody has read by for so long, and that a result waits for as long.

    What they have not acknowledged they will never read. A group that no consumer has ever read by
    stays; `remove` takes it away. Nothing expires unless this command is run.
    """
    settings = Settings.load(redis_url=redis_url)
    client = connect(settings.only_url)
    seconds = idle_days * 86_400
    names = [
        group.name
        for group in execute(client, consumer_groups(settings))
        if min(group.last_read_seconds or 0.0, group.oldest_seconds or 0.0) >= seconds
    ]
    for name in names:
        if not yes:
            click.confirm(f"Remove the group {name!r}?", abort=True, err=True)
    removed = execute(client, expire_groups(settings, names, seconds)) if names else []
    for name in removed:
        click.echo(name)
    click.echo(f"removed {len(removed)} groups", err=True)


def _age(seconds: float | None, *, none: str) -> str:
    """A time ago in its largest unit."""
    if seconds is None:
        return none
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _number(count: int, group: ConsumerGroup) -> str:
    return f"{count:,}" if group.exact else f"up to {count:,}"
