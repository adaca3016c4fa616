"""Progress bars on stderr; where that is no terminal, only lines appear."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Self

from rich import progress
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from types import TracebackType


class SubmitProgress:
    """How far into a file we are, by bytes, so that the file need not be counted first.

    Args:
        total: bytes of the file; None if not known.
    """

    def __init__(self, total: int | None) -> None:
        console = Console(stderr=True)
        self.shown = console.is_terminal
        self._known = total is not None
        self._bar = progress.Progress(
            progress.SpinnerColumn(),
            progress.TextColumn("submitting"),
            progress.BarColumn(),
            progress.TextColumn("{task.fields[entries]:,} entries"),
            progress.TextColumn("{task.fields[state]}", style="yellow"),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not self.shown,
        )
        self._task = self._bar.add_task("", total=total, entries=0, state="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bar away; safe to repeat."""
        self._bar.stop()

    def advance(self, stream: BinaryIO, entries: int) -> None:
        """So many entries are in, and the stream has been read so far."""
        self._bar.update(self._task, entries=entries)
        if self._known:
            with suppress(OSError):
                self._bar.update(self._task, completed=stream.tell())

    def waiting(self, full: bool) -> None:
        """Tell whether the queue is full."""
        self._bar.update(self._task, state="queue full, waiting" if full else "")

    def line(self, message: str) -> None:
        """A line that stays, above the bar."""
        self._bar.console.print(Text(message), soft_wrap=True)
