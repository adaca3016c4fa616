"""Rounds of all variants in turn, so that a noisy minute hits each of them."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.bench.machine import Usage
from tests.bench.texts import deal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.variants import Variant


@dataclass(slots=True)
class Measured:
    """What the rounds of one variant gave.

    Attributes:
        entries: entries in a round.
        rates: entries a second, one figure a round.
        cpu: seconds of CPU time an entry, one figure a round; of its processes, not of Redis.
        peak: the most bytes its processes had in memory in any round.
    """

    key: str
    title: str
    entries: int
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: int = 0

    @property
    def median(self) -> float:
        """The middle of the rates."""
        return statistics.median(self.rates)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure.

    Attributes:
        rounds: rounds of each variant.
        seconds: about how long a round takes; decides how many entries it has.
        entries: entries in every round instead.
        multiple: entries of a round are a multiple of this, so that no process ends alone.
    """

    rounds: int
    seconds: float
    entries: int | None
    multiple: int

    def round_entries(self, rate: float) -> int:
        """Entries in a round of a variant that does about `rate` a second."""
        if self.entries is not None:
            return self.entries
        return max(1, round(rate * self.seconds / self.multiple)) * self.multiple


def measure(
    variants: Sequence[Variant],
    texts: Sequence[str],
    plan: Plan,
    on_round: Callable[[str], None] = lambda _: None,
) -> dict[str, Measured]:
    """Warm every variant up, then measure in turn.

    Args:
        variants: started and loaded.
        texts: the sample all rounds are dealt from.
        plan: how much to measure.
        on_round: told before each warm-up and round what comes next.
    """
    measured: dict[str, Measured] = {}
    for variant in variants:
        on_round(f"({variant.key}) warm-up")
        dealt = deal(texts, variant.warm_up)
        variant.round(dealt)
        # A second pass tells how many entries fill a round.
        rate = len(dealt) / variant.round(dealt)
        measured[variant.key] = Measured(
            variant.key, variant.title, entries=plan.round_entries(rate)
        )
    for number in range(plan.rounds):
        for variant in variants:
            on_round(f"({variant.key}) round {number + 1} of {plan.rounds}")
            figures = measured[variant.key]
            dealt = deal(texts, figures.entries)
            with Usage(variant.pids) as usage:
                seconds = variant.round(dealt)
            figures.rates.append(figures.entries / seconds)
            figures.peak = max(figures.peak, usage.peak)
            figures.cpu.append(usage.cpu / figures.entries)
    return measured
