"""A stand-in for a worker that answers, with everything real but the models."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import redis
from pydantic import SecretStr

from producer import Evidence, JournalEntry, JournalResult, KeySet, Label, Settings
from producer.connection import connect
from producer.schemas import DeadLetter, DeadReason
from producer.sealing import ENTRY, RESULT
from worker.broker.claims import Claims
from worker.broker.payload import as_payload
from worker.broker.records import Answer, Claimed

if TYPE_CHECKING:
    from producer import KeySet, Settings
    from worker.broker.records import Claimed


def left(raw: redis.Redis) -> list[str]:
    """The keys that are there, but for what concerns no single entry."""
    return [key for key in raw.keys("*") if not key.endswith((".reaper", ".measured"))]


class Worker:
    """Claims entries and answers them by the worker's own script, without models."""

    def __init__(self, settings: Settings, keys: KeySet) -> None:
        self._keys = keys
        self.claims = Claims(
            connect(SecretStr(settings.redis_url.get_secret_value())),
            queue=settings.queue,
            results=settings.results,
            dead=settings.dead,
            max_results=1000,
            reply_seconds=settings.reply_seconds,
            lanes=settings.lane_set,
        )

    def claim(self) -> Claimed:
        (claimed,) = self.claims.claim(1) or []
        return claimed

    def answer(self, claimed: Claimed, entry_id: str) -> bool:
        now = datetime.now(UTC)
        result = JournalResult(entry_id=entry_id, submitted_at=now, completed_at=now, model="m")
        sealed = self._keys.seal(result.encode(), kind=RESULT, entry_id=entry_id)
        return self.claims.settle([Answer(claimed.tag, "result", entry_id, "sealed", sealed)])[0]

    def bury(self, claimed: Claimed, entry_id: str) -> bool:
        reason = DeadReason.CLASSIFIER_FAILED
        answer = Answer(claimed.tag, "freed", entry_id, "letter", "letter", reason)
        return self.claims.settle([answer])[0]


#: An entry that begins so becomes a dead letter.
DEAD = "This entry fails."


class AnsweringWorker(Worker):
    """Reads messages as a worker does, and finds `Mind Reading` in the last sentence of each."""

    def __init__(self, settings: Settings, keys: KeySet) -> None:
        super().__init__(settings, keys)
        self._keys = keys
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(0.005):
            claimed = self.claims.claim(16) or []
            self.claims.settle([self._answer(one) for one in claimed])

    def stop(self) -> None:
        self._stopping.set()

    def _answer(self, claimed: Claimed) -> Answer:
        payload = as_payload(claimed)
        entry_id = payload["headers"]["id"]
        ((sealed,), _, _) = json.loads(payload["body"])
        opened = self._keys.open(sealed, kind=ENTRY, entry_id=entry_id)
        entry = JournalEntry.model_validate_json(opened)
        if entry.text.startswith(DEAD):
            reason = DeadReason.CLASSIFIER_FAILED
            letter = DeadLetter.of(entry_id, reason, sealed)
            return Answer(claimed.tag, "freed", entry_id, "letter", letter.encode(), reason)
        start = entry.text.rstrip(".").rfind(". ") + 1
        evidence = Evidence(start=start + 1 if start else 0, end=len(entry.text))
        result = JournalResult(
            entry_id=entry_id,
            context=entry.context,
            labels=(Label(label="Mind Reading", score=0.875, evidence=(evidence,)),),
            submitted_at=entry.submitted_at,
            completed_at=datetime.now(UTC),
        )
        answer = self._keys.seal(result.encode(), kind=RESULT, entry_id=entry_id)
        return Answer(claimed.tag, "result", entry_id, "sealed", answer)
