"""The key set of a child, which is read anew when an entry needs a key that it lacks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from producer.errors import ConfigurationError, UnknownKeyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from producer.sealing import KeySet

#: How often the key file is read at most, however many entries need a missing key.
READ_SECONDS = 1.0


class RenewedKeys:
    """Opens and seals with the key set of a file that may be renewed meanwhile.

    Args:
        load: reads the key set.
        clock: seconds that only go forward.

    Raises:
        ConfigurationError: it cannot be read at first; later the one read last is kept.
    """

    def __init__(
        self, load: Callable[[], KeySet], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load
        self._clock = clock
        self._keys = load()
        self._read = clock()

    def open(self, sealed: str, *, kind: str, entry_id: str) -> bytes:
        """Decrypt a message; see `KeySet.open`."""
        try:
            return self._keys.open(sealed, kind=kind, entry_id=entry_id)
        except UnknownKeyError:
            if not self._renew():
                raise
        return self._keys.open(sealed, kind=kind, entry_id=entry_id)

    def seal(self, plaintext: bytes, *, kind: str, entry_id: str) -> str:
        """Encrypt a message; see `KeySet.seal`."""
        return self._keys.seal(plaintext, kind=kind, entry_id=entry_id)

    def _renew(self) -> bool:
        """Read the key set again, if it is time to; returns whether it was read."""
        if self._clock() - self._read < READ_SECONDS:
            return False
        self._read = self._clock()
        try:
            self._keys = self._load()
        except ConfigurationError:  # a file that is being written, or gone: told by /readyz
            return False
        return True
