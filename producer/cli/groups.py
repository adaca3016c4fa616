"""`journal groups`: list the consumer groups of the results, remove one, expire some."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeVar

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from producer.cli.options import redis_option
from producer.connection import Limit, connect, execute
from producer.errors import JournalError
from producer.operations.groups import consumer_groups, expire_groups, remove_group
from producer.operations.sharded.plan import naming
from producer.settings import Settings

if TYPE_CHECKING:
    from producer.operations.base import Operation
    from producer.operations.groups import ConsumerGroup

T = TypeVar("T")


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
    each = Settings.load(redis_url=redis_url).each
    several = len(each) > 1
    found: list[tuple[str, ConsumerGroup]] = []
    failure: JournalError | None = None
    for one in each:
        try:
            found += [(one.shard, group) for group in _groups_of(one)]
        except JournalError as exc:
            failure = failure or exc
    if found or failure is None:
        _show(found, several=several, as_json=as_json)
    if failure is not None:  # of a shard that does not answer: the others are shown
        raise failure


@groups.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@redis_option
def remove(name: str, yes: bool, redis_url: str | None) -> None:
    """Remove the group NAME: what it has not acknowledged it will never read.

    Results that other groups still have to read stay. Whoever reads by this name again makes a new
    group.
    """
    each = Settings.load(redis_url=redis_url).each
    found = [(one, group) for one in each for group in _groups_of(one) if group.name == name]
    if found and not yes:
        backlog = _total([group for _, group in found])
        click.confirm(
            f"{backlog} results are not acknowledged by {name!r}. Remove it?", abort=True, err=True
        )
    # Where no shard has it, the first one says so.
    removed = [
        _execute(one, remove_group(one, name)) for one in [one for one, _ in found] or each[:1]
    ]
    click.echo(f"removed; {_total(removed)} results were not acknowledged", err=True)


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
    each = Settings.load(redis_url=redis_url).each
    seconds = idle_days * 86_400
    old = {
        one.shard: [
            group.name
            for group in _groups_of(one)
            if min(group.last_read_seconds or 0.0, group.oldest_seconds or 0.0) >= seconds
        ]
        for one in each
    }
    for shard, names in old.items():
        for name in names:
            if not yes:
                where = f" on the shard {shard}" if len(each) > 1 else ""
                click.confirm(f"Remove the group {name!r}{where}?", abort=True, err=True)
    removed = [
        name
        for one in each
        if old[one.shard]
        for name in _execute(one, expire_groups(one, old[one.shard], seconds))
    ]
    for name in removed:
        click.echo(name)
    click.echo(f"removed {len(removed)} groups", err=True)


def _show(found: list[tuple[str, ConsumerGroup]], *, several: bool, as_json: bool) -> None:
    if as_json:
        for shard, group in found:
            where = {"shard": shard} if several else {}
            click.echo(json.dumps({**where, **asdict(group)}))
        return
    console = Console()
    if not found:
        console.print("no consumer groups")
        return
    first = ["shard"] if several else []
    table = Table(*first, "group", "pending", "unread", "oldest", "consumers", "last read")
    for shard, group in found:
        table.add_row(
            *([shard] if several else []),
            escape(group.name),
            f"{group.pending:,}",
            _number(group.unread, group),
            _age(group.oldest_seconds, none="-"),
            "-" if group.consumers is None else f"{group.consumers:,}",
            _age(group.last_read_seconds, none="never"),
        )
    console.print(table)


def _execute(settings: Settings, operation: Operation[T]) -> T:
    """Carry out an operation on the one Redis, or the shard, of these settings."""
    with naming(settings.shard), connect(settings.only_url) as client:
        return execute(client, operation, Limit(settings.timeout_seconds))


def _groups_of(settings: Settings) -> list[ConsumerGroup]:
    return _execute(settings, consumer_groups(settings))


def _total(groups: list[ConsumerGroup]) -> str:
    """Results that these groups have not acknowledged, together."""
    count = sum(group.backlog for group in groups)
    return f"{count:,}" if all(group.exact for group in groups) else f"up to {count:,}"


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
