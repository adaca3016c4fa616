"""What is compared: an expression at a moment of the run, and what it has to say."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tests.truth.facts import Facts
from tests.truth.tolerance import EXACT, RATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.truth.tolerance import Tolerance

#: By the value of the labels that the legend is made of, joined; "" where there are none.
Values = Mapping[str, float]
Moment = Literal["loaded", "still", "gone"]


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison.

    Attributes:
        panel: its title.
        place: which of its expressions.
        values: what it has to say, by facts; 0 and nothing are the same.
        tolerance: how near.
        by: the labels that tell its series apart.
        at: when.
        told: makes what is compared of the values that were seen; by default they themselves.
    """

    panel: str
    place: int
    values: Callable[[Facts], Values]
    tolerance: Tolerance = EXACT
    by: tuple[str, ...] = ()
    at: Moment = "still"
    told: Callable[[Values], Values] = dict


def one(value: Callable[[Facts], float]) -> Callable[[Facts], Values]:
    """The only series of an expression."""
    return lambda facts: {"": value(facts)}


def per_second(counts: Callable[[Facts], Values]) -> Callable[[Facts], Values]:
    """Rates over the whole load, by counts of it."""
    return lambda facts: {key: n / facts.seconds for key, n in counts(facts).items()}


def rates(panel: str, place: int, counts: Callable[[Facts], Values], *by: str) -> Check:
    """A panel of rates over the whole load."""
    return Check(panel, place, per_second(counts), RATE, by, "loaded")


def total(items: Iterable[str]) -> Values:
    """How often each is there."""
    return {key: float(n) for key, n in Counter(items).items()}


def mean(values: list[float]) -> float:
    """The mean; NaN of none."""
    return sum(values) / len(values) if values else math.nan


def quantile(share: float, values: list[float]) -> float:
    """The value at or below which so large a share of the values is."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
