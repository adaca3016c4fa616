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
        ranked: of a quantile, what it would be at a share so much higher (or, below 0, lower).
    """

    panel: str
    place: int
    values: Callable[[Facts], Values]
    tolerance: Tolerance = EXACT
    by: tuple[str, ...] = ()
    at: Moment = "still"
    told: Callable[[Values], Values] = dict
    ranked: Callable[[Facts, float], Values] | None = None

    def bounds(self, facts: Facts, ranks: float) -> tuple[Values, Values]:
        """The lowest and the highest that may be told, if a quantile may be so much of a share off."""
        if self.ranked is None:
            return self.values(facts), self.values(facts)
        return self.ranked(facts, -ranks), self.ranked(facts, ranks)


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
    place = math.ceil(share * len(values)) - 1
    return sorted(values)[min(max(0, place), len(values) - 1)]


def quantiles(
    panel: str,
    place: int,
    share: float,
    samples: Callable[[Facts], Mapping[str, list[float]]],
    tolerance: Tolerance,
    *by: str,
) -> Check:
    """A panel of a quantile over the whole load, by the values of each series."""

    def ranked(facts: Facts, higher: float) -> Values:
        return {key: quantile(share + higher, values) for key, values in samples(facts).items()}

    return Check(
        panel,
        place,
        lambda facts: ranked(facts, 0.0),
        tolerance,
        by,
        "loaded",
        ranked=ranked,
    )
