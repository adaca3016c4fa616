"""Entries whose key a worker lacks: it parks them, and a worker that has the key puts them back.

So an old key file costs no entry, and neither does a key that no worker has yet: such entries wait
aside, where they hold up no other, until a worker has it. Meanwhile whoever lacks it is not ready.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Protocol

from redis.exceptions import RedisError

from producer.errors import ConfigurationError
from producer.jwe_form import decode_key_id, encode_key_id, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

log = logging.getLogger(__name__)

#: So long after an entry was last seen that needs it, a key is no longer told as missing.
FORGET_SECONDS = 30.0
#: How often the key file is read while a key is missing.
READ_SECONDS = 2.0
#: How long a worker claims nothing after a batch of which it could open no entry: others, which
#: may have the key, shall come first. No longer, as behind these there may be entries that it can
#: open, and no other may be there to take the first aside.
PAUSE_SECONDS = 0.5
#: How long one look puts entries back, at most, as the thread has leases to renew.
LOOK_SECONDS = 0.3
#: So many key ids are told on `/readyz`.
TOLD_KEYS = 5


class ParkedStore(Protocol):
    """What is needed here of `worker.broker.claims.Claims`."""

    def unpark(self, key_ids: Sequence[str]) -> tuple[int, list[str]]:
        """Put back what was sealed with these keys; returns how many, and others' key ids."""


class MissingKeys:
    """Knows which keys this worker lacks; may be asked from any thread.

    Args:
        own: reads the ids of the keys that this worker has.
        clock: seconds that only go forward.

    Raises:
        ConfigurationError: the key set cannot be read at first; later the one read last holds.
    """

    def __init__(
        self, own: Callable[[], Iterable[str]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = own
        self._clock = clock
        self._lock = threading.Lock()
        self._own = frozenset(own())
        self._read = clock()
        #: Each missing key, and when an entry was last seen that needs it.
        self._missing: dict[str, float] = {}
        self._opens_nothing = False
        self._paused_until = 0.0

    @property
    def own(self) -> frozenset[str]:
        """The ids of the keys that this worker has."""
        return self._own

    @property
    def count(self) -> int:
        """How many keys are missing."""
        return len(self._now())

    @property
    def doubtful(self) -> bool:
        """Whether this worker could open nothing of what it was given last."""
        return self._opens_nothing and self.count > 0

    @property
    def paused(self) -> bool:
        """Whether this worker leaves what waits to others for a moment."""
        return self.doubtful and self._clock() < self._paused_until

    def report(self, missing: Iterable[str], *, opened: bool) -> None:
        """Called by the event loop with what a batch told.

        Args:
            missing: the ids of the keys that its entries need and this worker lacks.
            opened: whether an entry of it could be opened.
        """
        found = set(missing)
        self._opens_nothing = not opened
        if not opened:
            self._paused_until = self._clock() + PAUSE_SECONDS
        with self._lock:  # a child that has read the file again knows better
            self._own -= found
        self.seen(found)

    def seen(self, key_ids: Iterable[str]) -> None:
        """Entries wait that need these keys, which this worker lacks as far as it knows."""
        now = self._clock()
        with self._lock:
            for key_id in set(key_ids) - self._own:
                if key_id not in self._missing:
                    log.error(
                        "entries are sealed with a key that this worker lacks (%s) and wait for "
                        "a worker that has it; renew the key file (JOURNAL_KEYS_FILE)",
                        shown(key_id),
                    )
                self._missing[key_id] = now

    def look(self) -> None:
        """Called every second or so: read the key file again, if a key is missing."""
        if not self._now() or self._clock() - self._read < READ_SECONDS:
            return
        self._read = self._clock()
        try:
            own = frozenset(self._load())
        except ConfigurationError as exc:
            log.warning("%s; going on with the keys read before", exc)
            return
        with self._lock:
            self._own = own
            for key_id in own & self._missing.keys():
                del self._missing[key_id]
                log.warning("the key %s is there now", shown(key_id))

    def problem(self) -> str | None:
        """None, or which keys are missing, in words."""
        missing = [shown(key_id) for key_id in self._now()]
        if not missing:
            return None
        told = ", ".join(sorted(missing)[:TOLD_KEYS])
        return f"keys that entries need are missing: {told} (renew JOURNAL_KEYS_FILE)"

    def _now(self) -> list[str]:
        """The keys that are missing now."""
        limit = self._clock() - FORGET_SECONDS
        with self._lock:
            for key_id in [one for one, at in self._missing.items() if at < limit]:
                del self._missing[key_id]
                log.warning("no entry needs the missing key %s any more", shown(key_id))
            return list(self._missing)


class Unparker:
    """Puts back parked entries that this worker can open, and notes the keys of the others.

    Args:
        claims: where they are parked.
        missing: tells the keys there are, and is told of those that are not.
    """

    def __init__(self, claims: ParkedStore, missing: MissingKeys) -> None:
        self._claims = claims
        self._missing = missing

    @property
    def doubtful(self) -> bool:
        """See `MissingKeys.doubtful`."""
        return self._missing.doubtful

    def look(self) -> None:
        """Called every second or so by the thread of leases."""
        self._missing.look()
        own = [encode_key_id(one) for one in self._missing.own]
        until = time.monotonic() + LOOK_SECONDS
        total, back = 0, 1
        try:
            while back and time.monotonic() < until:
                back, others = self._claims.unpark(own)
                total += back
                self._missing.seen(filter(None, map(_key_id, others)))
        except RedisError as exc:
            log.debug("parked entries could not be looked for (%s)", type(exc).__name__)
        if total:
            log.info("put back %d parked entries, whose key is here", total)


def _key_id(encoded: str) -> str | None:
    """The id of a key as it stands before a parked message; None for what we have not put there."""
    try:
        return decode_key_id(encoded)
    except ValueError:
        return None
