"""The fewest workers that a scaler would need if it knew the load to come.

It lives under the same conditions: it decides once a sync period, a worker costs from its creation
on, so that its start has to be paid for, and no entry may wait longer than the bound. What it cannot
need less than is found by dynamic programming over (sync period, workers, entries that wait), with the
work as a fluid and the bound looked at when periods end: a lower bound, so that a real scaler's excess
over it is never told too small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

#: Into how many parts the work of one worker in a period is divided, to count what waits.
PARTS = 40

_Costs = NDArray[np.float64]
_Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Conditions:
    """What holds for any scaler.

    Attributes:
        rate: entries a second that a worker does.
        start_seconds: from the creation of a worker until it works.
        longest_wait: seconds that an entry may wait.
        least, most: the bounds of the number of workers; it begins with the least.
        period: seconds between two decisions.
    """

    rate: float
    start_seconds: float
    longest_wait: float
    least: int
    most: int
    period: float = 15.0


@dataclass(frozen=True)
class Plan:
    """How many workers there are in each period, and what they cost.

    Attributes:
        workers: one number a period.
        worker_seconds: from creation to end, of all workers.
    """

    workers: tuple[int, ...]
    worker_seconds: float


def fewest_workers(arrived: Callable[[float], float], seconds: float, given: Conditions) -> Plan:
    """The plan of a scaler that knows the future.

    Args:
        arrived: how many entries have arrived in so many seconds since the start.
        seconds: how long the load lasts.
        given: the conditions.

    Raises:
        ValueError: even the most workers do not keep the bound.
    """
    unit = given.rate * given.period / PARTS
    ends = [given.period * number for number in range(1, int(np.ceil(seconds / given.period)) + 1)]
    total = [int(arrived(min(end, seconds)) / unit) for end in ends]
    # First in, first out: what waits has arrived within the bound.
    may_wait = [
        whole - int(arrived(max(0.0, min(end, seconds) - given.longest_wait)) / unit)
        for whole, end in zip(total, ends, strict=True)
    ]
    counts = range(given.least, given.most + 1)
    costs = np.full((len(counts), max(may_wait) + 1), np.inf)
    costs[0, 0] = 0.0
    steps = []
    for came, most_waiting in zip(np.diff(total, prepend=0), may_wait, strict=True):
        costs, *step = _after_period(costs, int(came), given)
        costs[:, most_waiting + 1 :] = np.inf
        steps.append(step)
    if not np.isfinite(costs).any():
        raise ValueError(f"{given.most} workers do not keep the bound")
    return _plan(costs, steps, given.least)


def _after_period(costs: _Costs, came: int, given: Conditions) -> tuple[_Costs, _Numbers, _Numbers]:
    """The least costs after one more period, by workers in it and what waits at its end.

    Args:
        costs: the same before the period.
        came: what arrived in it.
        given: the conditions.

    Returns:
        The costs, and of each the row and the column that it comes from.
    """
    rows, columns = costs.shape
    after = np.full_like(costs, np.inf)
    from_row, from_column = np.zeros((2, rows, columns), dtype=np.int64)
    for row in range(rows):
        workers = given.least + row
        begun = np.maximum(0, row - np.arange(rows)) * given.start_seconds
        reached = costs + begun[:, None] + workers * given.period
        best_rows = reached.argmin(axis=0)
        best = reached[best_rows, np.arange(columns)]
        change = came - workers * PARTS
        # Whoever has less waiting than is done ends with nothing.
        done = min(columns, max(0, 1 - change))
        ends_at = np.arange(columns) + change
        kept = np.flatnonzero((ends_at > 0) & (ends_at < columns))
        after[row, ends_at[kept]] = best[kept]
        from_row[row, ends_at[kept]] = best_rows[kept]
        from_column[row, ends_at[kept]] = kept
        if done:
            column = int(best[:done].argmin())
            after[row, 0] = best[column]
            from_row[row, 0], from_column[row, 0] = best_rows[column], column
    return after, from_row, from_column


def _plan(costs: _Costs, steps: list[list[Any]], least: int) -> Plan:
    """The way to the least of the last costs, backwards."""
    row, column = (int(place) for place in np.unravel_index(costs.argmin(), costs.shape))
    worker_seconds = float(costs[row, column])
    workers = []
    for from_row, from_column in reversed(steps):
        workers.append(least + row)
        row, column = int(from_row[row, column]), int(from_column[row, column])
    return Plan(tuple(reversed(workers)), worker_seconds)
