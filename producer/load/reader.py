"""The readers of a load run: they read the results and the dead letters of its entries."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError, ResponseError

from producer.connection import connect, within
from producer.errors import ConfigurationError, JournalError, Unavailable
from producer.operations.base import as_mapping, as_text
from producer.operations.redis_errors import translate
from producer.operations.sharded.plan import naming

if TYPE_CHECKING:
    from producer.load.ledger import Ledger
    from producer.settings import Settings

CONSUMER = "load"
COUNT = 256
BLOCK_MS = 200
_RETRY_SECONDS = 0.2


class LoadReader(threading.Thread):
    """Reads the results and dead letters of a run into its ledger, from `open` on.

    It has a consumer group of its own that begins at the end of the stream. It removes the results
    of this run from the stream as it reads them: no backend waits for those, and left there they
    would fill it. Results of other entries stay.

    Args:
        settings: where the one Redis is, or which shard, and how the streams are called.
        ledger: notes what is read.
        group: the consumer group; must not exist.
        give_up_after: seconds without an answer from Redis after which the reader fails.

    Attributes:
        quiet_since: when, on the monotonic clock, reads began to find nothing of this run; 0 while
            they find something. A run is over only after such a moment.
        failure: why reading stopped early, if it did.
    """

    def __init__(
        self, settings: Settings, ledger: Ledger, *, group: str, give_up_after: float
    ) -> None:
        super().__init__(name=f"load-reader {settings.shard}".rstrip(), daemon=True)
        self._redis: Any = connect(settings.only_url)
        self._shard = settings.shard
        self._timeout_seconds = settings.timeout_seconds + BLOCK_MS / 1000
        self._results = settings.results
        self._dead = settings.dead
        self._ledger = ledger
        self._group = group
        self._give_up_after = give_up_after
        self._stopping = threading.Event()
        self._opener = threading.Thread(target=self._open, name="load-reader-open", daemon=True)
        self._refused: JournalError | None = None
        self._created = False
        self._dead_read_to = b"0-0"
        # Results in the ledger and not yet acknowledged, by stream id, and whether they are of this
        # run: one that is read again is no duplicate.
        self._noted: dict[bytes, bool] = {}
        self.quiet_since = 0.0
        self.failure: JournalError | None = None

    def open(self) -> None:
        """Create the consumer group; what is answered from now on will be read.

        Raises:
            ConfigurationError: the group exists.
            JournalError: Redis did not take the commands.
        """
        # In a thread, which no signal interrupts: `stop` has to know whether the group is ours.
        self._opener.start()
        self._opener.join()
        if self._refused is not None:
            raise self._refused

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
                # Results whose delivery a broken connection lost are found under "0", as pending.
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
        """End the thread and remove the group that it created, which would hold back trimming."""
        self._stopping.set()
        for thread in (self._opener, self):
            if thread.ident is not None:
                thread.join()
        try:
            if self._created:
                self._ask("XGROUP", "DESTROY", self._results, self._group)
        except JournalError as exc:
            self.failure = self.failure or exc
        finally:
            self._redis.close()

    def _open(self) -> None:
        try:
            newest = self._ask("XREVRANGE", self._dead, "+", "-", "COUNT", 1)
            if newest:
                self._dead_read_to = newest[0][0]
            self._create_group()
        except JournalError as exc:
            self._refused = exc

    def _create_group(self) -> None:
        command = ("XGROUP", "CREATE", self._results, self._group, "$", "MKSTREAM")
        with naming(self._shard):
            try:
                with within(self._timeout_seconds):
                    self._redis.execute_command(*command)
            except ResponseError as exc:
                if "BUSYGROUP" not in str(exc):
                    raise translate(exc) from None
                raise ConfigurationError(
                    f"consumer group {self._group} exists; a load run removes the group it reads "
                    "with, so give it a new one"
                ) from None
            except RedisError as exc:
                raise translate(exc) from None
        self._created = True

    def _read(self, position: str) -> bool:
        """Read results into the ledger; returns whether any was of this run.

        Args:
            position: `>` for results never delivered, `0` for delivered and not acknowledged ones.
        """
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
            "XRANGE", self._dead, b"(" + self._dead_read_to, "+", "COUNT", COUNT
        ):
            self._ledger.dead_letter(_entry_id(fields))
            self._dead_read_to = stream_id

    def _ask(self, *command: Any) -> Any:
        with naming(self._shard):
            try:
                with within(self._timeout_seconds):
                    return self._redis.execute_command(*command)
            except RedisError as exc:
                raise translate(exc) from None


class LoadReaders:
    """The readers of a run, one for each shard; one where there is one Redis.

    Args:
        settings: where Redis is, or the shards, and how the streams are called.
        ledger: notes what is read.
        group: the consumer group on each; must not exist.
        give_up_after: seconds without an answer from one of them after which its reader fails.
    """

    def __init__(
        self, settings: Settings, ledger: Ledger, *, group: str, give_up_after: float
    ) -> None:
        self._each = [
            LoadReader(one, ledger, group=group, give_up_after=give_up_after)
            for one in settings.each
        ]

    def open(self) -> None:
        """Create the consumer group on each.

        Raises:
            ConfigurationError: the group exists.
            JournalError: Redis did not take the commands.
        """
        for reader in self._each:
            reader.open()

    def start(self) -> None:
        """Start to read."""
        for reader in self._each:
            reader.start()

    def stop(self) -> None:
        """End reading, and remove the groups that were created."""
        for reader in self._each:
            reader.stop()

    @property
    def are_alive(self) -> bool:
        """Whether all of them read."""
        return all(reader.is_alive() for reader in self._each)

    @property
    def quiet_since(self) -> float:
        """When, on the monotonic clock, the last of them began to find nothing; 0 if one does."""
        moments = [reader.quiet_since for reader in self._each]
        return max(moments) if all(moments) else 0.0

    @property
    def failure(self) -> JournalError | None:
        """Why one of them stopped early, if one did."""
        return next((reader.failure for reader in self._each if reader.failure), None)


def _entry_id(fields: Any) -> str:
    return as_text(as_mapping(fields or []).get("entry_id", b""))
