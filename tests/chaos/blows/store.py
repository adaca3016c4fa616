"""Blows at the store: it dies, hangs, is full or read-only, and its connections break or go silent."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.chaos.blows.stage import until
from tests.chaos.store import DOWN_AFTER_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from tests.chaos.blows.stage import Stage

#: How long the server is gone at most, in seconds.
_GONE_SECONDS = 2.0
#: How long it refuses writes, in seconds.
_REFUSING_SECONDS = (0.5, 3.0)
#: How long it hangs, in seconds; in one of `_LONG_HANG_IN` hangs for so many leases.
_HANG_SECONDS = (1.0, 3.5)
_LONG_HANG_LEASES = (1.1, 1.6)
_LONG_HANG_IN = 4
#: One of so many silences is of all connections; else each falls silent or not by chance.
_WHOLE_SILENCE_IN = 3
#: Longer than a server hangs or refuses.
_PATIENCE_SECONDS = 60.0
#: How far the clock jumps, in seconds.
_JUMP_SECONDS = 40.0
#: Moves all times that the server has noted: the same as a clock that moves the other way.
_MOVE_TIMES = """
local by = tonumber(ARGV[1])
for _, key in ipairs({KEYS[1], KEYS[2]}) do
  local pairs_of_key = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for i = 1, #pairs_of_key, 2 do redis.call('ZINCRBY', key, by, pairs_of_key[i]) end
end
for _, field in ipairs({'ran', 'since'}) do
  local value = redis.call('HGET', KEYS[3], field)
  if value then redis.call('HSET', KEYS[3], field, string.format('%.6f', tonumber(value) + by)) end
end
"""


def cut_connections(stage: Stage) -> Iterator[float]:
    """Close all connections of clients."""
    with stage.store.admin() as admin:
        _cut(admin)
    stage.counts["cuts"] += 1
    yield from ()


def silence(stage: Stage) -> Iterator[float]:
    """Let connections fall silent, all or some; those that are made later work."""
    chance = 1.0 if stage.random.randrange(_WHOLE_SILENCE_IN) == 0 else 0.5
    silent = stage.store.silence(lambda: stage.random.random() < chance)
    stage.counts["silences"] += bool(silent)
    yield from ()


def move_clock(stage: Stage) -> Iterator[float]:
    """Let the server's clock jump forward or back."""
    keys = stage.store.keys
    by = stage.random.choice((-_JUMP_SECONDS, _JUMP_SECONDS))
    with stage.store.admin() as admin:
        admin.eval(_MOVE_TIMES, 3, keys.leases, keys.workers, keys.reaper, str(by))
    stage.counts["clocks"] += 1
    yield from ()


def kill_server(stage: Stage) -> Iterator[float]:
    """Send SIGKILL to the server, and start it again a moment later."""
    with _patience(stage):
        yield from until(stage.store.settled)
        start = stage.store.kill()
        stage.counts["kills"] += 1
        stage.counts["redis_kills"] += 1
        try:
            yield stage.random.uniform(0.0, _GONE_SECONDS)
        finally:
            start()
        yield from until(stage.store.settled)


def hang(stage: Stage) -> Iterator[float]:
    """Let the server hang: its connections stay open, and nothing is answered."""
    seconds = stage.random.uniform(*_HANG_SECONDS)
    if stage.random.randrange(_LONG_HANG_IN) == 0:
        seconds = stage.lease * stage.random.uniform(*_LONG_HANG_LEASES)
    with _patience(stage):
        yield from until(stage.store.settled)
        wake = stage.store.hang()
        stage.counts["hangs"] += 1
        try:
            yield seconds
        finally:
            wake()
        yield from until(stage.store.settled)


def fill_memory(stage: Stage) -> Iterator[float]:
    """Let the server be out of memory, and everyone connect meanwhile."""
    with _patience(stage):
        yield from until(stage.store.settled)
        with stage.store.admin() as admin:
            before = admin.config_get("maxmemory")["maxmemory"]
            admin.config_set("maxmemory", "1mb")
            stage.counts["memory"] += 1
            try:
                _cut(admin)
                yield stage.random.uniform(*_REFUSING_SECONDS)
            finally:
                admin.config_set("maxmemory", before)


def make_read_only(stage: Stage) -> Iterator[float]:
    """Make the server the replica of nobody that answers, and let everyone connect meanwhile."""
    with _patience(stage):
        yield from until(stage.store.settled)
        with stage.store.admin() as admin:
            admin.replicaof("127.0.0.1", "1")
            stage.counts["readonly"] += 1
            try:
                _cut(admin)
                yield stage.random.uniform(*_REFUSING_SECONDS)
            finally:
                admin.replicaof("NO", "ONE")
        yield from until(stage.store.settled)


@contextmanager
def _patience(stage: Stage) -> Iterator[None]:
    """Sentinels that are patient meanwhile: whatever befalls the server, it keeps its place."""
    stage.store.be_patient(_PATIENCE_SECONDS)
    try:
        yield
    finally:
        stage.store.be_patient(DOWN_AFTER_SECONDS)


def _cut(admin: redis.Redis) -> None:
    """Close the connections of all clients but those of Sentinels, who would take them for an end."""
    own = admin.client_id()
    clients = admin.client_list(_type="normal")
    with admin.pipeline(transaction=False) as pipeline:
        for client in clients:
            if not client["name"].startswith("sentinel-") and int(client["id"]) != own:
                pipeline.client_kill_filter(_id=client["id"])
        pipeline.execute(raise_on_error=False)
