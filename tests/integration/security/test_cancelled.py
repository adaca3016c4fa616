"""Nothing of a cancelled entry is published or kept, also while workers are killed under it."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from producer.message import QUEUE, decode_message
from tests.integration.conftest import Backend, wait_until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    import redis

    from producer import JournalEntry

CANARY = "Zebulonquist hid the xylocanary behind the greenhouse"
ENTRIES = 300
#: Of these cancels a child is killed before the first, and a whole worker before the second.
KILL_CHILD, KILL_WORKER = 15, 40


def test_a_cancelled_entry_is_never_published_and_no_dump_of_redis_holds_it(
    start_light_worker: Callable[..., subprocess.Popen[bytes]],
    backend: Backend,
    client: redis.Redis,
) -> None:
    entries = backend.ask([f"{CANARY}, said number {i}." for i in range(ENTRIES)])
    sealed = dict(decode_message(one) for one in client.lrange(QUEUE, 0, -1))
    slow = {"JOURNAL_CONCURRENCY": "1", "CHAOS_SECONDS_PER_ENTRY": "0.02"}
    quick_to_return = {"JOURNAL_LEASE_SECONDS": "5", "JOURNAL_MAX_BATCH_ENTRIES": "8"}
    workers = [start_light_worker(**slow, **quick_to_return) for _ in range(2)]
    wait_until(lambda: backend.client.status().claimed, "workers to be at work")

    cancelled = set()
    for number, entry in enumerate(_shuffled(entries)[: ENTRIES // 3]):
        if number == KILL_CHILD:
            children = [one for it in workers for one in psutil.Process(it.pid).children()]
            children[0].kill()  # the other worker may not have come so far
        if number == KILL_WORKER:
            _kill(workers[1])
            start_light_worker(**slow, **quick_to_return)
        if backend.client.cancel(entry.entry_id):
            cancelled.add(entry.entry_id)
    assert len(cancelled) > 10  # the others were answered before

    others = {entry.entry_id for entry in entries} - cancelled
    assert set(backend.answers(len(others))) == others
    wait_until(lambda: _at_rest(backend), "all claims to be released")
    assert backend.client.status().results == len(others)
    assert not backend.client.receive(group="test")

    kept = _dump(client)
    assert b"Zebulonquist" not in kept
    found = {entry_id for entry_id in cancelled if _holds(kept, sealed[entry_id])}
    assert found == set()


def test_the_search_for_what_is_kept_finds_an_entry_that_waits(
    backend: Backend, client: redis.Redis
) -> None:
    (entry,) = backend.ask([CANARY])
    ((entry_id, sealed),) = (decode_message(one) for one in client.lrange(QUEUE, 0, -1))
    assert entry_id == entry.entry_id
    assert _holds(_dump(client), sealed)
    assert backend.client.cancel(entry_id)
    assert not _holds(_dump(client), sealed)


def _shuffled(entries: list[JournalEntry]) -> list[JournalEntry]:
    """Some of those that wait, are under way and are answered, in no order."""
    return random.Random(7).sample(entries, len(entries))


def _kill(worker: subprocess.Popen[bytes]) -> None:
    for process in (*psutil.Process(worker.pid).children(recursive=True), worker):
        process.kill()
    worker.wait()


def _at_rest(backend: Backend) -> bool:
    status = backend.client.status()
    return not (status.claimed or status.ready)


def _dump(client: redis.Redis) -> bytes:
    """The whole server as it would be written to disk, uncompressed."""
    client.config_set("rdbcompression", "no")
    client.save()
    folder, name = (str(client.config_get(key)[key]) for key in ("dir", "dbfilename"))
    return (Path(folder) / name).read_bytes()


def _holds(dump: bytes, sealed: str) -> bool:
    """Whether a sealed entry is in a dump, as it is or inside the body of its message."""
    embed = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    body = json.dumps([[sealed], {}, embed], separators=(",", ":")).encode()
    return sealed.encode() in dump or base64.b64encode(body) in dump
