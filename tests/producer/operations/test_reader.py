"""Readers that are slow, crash or cannot open a result; with both clients, a real server."""

from __future__ import annotations

import json
import logging
import threading
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

from producer import DeadReason, KeySet, Settings
from producer.dead_letters import DeadLetters
from producer.operations import reader, results
from producer.sealing import RESULT, new_key

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

STREAM = "journal.results"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pending results count as left behind at once, and every reader reclaims at each fetch."""
    monkeypatch.setattr(results, "RECLAIM_AFTER_MS", 0)
    monkeypatch.setattr(reader, "RECLAIM_EVERY_SECONDS", 0.0)


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader acknowledges and renews its results between any two of them."""
    monkeypatch.setattr(reader, "ACKNOWLEDGE_SECONDS", 0.0)


async def read(client: Any, **kwargs: Any) -> list[str]:
    return [result.entry_id async for result in client.results(timeout=0, **kwargs)]


def idle(raw: redis.Redis, milliseconds: int, consumer: str = "slow") -> None:
    """Set for how long the pending results of a consumer have been idle."""
    held = raw.xpending_range(STREAM, "backend", "-", "+", 1000, consumer)
    ids = [item["message_id"] for item in held]
    raw.xclaim(STREAM, "backend", consumer, 0, ids, idle=milliseconds, justid=True)


