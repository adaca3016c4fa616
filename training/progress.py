"""Progress on the terminal: one bar at a time, and lines that stay."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from rich import progress

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console


class Progress:
    """A bar that moves through the stages of a command.

    Where the console is no terminal, only the lines appear.

    Args:
        console: of stderr; stdout is for results.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._task: progress.TaskID | None = None
        self._started = time.monotonic()
        self._begun: list[tuple[str, float]] = []
        self._bar = progress.Progress(
            progress.SpinnerColumn(),
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[detail]}", style="dim"),
            progress.TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def begin(self, stage: str, total: int | None = None) -> None:
        """Go on to the next stage, of so many steps; None if that is not known."""
        self._begun.append((stage, time.monotonic()))
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(stage, total=total, detail="")

    def advance(self, steps: int, detail: str = "") -> None:
        """Advance the bar of this stage by so many steps."""
        if self._task is not None:
            self._bar.update(self._task, advance=steps, detail=detail)

    def seconds(self) -> dict[str, float]:
        """How long each stage has taken, and all together since the start."""
        now = time.monotonic()
        ends = [*(begin for _, begin in self._begun[1:]), now]
        stages = {
            stage: round(end - begin, 1)
            for (stage, begin), end in zip(self._begun, ends, strict=True)
        }
        return {**stages, "total": round(now - self._started, 1)}

    def note(self, line: str) -> None:
        """Print a line that stays."""
        self._console.print(line, highlight=False, soft_wrap=True)
