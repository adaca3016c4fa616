"""Progress on the terminal: one bar at a time, and lines that stay."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from rich import progress
from rich.text import Text

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console


_MINUTE, _HOUR = 60, 3_600


def duration(seconds: float) -> str:
    """A time as people say it: `40 s`, `7 min`, `2 h 10 min`."""
    if seconds < 1.5 * _MINUTE:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / _MINUTE)
    if seconds < _HOUR:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


class _Steps(progress.MofNCompleteColumn):
    """How many steps are done, of a stage that has a known number."""

    def render(self, task: progress.Task) -> Text:
        return Text("") if task.total is None else super().render(task)


class _TimeLeft(progress.ProgressColumn):
    """How long the stage will still take, once that can be told."""

    def render(self, task: progress.Task) -> Text:
        left = task.time_remaining
        return Text(f"{duration(left)} left" if left else "", style="progress.remaining")


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
        self._steps, self._total = 0, 0
        self._bar = progress.Progress(
            progress.SpinnerColumn(),
            progress.TextColumn("{task.description}"),
            progress.BarColumn(bar_width=None),
            _Steps(),
            progress.TextColumn("{task.fields[detail]}", style="dim"),
            progress.TimeElapsedColumn(),
            _TimeLeft(),
            console=console,
            expand=True,
            # An epoch ends with a pause to score it: the mean of minutes tells more than the last.
            speed_estimate_period=300,
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

    def begin(self, stage: str, total: int | None = None, done: int = 0) -> None:
        """Go on to the next stage.

        Args:
            stage: what is done in it.
            total: how many steps it has; None if that is not known.
            done: how many of these were done in an earlier run.
        """
        self._begun.append((stage, time.monotonic()))
        self._steps, self._total = 0, (total or 0) - done
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(stage, total=total, completed=done, detail="")

    def advance(self, steps: int, detail: str = "") -> None:
        """Advance the bar of this stage by so many steps."""
        self._steps += steps
        if self._task is not None:
            self._bar.update(self._task, advance=steps, detail=detail)

    def left(self) -> float | None:
        """Seconds that this stage will still take at its pace so far; None if that is unknown."""
        if not self._steps or not self._total:
            return None
        spent = time.monotonic() - self._begun[-1][1]
        return spent / self._steps * (self._total - self._steps)

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