@pytest.mark.usefixtures("at_once")
async def test_a_result_that_does_not_open_becomes_a_dead_letter_and_frees_the_stream(
    either: Any,
    publish: Callable[..., None],
    raw: redis.Redis,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stranger = KeySet.from_jwks({"keys": [new_key()]})
    publish("before")
    sealed = stranger.seal(b"CANARY", kind=RESULT, entry_id="x")
    raw.xadd(STREAM, {"entry_id": "x", "sealed": sealed})
    raw.xadd(STREAM, {"other": "field"})
    publish("after")
    with caplog.at_level(logging.DEBUG):
        assert await read(either) == ["before", "after"]
        assert await read(either) == []
    assert raw.xlen(STREAM) == 0  # else it would grow to its limit, and all workers would stop
    assert raw.xpending(STREAM, "backend")["pending"] == 0
    one, other = (stored.letter for stored in DeadLetters(settings))
    assert one is not None
    assert other is not None
    assert (one.entry_id, one.reason, one.sealed) == ("x", DeadReason.UNREADABLE_RESULT, sealed)
    assert (other.entry_id, other.reason) == ("", DeadReason.UNREADABLE_RESULT)
    assert (await either.status()).dead == 2
    assert "result of entry x cannot be opened" in caplog.text
    assert "CANARY" not in caplog.text


@pytest.mark.usefixtures("at_once")
async def test_of_a_result_that_was_not_sealed_only_the_length_is_kept(
    either: Any, raw: redis.Redis, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    raw.xadd(STREAM, {"entry_id": "x", "sealed": "Dear diary"})
    raw.xadd(STREAM, {"entry_id": "Dear diary", "sealed": "Dear diary"})
    assert await read(either) + await read(either) == []
    letters = DeadLetters(settings)
    found = [stored.letter for stored in letters]
    assert [(one.entry_id, one.sealed, one.withheld) for one in found if one] == [
        ("x", "", 10),
        ("", "", 10),
    ]
    assert letters.replay(letters) == 0
    assert "diary" not in f"{caplog.text}{raw.xrange('journal.dead')}"
    assert raw.xlen(STREAM) == 0


@pytest.mark.usefixtures("at_once")
async def test_a_reader_that_has_the_key_takes_over_what_another_could_not_open(
    open_client: Callable[..., Any], settings: Settings, raw: redis.Redis
) -> None:
    old, new = new_key(), new_key()
    fresh = KeySet.from_jwks({"keys": [new, old]})
    payload = {
        "entry_id": "a",
        "submitted_at": "2026-01-01T00:00:00Z",
        "completed_at": "2026-01-01T00:00:01Z",
    }
    sealed = fresh.seal(json.dumps(payload).encode(), kind=RESULT, entry_id="a")
    raw.xadd(STREAM, {"entry_id": "a", "sealed": sealed})
    async with open_client(settings, KeySet.from_jwks({"keys": [old]})) as stale:
        assert await stale.receive(consumer="stale") == []
    async with open_client(settings, fresh) as updated:
        assert await read(updated, consumer="updated") == ["a"]
    assert raw.xlen("journal.dead") == 0


@pytest.mark.usefixtures("at_once")
async def test_each_group_dead_letters_for_itself_what_it_cannot_open(
    open_client: Callable[..., Any],
    settings: Settings,
    publish: Callable[..., None],
    raw: redis.Redis,
    either: Any,
) -> None:
    for group in ("analytics", "backend"):
        raw.xgroup_create(STREAM, group, id="0", mkstream=True)
    publish("a")
    async with open_client(settings, KeySet.from_jwks({"keys": [new_key()]})) as keyless:
        assert await read(keyless, group="analytics") == []
        assert await read(keyless, group="analytics") == []
    assert (raw.xlen(STREAM), raw.xlen("journal.dead")) == (1, 1)
    assert await read(either) == ["a"]
    assert raw.xlen(STREAM) == 0


async def test_fields_that_a_newer_worker_adds_are_ignored(
    either: Any, raw: redis.Redis, keys: KeySet
) -> None:
    payload = {
        "entry_id": "a",
        "submitted_at": "2026-01-01T00:00:00Z",
        "schema_version": 2,
        "completed_at": "2026-01-01T00:00:01Z",
        "tone": "warm",
        "labels": [
            {
                "label": "L",
                "score": 0.5,
                "why": "x",
                "evidence": [{"start": 0, "end": 1, "unit": "u"}],
            }
        ],
    }
    sealed = keys.seal(json.dumps(payload).encode(), kind=RESULT, entry_id="a")
    raw.xadd(STREAM, {"entry_id": "a", "sealed": sealed})
    assert await read(either) == ["a"]


async def test_reclaim_looks_past_what_is_not_idle(
    either: Any, publish: Callable[..., None], raw: redis.Redis
) -> None:
    """XAUTOCLAIM looks at ten times COUNT in one call; what is behind that counts as well."""
    publish(*(f"busy{i}" for i in range(25)), "left")
    received = await either.receive(consumer="busy", count=25)
    assert len(received) == 25
    await either.receive(consumer="slow", count=1)
    idle(raw, 61_000)
    taken = await either.reclaim(consumer="other", count=1)
    assert [(one.result.entry_id, one.deliveries) for one in taken] == [("left", 2)]


@pytest.mark.usefixtures("eager")
async def test_what_a_slow_reader_has_fetched_is_not_delivered_to_another(
    either: Any, publish: Callable[..., None], raw: redis.Redis
) -> None:
    publish("a", "b", "c", "d")
    async with aclosing(either.results(timeout=0, consumer="slow")) as source:
        assert (await anext(source)).entry_id == "a"
        idle(raw, 50_000)  # a handler that took so long
        assert (await anext(source)).entry_id == "b"
        held = raw.xpending_range(STREAM, "backend", "-", "+", 10, "slow")
        assert [item["time_since_delivered"] < 40_000 for item in held] == [True] * 3
        assert [item["times_delivered"] for item in held] == [1] * 3
        assert await either.reclaim(consumer="other") == []


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("taker", ["other", "slow"])  # or another process of the same name
async def test_what_another_reader_took_over_is_not_yielded_again(
    either: Any, publish: Callable[..., None], raw: redis.Redis, taker: str
) -> None:
    publish("a", "b", "c")
    source = either.results(timeout=0, consumer="slow", count=3)
    assert (await anext(source)).entry_id == "a"
    idle(raw, 61_000)  # a handler that took over a minute
    taken = [one.result.entry_id for one in await either.reclaim(consumer=taker, count=2)]
    assert taken == ["a", "b"]
    assert [result.entry_id async for result in source] == ["c"]


async def test_a_limit_leaves_the_rest_unread(
    either: Any, publish: Callable[..., None], raw: redis.Redis
) -> None:
    publish("a", "b", "c")
    assert await read(either, limit=2) == ["a", "b"]
    assert raw.xpending(STREAM, "backend")["pending"] == 0
    assert await read(either, consumer="another") == ["c"]


@pytest.mark.usefixtures("eager")
async def test_a_group_destroyed_meanwhile_ends_no_reader(
    either: Any, publish: Callable[..., None], raw: redis.Redis
) -> None:
    publish("a", "b")
    source = either.results(timeout=0)
    assert (await anext(source)).entry_id == "a"
    raw.xgroup_destroy(STREAM, "backend")
    # The group begins anew: what was not yet acknowledged comes again.
    assert [result.entry_id async for result in source] == ["a", "b"]


async def test_receive_waits_as_long_as_it_was_told(
    open_client: Callable[..., Any],
    settings: Settings,
    publish: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Longer than one blocking read lasts."""
    monkeypatch.setattr(results, "BLOCK_SECONDS", 0.05)
    later = threading.Timer(0.5, publish, ["late"])
    async with open_client(settings) as client:
        later.start()
        received = await client.receive(block=20)
        later.join()
        assert [one.result.entry_id for one in received] == ["late"]
        started = time.monotonic()
        assert await client.receive(block=0.3) == []
        assert 0.25 < time.monotonic() - started < 5


async def test_closing_the_client_acknowledges_what_open_loops_have_handled(
    open_client: Callable[..., Any],
    settings: Settings,
    publish: Callable[..., None],
    raw: redis.Redis,
) -> None:
    publish("a", "b", "c")
    async with open_client(settings) as client:
        source = client.results(timeout=0)
        assert (await anext(source)).entry_id == "a"
        assert (await anext(source)).entry_id == "b"
    assert [fields["entry_id"] for _, fields in raw.xrange(STREAM)] == ["b", "c"]
    await source.aclose()
    assert raw.xlen(STREAM) == 2
