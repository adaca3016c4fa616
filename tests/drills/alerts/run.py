"""Plays the scenes, stack by stack, and accounts for every entry."""

from __future__ import annotations

import contextlib
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.drills.alerts.scene import FAILURES, Play, Row
from tests.drills.alerts.scenes import backlog, server, settings, workers
from tests.drills.alerts.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from tests.drills.alerts.scene import Scene

#: Settings of each stack, and the scenes on it in their order.
STACKS: Sequence[tuple[Mapping[str, str], Sequence[Scene]]] = (
    ({}, server.SCENES),
    (backlog.ENVIRONMENT, backlog.SCENES),
    ({}, workers.SCENES),
    (settings.ENVIRONMENT, settings.SCENES),
)


@dataclass
class Outcome:
    """What became of all scenes.

    Attributes:
        rows: of the table.
        acknowledged, lost, twice: entries.
        seconds: that it took.
    """

    rows: list[Row]
    acknowledged: int = 0
    lost: int = 0
    twice: int = 0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether every alert fired and cleared, and nothing was lost or answered twice."""
        return all(row.ok for row in self.rows) and not (self.lost or self.twice)

    def figures(self) -> dict[str, Any]:
        """For the JSON line."""
        told = asdict(self)
        del told["rows"]
        return {
            "alerts": len({row.alert for row in self.rows}),
            "fired": len({row.alert for row in self.rows if row.fired is not None}),
            "cleared": len({row.alert for row in self.rows if row.cleared is not None}),
            **told,
            "seconds": round(self.seconds, 1),
        }


def drill(program: str, chosen: Collection[str], tell: Callable[[Row], None]) -> Outcome:
    """Bring about these alerts.

    Args:
        program: Prometheus.
        chosen: the names of the alerts; a scene is played as a whole if it is for one of them.
        tell: is told each row.
    """
    outcome, began = Outcome([]), time.monotonic()
    for environment, scenes in STACKS:
        wanted = [scene for scene in scenes if set(scene.actions) & set(chosen)]
        if wanted:
            with tempfile.TemporaryDirectory(prefix="journal-alerts-") as folder:
                _play(Stack(program, Path(folder), environment), wanted, outcome, tell)
    outcome.seconds = time.monotonic() - began
    return outcome


def _play(
    stack: Stack, scenes: Sequence[Scene], outcome: Outcome, tell: Callable[[Row], None]
) -> None:
    with stack:
        for scene in scenes:
            for row in Play(scene, stack).run():
                outcome.rows.append(row)
                tell(row)
        with contextlib.suppress(*FAILURES):
            stack.wait_for_answers()
        try:
            outcome.lost += stack.lost()
        except FAILURES:  # without its server nobody knows which of them are dead letters
            outcome.lost += stack.ledger.open
        outcome.acknowledged += len(stack.ledger.acknowledged)
        outcome.twice += stack.twice()
