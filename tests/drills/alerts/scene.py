"""One scene: alerts are brought about, their action is followed, and they fire no more."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import redis

from producer.errors import JournalError
from tests.drills.alerts.waiting import DrillError, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.drills.alerts.stack import Stack

    Step = Callable[[Stack], None]

#: What may go wrong in a scene; the others are played all the same.
FAILURES = (
    DrillError,
    JournalError,
    OSError,
    SystemExit,
    subprocess.SubprocessError,
    redis.RedisError,
)


def nothing(_: Stack) -> None:
    """What there is to prepare where nothing is."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is done, and what it is called in the table.

    Attributes:
        actions: which action was followed, by the alerts that it was followed for.
        cause: how they are brought about.
        bring: does that.
        follow: does what the action says.
        prepare: what has to be there before; none of the alerts fires then.
    """

    actions: Mapping[str, str]
    cause: str
    bring: Step
    follow: Step
    prepare: Step = nothing


@dataclass
class Row:
    """What became of an alert in a scene.

    Attributes:
        alert, cause, action: as in the scene.
        fired: seconds since it began to be brought about, None if it did not fire.
        cleared: seconds since its action began to be followed, None if it still fires.
        problem: what went wrong; "" if nothing did.
    """

    alert: str
    cause: str
    action: str
    fired: float | None = None
    cleared: float | None = None
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether it fired and cleared."""
        return not self.problem and self.fired is not None and self.cleared is not None


@dataclass
class Play:
    """A scene on a stack.

    Attributes:
        scene: what is played.
        stack: on which.
        rows: one for each alert.
    """

    scene: Scene
    stack: Stack
    rows: list[Row] = field(default_factory=list)

    def run(self) -> list[Row]:
        """Play it; what goes wrong is told in the rows."""
        scene = self.scene
        self.rows = [Row(alert, scene.cause, action) for alert, action in scene.actions.items()]
        try:
            self._run()
        except FAILURES as exc:
            for row in self.rows:
                row.problem = str(exc) or type(exc).__name__
        return self.rows

    def _run(self) -> None:
        watch, alerts = self.stack.watch, frozenset(self.scene.actions)
        self.scene.prepare(self.stack)
        self._wait(lambda: not alerts & watch.active, "silence before", alerts)
        began = time.monotonic()
        self.scene.bring(self.stack)
        self._wait(lambda: alerts <= watch.firing, "alerts to fire", alerts)
        for row in self.rows:
            row.fired = watch.began[row.alert] - began
        followed = time.monotonic()
        self.scene.follow(self.stack)
        self._wait(lambda: not alerts & watch.firing, "alerts to end", alerts)
        for row in self.rows:
            row.cleared = watch.ended[row.alert] - followed

    def _wait(self, holds: Callable[[], bool], what: str, alerts: frozenset[str]) -> None:
        try:
            wait_until(holds, what)
        except DrillError as exc:
            firing = ", ".join(sorted(alerts & self.stack.watch.firing)) or "none of them"
            raise DrillError(f"{exc}; of {', '.join(sorted(alerts))} fires {firing}") from None
