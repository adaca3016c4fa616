"""What befalls the processes during a soak, one fault after another in turn."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from collections import Counter
from typing import TYPE_CHECKING

import redis

from producer.sealing import write_key_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.chaos.load import Submitter
    from tests.soak.scene import Scene

_SETTLED_SECONDS = 30.0


class Faults:
    """Strikes, each time with the next of its kinds.

    Args:
        scene: what is struck.
        submitters: those who seal, and are told of another key.

    Attributes:
        counts: how often each kind fell.
    """

    def __init__(self, scene: Scene, submitters: Sequence[Submitter]) -> None:
        self._scene = scene
        self._submitters = submitters
        kinds: tuple[Callable[[], str], ...] = (
            self._restart_worker,
            self._fail_over,
            self._rotate_keys,
            self._kill_child,
            self._restart_gateway,
            self._kill_worker,
            self._restart_reader,
        )
        self._kinds = itertools.cycle(kinds)
        self.counts = Counter(
            dict.fromkeys(("worker_restarts", "failovers", "rotations", "kills"), 0)
        )

    def strike(self) -> None:
        """Let the next fault happen."""
        counter = next(self._kinds)()
        if counter:
            self.counts[counter] += 1

    def _restart_worker(self) -> str:
        self._scene.struck["struck worker"].restart()
        return "worker_restarts"

    def _kill_worker(self) -> str:
        self._scene.struck["struck worker"].kill()
        return "kills"

    def _kill_child(self) -> str:
        return "kills" if self._scene.struck["struck worker"].kill_child() else ""

    def _restart_gateway(self) -> str:
        self._scene.struck["struck gateway"].restart()
        return "gateway_restarts"

    def _restart_reader(self) -> str:
        self._scene.struck["struck reader"].restart()
        return "reader_restarts"

    def _rotate_keys(self) -> str:
        """Let the next key seal: producers read the file anew, and a worker that is restarted."""
        path = self._scene.keys_file
        first, *others = json.loads(path.read_text(encoding="utf-8"))["keys"]
        write_key_file(path, [*others, first])
        for submitter in self._submitters:
            submitter.renew()
        self._scene.struck["struck worker"].restart()
        return "rotations"

    def _fail_over(self) -> str:
        """Let the Sentinels make the replica the primary, as an operator does."""
        group, ends = self._scene.group, time.monotonic() + _SETTLED_SECONDS
        while not (settled := self._settled()) and time.monotonic() < ends:
            time.sleep(0.1)
        if not settled:
            return ""
        before = group.primary()
        with contextlib.suppress(redis.ResponseError):  # they will not now
            group.fail_over()
        while group.primary() == before and time.monotonic() < ends:
            time.sleep(0.1)
        return "failovers" if group.primary() != before else ""

    def _settled(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return self._scene.group.is_settled()
        return False
