"""`journal status`: how full each part of the system is, and what of the server needs mending."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, NamedTuple

import click
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from producer.cli.options import redis_option
from producer.connection import Fleet, Limit, connect, execute
from producer.errors import JournalError
from producer.operations.sharded.entries import summed
from producer.operations.sharded.plan import errors_of
from producer.operations.status import status as count
from producer.operations.store import look_at_store
from producer.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from producer.findings import Finding
    from producer.operations.base import Operation
    from producer.operations.status import Status

ROWS = (
    ("ready", "waiting for a worker"),
    ("parked", "waiting for a worker that has their key"),
    ("claimed", "in the hands of workers"),
    ("results", "answered, kept until every group has acknowledged"),
    ("dead", "dead letters"),
)


class Seen(NamedTuple):
    """What was seen of the one Redis, or of all shards.

    Attributes:
        counts: of the shards that answer.
        problems: what of their set-up needs mending.
        errors: of the shards that do not answer.
    """

    counts: Status
    problems: list[Finding]
    errors: tuple[JournalError, ...] = ()


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON line instead of a table.")
@click.option(
    "--watch", type=click.FloatRange(0.1), metavar="SECONDS", help="Show again and again."
)
@redis_option
def status(as_json: bool, watch: float | None, redis_url: str | None) -> None:
    """Tell how many entries wait, are being worked on, are answered, or are dead.

    Below stands what of the server's set-up needs mending, if anything does; `journal doctor` looks
    at more. Where a shard does not answer the table shows the others, and --json prints nothing, as
    the counts would be too low; the exit code is 4.

    \b
      journal status
      journal status --json | jq .ready
      journal status --watch 2
    """
    settings = Settings.load(redis_url=redis_url)
    with ExitStack() as stack:
        look = _looker(settings, stack)
        console = Console()
        if watch is None:
            _show(look, console, as_json=as_json)
        elif as_json or not console.is_terminal:
            while True:
                _show(look, console, as_json=as_json)
                time.sleep(watch)
        else:
            with Live(console=console, auto_refresh=False, screen=False) as live:
                while True:
                    live.update(_tables(look()), refresh=True)
                    time.sleep(watch)


def _looker(settings: Settings, stack: ExitStack) -> Callable[[], Seen]:
    """What looks at the one Redis, or at all shards; its connections close with the stack."""
    limit = Limit(settings.timeout_seconds)
    fleet = Fleet.of(settings)
    if fleet is None:
        client = stack.enter_context(connect(settings.only_url))
        return lambda: execute(client, _look(settings), limit)
    stack.callback(fleet.close)

    def look_at_all() -> Seen:
        names = fleet.shards.names
        outcomes = fleet.outcomes({name: _look(settings) for name in names}, limit)
        errors = errors_of(outcomes)
        if len(errors) == len(names):
            raise errors[0]
        seen: dict[str, Seen] = {
            name: outcome
            for name, outcome in outcomes.items()
            if not isinstance(outcome, JournalError)
        }
        problems = [
            replace(problem, text=f"Shard {name}: {problem.text}")
            for name, one in seen.items()
            for problem in one.problems
        ]
        counts = summed({name: one.counts for name, one in seen.items()})
        return Seen(counts, problems, tuple(errors))

    return look_at_all


def _look(settings: Settings) -> Operation[Seen]:
    """The counts, and what of the server needs mending."""
    counts = yield from count(settings)
    findings = yield from look_at_store(settings)
    return Seen(counts, [finding for finding in findings if finding.is_problem])


def _show(look: Callable[[], Seen], console: Console, *, as_json: bool) -> None:
    seen = look()
    if not as_json:
        console.print(_tables(seen))
        console.file.flush()
    for error in seen.errors:
        raise error
    if as_json:
        told = [asdict(problem) for problem in seen.problems]
        counts = asdict(seen.counts)
        if not seen.counts.shards:
            del counts["shards"]
        click.echo(json.dumps({**counts, "warnings": told}))


def _tables(seen: Seen) -> Group:
    now = seen.counts
    counts = Table("state", "entries", "", box=None, header_style="dim")
    counts.columns[1].justify = "right"
    for name, meaning in ROWS:
        counts.add_row(name, f"{getattr(now, name):,}", meaning)
    for lane, ready in now.lanes.items() if len(now.lanes) > 1 else ():
        counts.add_row("lane", f"{ready:,}", f"of those that are ready, in the lane {lane}")
    for group, backlog in sorted(now.groups.items()):
        counts.add_row("backlog", f"{backlog:,}", f"not yet acknowledged by group {group}")
    tables = [counts]
    if now.shards:
        tables.append(_shards(now.shards, seen.errors))
    if not seen.problems:
        return Group(*tables)
    warnings = Table("Redis", "needs mending", box=None, header_style="dim", padding=(1, 1, 0, 0))
    for problem in seen.problems:
        warnings.add_row(problem.check, escape(f"{problem.text} {problem.remedy}"))
    return Group(*tables, warnings)


def _shards(shards: dict[str, Status], errors: Sequence[JournalError]) -> Table:
    names = [name for name, _ in ROWS]
    table = Table("shard", *names, box=None, header_style="dim", padding=(1, 1, 0, 0))
    for column in table.columns[1:]:
        column.justify = "right"
    for shard, counts in shards.items():
        table.add_row(shard, *(f"{getattr(counts, name):,}" for name in names))
    for error in errors:
        table.add_row(error.shard, *("-" for _ in names))
    return table
