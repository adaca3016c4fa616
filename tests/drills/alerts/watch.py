"""Which alerts fire, and since when, as Prometheus tells it."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from tests.autoscale.prometheus import Prometheus

_LOOK_SECONDS = 0.2


class Watch(threading.Thread):
    """Asks Prometheus a few times a second, for as long as the block.

    Attributes:
        active: the alerts that fire now, or are about to.
        firing: of them, those that fire.
        began, ended: when each was last seen to begin and to end, by `time.monotonic`.
    """

    def __init__(self, prometheus: Prometheus) -> None:
        super().__init__(name="watch", daemon=True)
        self._prometheus = prometheus
        self._stopping = threading.Event()
        self.active: frozenset[str] = frozenset()
        self.firing: frozenset[str] = frozenset()
        self.began: dict[str, float] = {}
        self.ended: dict[str, float] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.join(timeout=30)

    def run(self) -> None:
        """Look until told to stop."""
        while not self._stopping.wait(_LOOK_SECONDS):
            with contextlib.suppress(OSError):
                self._look()

    def _look(self) -> None:
        alerts, now = self._prometheus.alerts(), time.monotonic()
        firing = frozenset(name for name, state in alerts.items() if state == "firing")
        # Noted before they are told, so that whoever sees one finds when it began.
        self.began.update(dict.fromkeys(firing - self.firing, now))
        self.ended.update(dict.fromkeys(self.firing - firing, now))
        self.active, self.firing = frozenset(alerts), firing
