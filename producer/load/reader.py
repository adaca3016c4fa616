"""The reader of a load run: sees everything that is on the streams, once and again."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError, ResponseError

from producer.connection import connect
from producer.errors import ConfigurationError, JournalError, Unavailable
from producer.operations.redis_errors import translate

if TYPE_CHECKING:
    from producer.load.ledger import Ledger
    from producer.settings import Settings

CONSUMER = "load"
COUNT = 256
BLOCK_MS = 200
_RETRY_SECONDS = 0.2


class LoadReader(threading.Thread):
    """Reads results and dead letters of a run into its ledger, from the moment it is made on.

    It has a consumer group of its own that begins at the end of the stream. It removes the results
    of this run from the stream as it reads them: no backend waits for those, and left there they
    would fill it. Results of others it leaves alone.

    Args:
        settings: where the streams are.
        ledger: where to note what is read.
        group: the consumer group; must not exist.
        give_up_after: seconds without an answer from Redis after which the reader fails.

    Raises:
        ConfigurationError: the group exists.
        JournalError: Redis did not take the commands.
    """

    def __init__(
        self, settings: Settings, ledger: Ledger, *, group: str, give_up_after: float
    ) -> None:
        super().__init__(name="load-reader", daemon=True)
        self._redis: Any = connect(settings.redis_url)
        self._results = settings.results
        self._dead = settings.dead
        self._ledger = ledger
        self._group = group
        self._give_up_after = give_up_after
        self._stopping = threading.Event()
        # Noted and not yet acknowledged, and whether of this run: seen again, it is no duplicate.
        self._noted: dict[bytes, bool] = {}
        #: When a read last found nothing of this run; a run is over only after such a moment.
        self.quiet_since = 0.0
        self.failure: JournalError | None = None
        tail = self._ask("XREVRANGE", self._dead, "+", "-", "COUNT", 1)
        self._buried_to = tail[0][0] if tail else b"0-0"
        self._create_group()

    def run(self) -> None:
        """Read until stopped, through interruptions of Redis."""
        since = time.monotonic()
        position = ">"
        while not self._stopping.is_set():
            try:
                found = self._read(position)
                self._read_dead()
                since = time.monotonic()
                if found:
                    self.quiet_since = 0.0
                elif position == ">":
                    self.quiet_since = self.quiet_since or since
                # An answer that a broken connection swallowed waits under "0", as pending.
                position = "0" if not found and position == ">" else ">"
            except Unavailable as exc:
                if time.monotonic() - since > self._give_up_after:
                    self.failure = exc
                    return
                self._stopping.wait(_RETRY_SECONDS)
            except JournalError as exc:
                self.failure = exc
                return

    def stop(self) -> None:
        """End the thread and remove the group, which would hold back trimming."""
        self._stopping.set()
        if self.ident is not None:
            self.join()
        try:
            self._redis.execute_command("XGROUP", "DESTROY", self._results, self._group)
        except RedisError as exc:
            self.failure = self.failure or translate(exc)
        finally:
            self._redis.close()

    def _create_group(self) -> None:
        try:
            self._redis.execute_command(
                "XGROUP", "CREATE", self._results, self._group, "$", "MKSTREAM"
            )
        except ResponseError as exc:
            if "BUSYGROUP" not in str(exc):
                raise translate(exc) from None
            raise ConfigurationError(
                f"consumer group {self._group} exists; a load run removes the group it reads with, "
                "so give it a new one"
            ) from None
        except RedisError as exc:
            raise translate(exc) from None

    def _read(self, position: str) -> bool:
        """Read results into the ledger; whether there were any of this run."""
        reply = self._ask(
            "XREADGROUP",
            "GROUP",
            self._group,
            CONSUMER,
            "COUNT",
            COUNT,
            "BLOCK",
            BLOCK_MS,
            "STREAMS",
            self._results,
            position,
        )
        now = time.monotonic()
        items = reply[0][1] if reply else []
        for stream_id, fields in items:
            if stream_id not in self._noted:
                self._noted[stream_id] = self._ledger.answer(_entry_id(fields), now)
        ours = [stream_id for stream_id, _ in items if self._noted[stream_id]]
        if ours:
            self._ask("XDEL", self._results, *ours)
        if items:
            self._ask("XACK", self._results, self._group, *(stream_id for stream_id, _ in items))
        for stream_id, _ in items:
            del self._noted[stream_id]
        return bool(ours)

    def _read_dead(self) -> None:
        for stream_id, fields in self._ask(
            "XRANGE", self._dead, b"(" + self._buried_to, "+", "COUNT", COUNT
        ):
            self._ledger.bury(_entry_id(fields))
            self._buried_to = stream_id

    def _ask(self, *command: Any) -> Any:
        try:
            return self._redis.execute_command(*command)
        except RedisError as exc:
            raise translate(exc) from None


def _entry_id(fields: Any) -> str:
    named = dict(zip(fields[::2], fields[1::2], strict=True)) if fields else {}
    value: bytes = named.get(b"entry_id", b"")
    return value.decode(errors="replace")
