"""What a drill tells: a table for people, the same in Markdown, and figures for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from tests.drills.alerts.rules import FOR, change_of, names

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tests.drills.alerts.scene import Row

HEAD = ("alert", "brought about by", "action followed", "s to fire", "s to clear")
TITLE = "Every alert brought about, and its action followed"
_HEADING = """# Alerts, and what follows when their action is followed
Written by `python -m tests.drills.alerts --write tests/drills/RESULTS.md`. Each state is made with a real
Redis-compatible server, exporter, gateway, workers with stand-in stages and a Prometheus that loads
`deploy/prometheus/alerts.yml`; once its `/api/v1/alerts` says that the alert fires, what the alert's `action`
says is done, by the commands that it names. At the end every acknowledged entry has to be answered once, or
to be a dead letter. All `for:` durations are {for_}, and Prometheus asks twice a second; what else of an
expression was replaced stands in the second column. An alert may end while its action is still being
followed, as that of workers that are restarted does when they stop.

Of {acknowledged:,} entries {lost} were lost and {twice} answered twice; the whole took {seconds:.0f} s on two
cores that other work shared.

"""


def cells(row: Row) -> tuple[str, ...]:
    """What the table shows of a row."""
    change = change_of(row.alert)
    cause = f"{row.cause} ({change})" if change else row.cause
    action = f"{row.action}: {row.problem}" if row.problem else row.action
    return (row.alert, cause, action, _seconds(row.fired), _seconds(row.cleared))


def left_out(chosen: Collection[str], rows: Sequence[Row]) -> list[str]:
    """The alerts that were to be brought about and that no scene brings about."""
    return [name for name in names() if name in chosen and name not in {row.alert for row in rows}]


def as_table(rows: Sequence[Row], without: Sequence[str]) -> Table:
    """For a terminal."""
    table = Table(*HEAD, title=TITLE, show_lines=True)
    for row in _ordered(rows):
        table.add_row(*cells(row), style="" if row.ok else "red")
    for name in without:
        table.add_row(name, "no scene brings it about", "-", "-", "-", style="red")
    return table


def as_markdown(rows: Sequence[Row], without: Sequence[str], figures: dict[str, Any]) -> str:
    """With a paragraph before it that tells how it came about."""
    lines = [
        HEAD,
        ("---", "---", "---", "---:", "---:"),
        *(cells(row) for row in _ordered(rows)),
        *((name, "no scene brings it about", "-", "-", "-") for name in without),
    ]
    escaped = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
    return _HEADING.format(for_=FOR, **figures) + "".join(f"| {line} |\n" for line in escaped)


def _ordered(rows: Sequence[Row]) -> list[Row]:
    """In the order of `alerts.yml`."""
    order = names()
    return sorted(rows, key=lambda row: order.index(row.alert))


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f}"
