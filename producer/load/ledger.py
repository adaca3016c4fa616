"""The ledger of a load run: when each entry was due, sent and answered, and how often."""

from __future__ import annotations

import threading
from array import array
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from producer.errors import JournalError

_NEVER = 0.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Latencies in seconds; None where nothing was answered."""

    p50: float | None
    p95: float | None
    p99: float | None
    mean: float | None
    max: float | None


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load run measured; times in seconds.

    Attributes:
        entries: what `submit` acknowledged.
        seconds: from the start to the last answer.
        throughput: entries answered a second.
        latency: from the moment an entry was *due* to its result being read, so that a sender
            held up by a full system hides nothing (coordinated omission).
        from_submit: the same from `submitted_at`, the moment the entry was made.
        lost: acknowledged, and neither answered nor dead-lettered when the run ended.
        duplicated: entries with more than one result.
        dead: entries that became dead letters.
        failure: the error that stopped sending or reading early, if one did.
    """

    entries: int
    seconds: float
    throughput: float
    latency: Latency
    from_submit: Latency
    lost: int
    duplicated: int
    dead: int
    failure: JournalError | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON: `latency` flat, times rounded to microseconds."""
        return {
            "entries": self.entries,
            "seconds": round(self.seconds, 6),
            "throughput": round(self.throughput, 3),
            **_rounded(self.latency),
            "lost": self.lost,
            "duplicated": self.duplicated,
            "dead": self.dead,
            "from_submit": _rounded(self.from_submit),
        }


class Ledger:
    """Notes of every entry of a run, in columns by the entry's number.

    A sender thread calls `plan` and `acknowledge`, and a reader thread of each shard `answer` and
    `dead_letter`. The sender writes columns of its own and counts only what it wrote; the readers
    share theirs, by a lock.

    Args:
        run_id: part of every entry id, so that only this run's results count.

    Attributes:
        submitted: entries that `submit` acknowledged.
        answers: entries with at least one result.
        dead: entries that became dead letters.
    """

    def __init__(self, run_id: str) -> None:
        self._prefix = f"load-{run_id}-"
        self._due = array("d")
        self._made = array("d")
        self._acknowledged = bytearray()
        self._answered = array("d")
        self._dead_lettered = bytearray()
        self._twice: set[int] = set()
        self._reading = threading.Lock()
        self.submitted = 0
        self.answers = 0
        self.dead = 0

    def plan(self, due: float, made: float) -> str:
        """Note an entry before it is sent; returns its id.

        Args:
            due: when the schedule wants it sent, in seconds on the monotonic clock.
            made: when it was made, on the same clock.
        """
        index = len(self._due)
        self._dead_lettered.append(0)
        self._acknowledged.append(0)
        self._answered.append(_NEVER)
        self._made.append(made)
        self._due.append(due)
        return f"{self._prefix}{index}"

    def acknowledge(self, entry_id: str) -> None:
        """Note that `submit` gave a receipt for this entry."""
        index = self._index(entry_id)
        if index is not None and not self._acknowledged[index]:
            self._acknowledged[index] = 1
            self.submitted += 1

    def answer(self, entry_id: str, at: float) -> bool:
        """Note that a result of this entry was read; returns whether the entry is of this run.

        Args:
            entry_id: of the result.
            at: when it was read, in seconds on the monotonic clock.
        """
        index = self._index(entry_id)
        if index is None:
            return False
        with self._reading:
            if self._answered[index] == _NEVER:
                self._answered[index] = at
                self.answers += 1
            else:
                self._twice.add(index)
        return True

    def dead_letter(self, entry_id: str) -> None:
        """Note that a dead letter of this entry was read."""
        index = self._index(entry_id)
        with self._reading:
            if index is not None and not self._dead_lettered[index]:
                self._dead_lettered[index] = 1
                self.dead += 1

    @property
    def outstanding(self) -> int:
        """Entries acknowledged and neither answered nor dead-lettered."""
        return sum(
            acknowledged and not dead and answered == _NEVER
            for acknowledged, dead, answered in zip(
                self._acknowledged, self._dead_lettered, self._answered, strict=True
            )
        )

    def report(self, started: float, failure: JournalError | None = None) -> LoadReport:
        """What was measured since `started`, in seconds on the monotonic clock."""
        answered = [index for index, at in enumerate(self._answered) if at != _NEVER]
        last = max((self._answered[index] for index in answered), default=started)
        seconds = last - started
        return LoadReport(
            entries=self.submitted,
            seconds=seconds,
            throughput=len(answered) / seconds if seconds else 0.0,
            latency=_latency([self._answered[i] - self._due[i] for i in answered]),
            from_submit=_latency([self._answered[i] - self._made[i] for i in answered]),
            lost=self.outstanding,
            duplicated=len(self._twice),
            dead=self.dead,
            failure=failure,
        )

    def _index(self, entry_id: str) -> int | None:
        number = entry_id.removeprefix(self._prefix)
        if number == entry_id or not (number.isascii() and number.isdigit()):
            return None
        return int(number) if int(number) < len(self._due) else None


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """The nearest-rank percentile of sorted values: exact, and always one of them.

    The value of rank ceil(percent / 100 * n); definition 1 of Hyndman and Fan 1996, "Sample
    Quantiles in Statistical Packages", The American Statistician 50:4.
    """
    if not ordered:
        return None
    # Whole numbers: 0.95 * 20 is a little over 19 in binary fractions, and its ceiling 20.
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)]


def _latency(seconds: list[float]) -> Latency:
    seconds.sort()
    return Latency(
        p50=percentile(seconds, 50),
        p95=percentile(seconds, 95),
        p99=percentile(seconds, 99),
        mean=sum(seconds) / len(seconds) if seconds else None,
        max=seconds[-1] if seconds else None,
    )


def _rounded(latency: Latency) -> dict[str, float | None]:
    values = asdict(latency)
    return {
        field.name: None if values[field.name] is None else round(values[field.name], 6)
        for field in fields(Latency)
    }
