"""The ledger of a run: what was acknowledged, what was answered, and how long each entry took."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import redis

from tests.chaos.ledger import Ledger


@dataclass
class TimedLedger(Ledger):
    """A ledger that knows when each entry was sent and when it was answered first."""

    sent_at: dict[str, float] = field(default_factory=dict)
    answered_at: dict[str, float] = field(default_factory=dict)

    def sent(self, ids: list[str], now: float) -> None:
        """Note that these are about to be submitted, at an instant of `time.monotonic`."""
        for entry_id in ids:
            self.sent_at.setdefault(entry_id, now)

    def answered(self, ids: list[str]) -> None:
        """Note answers on the results stream."""
        now = time.monotonic()
        for entry_id in ids:
            self.answered_at.setdefault(entry_id, now)
        super().answered(ids)

    def latencies(self) -> list[tuple[float, float]]:
        """For each answered entry: when it was sent, and the seconds until it was answered."""
        return [
            (self.sent_at[entry_id], at - self.sent_at[entry_id])
            for entry_id, at in self.answered_at.items()
            if entry_id in self.sent_at
        ]


class Queue:
    """Where the streams are read; see `StreamReader`."""

    replicas = 0

    def __init__(self, url: str) -> None:
        self._url = url

    def admin(self) -> redis.Redis:
        """A client."""
        return redis.Redis.from_url(self._url, socket_timeout=10, decode_responses=True)
