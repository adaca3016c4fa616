"""`journal groups`: list the consumer groups of the results, and remove one."""

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
from producer.operations.groups import consumer_groups, remove_group
from producer.settings import Settings

if TYPE_CHECKING:
    from producer.operations.groups import ConsumerGroup


@click.group()
def groups() -> None:
    """List and remove the consumer groups that read the results.

    Every result stays until each group has acknowledged it. A group that nobody reads by, such as
    one with a mistyped name, keeps all of them, and in the end the workers stop.
    """


@groups.command("list")
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of a table.")
@redis_option
def list_groups(as_json: bool, redis_url: str | None) -> None:
    """List the groups: name, results given and not acknowledged, results not read yet."""
    settings = Settings.load(redis_url=redis_url)
    limit = Limit(settings.timeout_seconds)
    found = execute(connect(settings.redis_url), consumer_groups(settings), limit)
    if as_json:
        for group in found:
            click.echo(json.dumps(asdict(group)))
        return
    console = Console()
    if not found:
        console.print("no consumer groups")
        return
    table = Table("group", "pending", "unread")
    for group in found:
        table.add_row(escape(group.name), f"{group.pending:,}", _number(group.unread, group))
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
    client, limit = connect(settings.redis_url), Limit(settings.timeout_seconds)
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


def _number(count: int, group: ConsumerGroup) -> str:
    return f"{count:,}" if group.exact else f"up to {count:,}"
