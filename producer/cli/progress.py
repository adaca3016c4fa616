"""Progress bars on stderr; where that is no terminal, only lines appear."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Self

import click
from rich import progress
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from producer.load.run import LoadRun


class _Bar:
    """A spinner and these columns on stderr, as long as the context is open.

    Args:
        columns: what the bar shows.

    Attributes:
        shown: whether stderr is a terminal; otherwise no bar appears.
    """

    def __init__(self, *columns: progress.ProgressColumn) -> None:
        console = Console(stderr=True)
        self.shown = console.is_terminal
        self._bar = progress.Progress(
            progress.SpinnerColumn(),
            *columns,
            console=console,
            transient=True,
            disable=not self.shown,
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bar away; safe to repeat."""
        self._bar.stop()


class SubmitProgress(_Bar):
    """How much of a file has been read, in bytes, so that its rows need not be counted first.

    Args:
        total: bytes of the file; None if not known.
    """

    def __init__(self, total: int | None) -> None:
        super().__init__(
            progress.TextColumn("submitting"),
            progress.BarColumn(),
            progress.TextColumn("{task.fields[entries]:,} entries"),
            progress.TextColumn("{task.fields[state]}", style="yellow"),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
        )
        self._known = total is not None
        self._task = self._bar.add_task("", total=total, entries=0, state="")

    def advance(self, stream: BinaryIO, entries: int) -> None:
        """Show that so many entries are submitted, and how far the stream has been read."""
        self._bar.update(self._task, entries=entries)
        if self._known:
            with suppress(OSError):
                self._bar.update(self._task, completed=stream.tell())

    def waiting(self, full: bool) -> None:
        """Show whether the queue is full."""
        self._bar.update(self._task, state="queue full, waiting" if full else "")
        if not self.shown:
            report_wait(full)

    def line(self, message: str) -> None:
        """Print a line that stays, above the bar."""
        self._bar.console.print(Text(message), soft_wrap=True)


class LoadProgress(_Bar):
    """Entries sent and answered, and the rate of answers.

    Args:
        total: entries that will be sent; None if not known.
    """

    def __init__(self, total: int | None) -> None:
        super().__init__(
            progress.TextColumn("sent {task.fields[sent]:,}  answered {task.completed:,}"),
            progress.BarColumn(),
            progress.TextColumn("{task.fields[rate]:,.0f}/s"),
            progress.TextColumn("{task.fields[state]}", style="yellow"),
            progress.TimeElapsedColumn(),
        )
        self._task = self._bar.add_task("", total=total, sent=0, rate=0.0, state="")

    def show(self, run: LoadRun) -> None:
        """Show how far the run has come."""
        self._bar.update(
            self._task,
            completed=run.ledger.answers,
            sent=run.ledger.submitted,
            state=run.state,
            rate=self._bar.tasks[self._task].speed or 0.0,
        )


def report_wait(waiting: bool) -> None:
    """Print that the queue is full; nothing once it is not."""
    if waiting:
        click.echo("journal: queue full, waiting", err=True)
