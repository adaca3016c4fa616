"""Real workers on three shards, one of which is killed and restored under load."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from deploy.local.server import Server
from producer import JournalClient, JournalEntry, Settings, Unavailable
from tests.integration.conftest import wait_until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from producer import KeySet

TOTAL = 1500
BATCH = 50


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[dict[str, Server]]:
    """Three servers that lose nothing they have confirmed."""
    found = {name: Server(directory=tmp_path / name, appendonly=True) for name in "abc"}
    for server in found.values():
        server.start()
    yield found
    for server in found.values():
        server.close()


class Load:
    """Submits entry after entry, and reads the results of all shards beside that.

    Args:
        settings: of the shards.
        keys: seal and open.
    """

    def __init__(self, settings: Settings, keys: KeySet) -> None:
        self._settings = settings
        self._keys = keys
        self.taken: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.refused: set[str] = set()
        self.killed = threading.Event()
        self.paused = threading.Event()
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._submit, self._read)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        for thread in self._threads:
            thread.join()

    def _submit(self) -> None:
        with JournalClient(self._settings, self._keys) as client:
            missing = [JournalEntry(entry_id=f"entry-{i}", text="Soup.") for i in range(TOTAL)]
            while missing:
                if len(self.taken) >= TOTAL / 3:
                    self.killed.wait()
                some, missing = missing[:BATCH], missing[BATCH:]
                try:
                    receipts = tuple(client.submit_many(some, timeout_seconds=3))
                except Unavailable as exc:
                    self.refused.add(exc.shard)
                    receipts = exc.receipts
                    self.paused.wait(0.05)
                self.taken.update(receipt.entry_id for receipt in receipts)
                missing += [entry for entry in some if entry.entry_id not in self.taken]

    def _read(self) -> None:
        with JournalClient(self._settings, self._keys) as client:
            for result in client.results(group="test"):
                self.answered[result.entry_id] += 1
                if len(self.answered) == TOTAL:
                    break
            # Whatever else there is would be an answer too many.
            for received in client.receive(group="test", count=1000, block=1):
                self.answered[received.result.entry_id] += 1


def test_one_shard_killed_and_restored_loses_nothing_and_stops_no_other(
    servers: dict[str, Server],
    keys_file: Path,
    keys: KeySet,
    start_light_worker: Callable[..., subprocess.Popen[bytes]],
) -> None:
    told = " ".join(f"{name}={server.url}" for name, server in servers.items())
    settings = Settings.load(shards=told, keys_file=keys_file)
    assert settings.shard_set is not None
    owners = {i: settings.shard_set.owners(f"entry-{i}")[0] for i in range(TOTAL)}
    for name in servers:
        start_light_worker(JOURNAL_SHARDS=told, JOURNAL_SHARD=name, JOURNAL_CONCURRENCY="1")
    load = Load(settings, keys)

    def answered(*names: str) -> int:
        return sum(owners[int(one.removeprefix("entry-"))] in names for one in [*load.answered])

    wait_until(lambda: answered("b") > 20, "answers of the shard b")
    servers["b"].kill()
    load.killed.set()
    others = sum(name != "b" for name in owners.values())
    wait_until(lambda: answered("a", "c") == others, "all answers of the other shards")
    assert load.refused == {"b"}
    assert len(load.answered) < TOTAL
    servers["b"].start()
    load.end()
    assert len(load.taken) == TOTAL
    assert set(load.answered.values()) == {1}
    assert len(load.answered) == TOTAL
