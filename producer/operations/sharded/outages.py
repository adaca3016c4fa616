"""Which shards do not answer, so that calls to several do not wait for them each time."""

from __future__ import annotations

import time
from typing import Any

from producer.errors import NotReplicated, Unavailable

#: For so long a shard that did not answer is left alone by calls to several, which fail for it at
#: once; then one of them tries it for `PROBE_SECONDS`: the others lose a tenth of their time.
REST_SECONDS = 5.0
PROBE_SECONDS = 0.5


class KnownOutages:
    """Notes which shards did not answer, and for how long to leave each alone."""

    def __init__(self) -> None:
        self._failed: dict[str, tuple[str, float]] = {}

    def note(self, name: str, outcome: Any) -> None:
        """Note how an operation on a shard ended."""
        if isinstance(outcome, Unavailable) and not isinstance(outcome, NotReplicated):
            self._failed[name] = (str(outcome), time.monotonic() + REST_SECONDS)
        else:
            self._failed.pop(name, None)

    def seconds(self, name: str, seconds: float) -> float:
        """How long to try a shard as one of several.

        Args:
            name: of the shard.
            seconds: how long to try one that answers.

        Raises:
            Unavailable: not at all, since it did not answer a moment ago.
        """
        told, until = self._failed.get(name, ("", 0.0))
        if not told:
            return seconds
        if time.monotonic() < until:
            error = Unavailable(told)
            error.shard = name
            raise error
        self._failed[name] = (told, time.monotonic() + REST_SECONDS)  # for other threads
        return min(seconds, PROBE_SECONDS)
