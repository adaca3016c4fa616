"""Other figures to scale by, to compare with what is shipped; the behavior stays the shipped one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.autoscale.scaler.manifest import Policy, Rules, Trigger, load_scaling

if TYPE_CHECKING:
    from tests.autoscale.scaler.manifest import Scaling

SHIPPED = "shipped"
_LENGTH = "max(journal_queue_ready) + max(journal_queue_claimed)"
_AGE = "max(journal_queue_oldest_seconds)"
#: The length of the queue is judged by what a worker does in so many seconds.
_LENGTH_SECONDS = 20.0
#: With `Value`, the workers are multiplied by how much older the oldest entry is than this.
_AGE_SECONDS = 20.0


def choices() -> list[str]:
    """What can be scaled by."""
    return [SHIPPED, "age", "length", "before"]


def scaling_by(figure: str, rate: float) -> Scaling:
    """The shipped ScaledObject, but scaling by another figure.

    Args:
        figure: one of `choices`; `before` is the ScaledObject of version 0.1, with its behavior.
        rate: entries a second that a worker does, which whoever scales by length has to know.
    """
    shipped = load_scaling()
    length = Trigger(_LENGTH, _LENGTH_SECONDS * rate, ignore_null=False)
    if figure == "age":
        age = Trigger(_AGE, _AGE_SECONDS, target="Value", ignore_null=False)
        return replace(shipped, triggers=(age,))
    if figure == "length":
        return replace(shipped, triggers=(length,))
    if figure == "before":
        return replace(
            shipped,
            triggers=(length, Trigger(_AGE, 60.0, ignore_null=False)),
            up=Rules(30.0, (Policy("Percent", 100, 60.0),)),
            down=Rules(300.0, (Policy("Pods", 1, 60.0),)),
        )
    return shipped
