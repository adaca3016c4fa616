"""The ledger: what was acknowledged and what was answered, kept outside Redis."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Ledger:
    """Counts by entry id; safe to share between threads."""

    acknowledged: dict[str, float] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _last_answer: float = field(default_factory=time.monotonic)
    #: Longest time without any answer while entries waited, in seconds.
    longest_silence: float = 0.0
    #: Longest time from acknowledgement to the answer, in seconds.
    longest_wait: float = 0.0

    def submitted(self, ids: list[str]) -> None:
        """Note that `submit_many` acknowledged these."""
        now = time.monotonic()
        with self._lock:
            for entry_id in ids:
                self.acknowledged.setdefault(entry_id, now)

    def answered(self, ids: list[str]) -> None:
        """Note answers on the results stream; an id that is named twice was answered twice."""
        now = time.monotonic()
        with self._lock:
            self.answers.update(ids)
            self.longest_silence = max(self.longest_silence, now - self._last_answer)
            self._last_answer = now
            for entry_id in ids:
                since = self.acknowledged.get(entry_id, now)
                self.longest_wait = max(self.longest_wait, now - since)

    def died(self, ids: list[str]) -> None:
        """Note dead letters."""
        with self._lock:
            self.dead.update(ids)

    @property
    def open(self) -> int:
        """How many acknowledged entries are neither answered nor dead letters."""
        with self._lock:
            return sum(1 for i in self.acknowledged if i not in self.answers and i not in self.dead)

    @property
    def duplicated(self) -> int:
        """How many entries have more than one answer or dead letter."""
        with self._lock:
            return sum(
                1
                for i in self.answers.keys() | self.dead.keys()
                if self.answers[i] + self.dead[i] > 1
            )
