"""The load: how much arrives when, and who submits it."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from producer import JournalClient, JournalEntry
from producer.errors import BackpressureError, JournalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from producer import Settings
    from tests.autoscale.clock import Clock
    from tests.autoscale.ledger import TimedLedger

#: How often what has arrived since is submitted, in seconds of this machine.
_TICK_SECONDS = 0.05
_MOST_AT_ONCE = 512
_TEXT = "Entry {} of a load that rises and falls, about as long as a short note in a diary."


@dataclass(frozen=True)
class Profile:
    """A load by time: straight lines between corners, and bursts upon them.

    Attributes:
        corners: (second, load), where 1 is the base load; the first is at second 0.
        bursts: (second, entries in seconds of base load) that arrive all at once.
        base: entries a second of a load of 1.
    """

    corners: tuple[tuple[float, float], ...]
    bursts: tuple[tuple[float, float], ...]
    base: float

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.corners[-1][0]

    @property
    def highest(self) -> float:
        """Entries a second at most, beside bursts."""
        return self.base * max(load for _, load in self.corners)

    def rate(self, second: float) -> float:
        """Entries a second that arrive, without bursts."""
        for (begin, low), (end, high) in itertools.pairwise(self.corners):
            if begin <= second < end:
                return self.base * (low + (high - low) * (second - begin) / (end - begin))
        return 0.0

    def arrived(self, second: float) -> float:
        """How many entries have arrived until then."""
        total = sum(number for at, number in self.bursts if at <= second)
        for (begin, low), (end, high) in itertools.pairwise(self.corners):
            if second <= begin:
                break
            until = min(second, end)
            slope = (high - low) / (end - begin) if end > begin else 0.0
            total += (until - begin) * (low + slope * (until - begin) / 2)
        return self.base * total


def day(base: float) -> Profile:
    """A rise to four times the load and back, a burst, and a step to eight times the load."""
    minutes = (
        *((0, 1), (3, 1), (9, 4), (12, 4), (17, 1), (22, 1)),
        *((22, 8), (33, 8), (33, 1), (38, 1)),
    )
    corners = tuple((60.0 * minute, float(load)) for minute, load in minutes)
    return Profile(corners, bursts=((60.0 * 19, 45.0),), base=base)


def step(base: float) -> Profile:
    """A step to eight times the load, and nothing else."""
    corners = ((0.0, 1.0), (90.0, 1.0), (90.0, 8.0), (390.0, 8.0), (390.0, 1.0), (480.0, 1.0))
    return Profile(corners, bursts=(), base=base)


class Submitter(threading.Thread):
    """Submits what the profile says, and again with the same ids until it is acknowledged.

    Args:
        settings: where to submit.
        profile: how much arrives when.
        clock: when it is.
        ledger: is told what is submitted and what is acknowledged.
    """

    def __init__(
        self, settings: Settings, profile: Profile, clock: Clock, ledger: TimedLedger
    ) -> None:
        super().__init__(name="submitter", daemon=True)
        self._settings, self._profile = settings, profile
        self._clock, self._ledger = clock, ledger
        self._stopping = threading.Event()

    def run(self) -> None:
        """Submit until the profile ends."""
        sent = 0
        with JournalClient(self._settings) as client:
            while not self._stopping.is_set():
                now = self._clock.now
                due = int(self._profile.arrived(min(now, self._profile.seconds)))
                for first in range(sent, due, _MOST_AT_ONCE):
                    self._submit(client, range(first, min(due, first + _MOST_AT_ONCE)))
                sent = due
                if now >= self._profile.seconds:
                    return
                self._stopping.wait(_TICK_SECONDS)

    def stop(self) -> None:
        """Submit no more."""
        self._stopping.set()
        if self.ident is not None:
            self.join(timeout=60)

    def _submit(self, client: JournalClient, numbers: Sequence[int]) -> None:
        entries = [
            JournalEntry(entry_id=f"autoscale-{number}", text=_TEXT.format(number))
            for number in numbers
        ]
        self._ledger.sent([entry.entry_id for entry in entries], time.monotonic())
        while True:
            try:
                receipts = client.submit_many(entries)
            except BackpressureError as exc:
                self._ledger.submitted([receipt.entry_id for receipt in exc.receipts])
            except JournalError:
                pass
            else:
                self._ledger.submitted([receipt.entry_id for receipt in receipts])
                return
            if self._stopping.wait(0.2):
                return
