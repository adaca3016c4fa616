"""Many workers that wait for work, as threads of one process: to Redis what as many real ones are.

    python -m tests.bench.fleet.idle_workers COUNT

Each holds as many connections as a worker with one child, waits as kombu does, sends the heartbeat,
looks for dead workers and parked entries, and answers what wakes it at once, by the worker's own
`Claims`. It opens nothing. Ends with SIGTERM.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from producer import Settings
from producer.connection import connect
from producer.jwe_form import encode_key_id
from tests.bench.processes.noop_worker import SEALED_CHARACTERS
from worker.broker.records import Answer
from worker.broker.settlement import claims_for

if TYPE_CHECKING:
    from types import FrameType

    from worker.broker.records import Claimed

#: What a worker with one child holds, once it has answered something (`tests.bench.footprint`).
CONNECTIONS = 9
#: What kombu waits for a message at most, and how often a worker tells that it is alive.
WAIT_SECONDS = 1.0
#: How often a worker looks for dead ones, and how often Celery publishes its event.
REAP_SECONDS, EVENT_SECONDS = 5.0, 2.0
_LEASE_SECONDS = 30.0
_MOST = 64
_PIDBOX, _EVENTS = "/0.celery.pidbox", "/0.celeryev/worker.heartbeat"


class IdleWorker(threading.Thread):
    """One worker.

    Args:
        settings: where it waits.
        key_ids: the ids of its keys, encoded.
        stopping: ends it.
    """

    def __init__(self, settings: Settings, key_ids: list[str], stopping: threading.Event) -> None:
        super().__init__(daemon=True)
        self._key_ids = key_ids
        self._stopping = stopping
        self._parent = os.getppid()
        self._waiting, self._asking, self._leasing, self._settling, *self._idle = (
            connect(settings.only_url) for _ in range(CONNECTIONS - 1)
        )
        self._claims = claims_for(settings, self._asking)
        asking: Any = self._asking  # redis-py leaves it untyped
        self._subscribed = asking.pubsub()
        self._due = dict.fromkeys((self._beat, self._reap, self._publish), time.monotonic())

    def run(self) -> None:
        """Wait, answer and tell, until told to stop."""
        for client in (self._settling, *self._idle):
            client.ping()
        self._subscribed.psubscribe(_PIDBOX)
        keys = self._claims.keys
        wait = ("BLMOVE", keys.queue, keys.woken, "RIGHT", "LEFT", WAIT_SECONDS)
        # Heartbeats of a fleet fall at all moments.
        self._stopping.wait(random.uniform(0.0, WAIT_SECONDS))
        while not self._stopping.is_set():
            try:
                self._tell()
                if self._ask(self._waiting, *wait) is not None:
                    self._answer()
            except RedisError:
                if os.getppid() != self._parent:  # whoever started it is gone, and its server
                    return
                self._stopping.wait(WAIT_SECONDS)

    def _answer(self) -> None:
        claimed = self._claims.claim(_MOST) or []
        answers = [_answer(one) for one in claimed]
        self._claims.through(self._settling).settle(answers)

    def _tell(self) -> None:
        """Do what is due."""
        periods = {
            self._beat: WAIT_SECONDS,
            self._reap: REAP_SECONDS,
            self._publish: EVENT_SECONDS,
        }
        for what, every in periods.items():
            if time.monotonic() >= self._due[what]:
                self._due[what] = time.monotonic() + every
                what()

    def _beat(self) -> None:
        leasing = self._claims.through(self._leasing)
        leasing.announce(1)
        leasing.unpark(self._key_ids)

    def _reap(self) -> None:
        leasing = self._claims.through(self._leasing)
        leasing.reap(_LEASE_SECONDS)
        # Where it is, as a worker notes that is alone on its host.
        host = f"{self._claims.keys.host}{self._claims.worker}"
        self._ask(self._leasing, "HSET", host, self._claims.worker, "1 1")
        self._ask(self._leasing, "EXPIRE", host, 600)
        self._ask(self._leasing, "HGETALL", host)

    def _publish(self) -> None:
        self._ask(self._idle[0], "PUBLISH", _EVENTS, "x" * 400)

    @staticmethod
    def _ask(client: Any, *command: Any) -> Any:
        return client.execute_command(*command)


def _answer(claimed: Claimed) -> Answer:
    entry_id = json.loads(claimed.message)["headers"]["id"]
    return Answer(claimed.tag, "result", entry_id, "sealed", "x" * SEALED_CHARACTERS)


def main() -> None:
    """Run as many as the command line says until SIGTERM."""
    settings = Settings.load()
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    key_ids = [encode_key_id(one) for one in settings.key_set().key_ids]
    workers = [IdleWorker(settings, key_ids, stopping) for _ in range(int(sys.argv[1]))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
