"""A result that its reader cannot handle is put aside in the end, and counts against no other."""

from __future__ import annotations

import logging
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

import pytest

from producer import DeadLetter, DeadReason, SealError, Settings
from producer.dead_letters import DeadLetters, open_dead_letter
from producer.operations import reader, results

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from producer import KeySet

STREAM = "journal.results"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pending results count as left behind at once, and every reader reclaims at each fetch."""
    monkeypatch.setattr(results, "RECLAIM_AFTER_MS", 0)
    monkeypatch.setattr(reader, "RECLAIM_EVERY_SECONDS", 0.0)


@pytest.fixture
def settings(redis_url: str, keys_file: Any) -> Settings:
    return Settings.load(redis_url=redis_url, keys_file=keys_file, max_result_deliveries=3)


class HandlerError(Exception):
    pass


async def handle(client: Any, poison: str, seen: list[str], **options: Any) -> None:
    """A reader whose handler fails for one entry, which ends its loop."""
    async with aclosing(client.results(timeout=0, **options)) as source:
        async for result in source:
            seen.append(result.entry_id)
            if result.entry_id == poison:
                raise HandlerError


async def handle_again_and_again(client: Any, poison: str, times: int = 12) -> list[str]:
    seen: list[str] = []
    for _ in range(times):
        with suppress(HandlerError):
            await handle(client, poison, seen)
    return seen


async def test_a_result_whose_handling_fails_again_and_again_becomes_a_dead_letter(
    either: Any,
    publish: Callable[..., None],
    raw: redis.Redis,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    publish("a", "poison", "b", "c")
    sealed = raw.xrange(STREAM)[1][1]["sealed"]
    with caplog.at_level(logging.ERROR):
        seen = await handle_again_and_again(either, "poison")
    assert sorted(seen) == ["a", "b", "c", "poison", "poison", "poison"]
    assert raw.xlen(STREAM) == 0
    (letter,) = (stored.letter for stored in DeadLetters(settings))
    assert letter is not None
    assert (letter.entry_id, letter.reason) == ("poison", DeadReason.UNHANDLED_RESULT)
    assert (letter.deliveries, letter.sealed) == (3, sealed)
    assert "result of entry poison was delivered 3 times and never acknowledged" in caplog.text


def test_a_result_among_the_dead_letters_is_told_from_an_entry(keys: KeySet) -> None:
    letter = DeadLetter(entry_id="e", reason=DeadReason.UNHANDLED_RESULT, sealed="x")
    with pytest.raises(SealError, match="holds a result"):
        open_dead_letter(letter, keys)


async def test_a_result_that_was_put_aside_is_replayed_to_its_readers(
    either: Any, publish: Callable[..., None], raw: redis.Redis, settings: Settings
) -> None:
    publish("poison")
    await handle_again_and_again(either, "poison")
    letters = DeadLetters(settings)
    assert letters.replay(letters) == 1
    assert raw.xlen("journal.dead") == 0
    assert [result.entry_id async for result in either.results(timeout=0)] == ["poison"]
    assert raw.xlen(STREAM) == 0


async def test_a_handler_that_kills_its_reader_takes_no_other_result_along(
    either: Any,
    publish: Callable[..., None],
    raw: redis.Redis,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed readers acknowledge nothing and give nothing back."""

    async def dies(client: Any, seen: list[str]) -> None:
        source = client.results(timeout=0)
        async for result in source:
            seen.append(result.entry_id)
            if result.entry_id == "poison":
                # What the generator does at its end is lost with the process.
                monkeypatch.setattr(reader.ResultReader, "close", _nothing)
                await source.aclose()
                monkeypatch.undo()
                raise HandlerError

    publish("poison", *(f"e{i}" for i in range(20)))
    seen: list[str] = []
    for _ in range(12):
        monkeypatch.setattr(results, "RECLAIM_AFTER_MS", 0)
        monkeypatch.setattr(reader, "RECLAIM_EVERY_SECONDS", 0.0)
        with suppress(HandlerError):
            await dies(either, seen)
    assert [stored.entry_id for stored in DeadLetters(settings)] == ["poison"]
    assert set(seen) == {"poison", *(f"e{i}" for i in range(20))}
    assert raw.xlen(STREAM) == 0


async def test_what_a_reader_fetched_and_did_not_begin_is_there_for_others_at_once(
    either: Any, publish: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "RECLAIM_AFTER_MS", 60_000)
    publish("a", "poison", "b", "c")
    seen: list[str] = []
    with suppress(HandlerError):
        await handle(either, "poison", seen, consumer="one")
    taken = [result async for result in either.results(timeout=0, consumer="other")]
    assert [result.entry_id for result in taken] == ["b", "c"]  # `poison` after a minute


async def test_leaving_loops_early_counts_against_no_result(
    either: Any, publish: Callable[..., None], raw: redis.Redis, settings: Settings
) -> None:
    publish(*(f"e{i}" for i in range(30)))
    seen: list[str] = []
    for _ in range(30):
        seen += [result.entry_id async for result in either.results(timeout=0, limit=1)]
    assert len(set(seen)) == 30
    assert (raw.xlen(STREAM), list(DeadLetters(settings))) == (0, [])


async def test_each_group_counts_for_itself(
    either: Any, publish: Callable[..., None], raw: redis.Redis
) -> None:
    for group in ("backend", "audit"):
        raw.xgroup_create(STREAM, group, "0", mkstream=True)
    publish("poison")
    await handle_again_and_again(either, "poison")
    assert (raw.xlen(STREAM), raw.xlen("journal.dead")) == (1, 1)
    audit = [result.entry_id async for result in either.results(timeout=0, group="audit")]
    assert (audit, raw.xlen(STREAM)) == (["poison"], 0)


async def test_a_dead_letter_that_redis_refuses_leaves_the_result_pending(
    either: Any, publish: Callable[..., None], raw: redis.Redis
) -> None:
    raw.set("journal.dead", "no stream")
    publish("poison")
    seen = await handle_again_and_again(either, "poison")
    assert seen == ["poison"] * 3
    assert raw.xlen(STREAM) == 1
    raw.delete("journal.dead")
    await handle_again_and_again(either, "poison")
    assert (raw.xlen(STREAM), raw.xlen("journal.dead")) == (0, 1)


def _nothing(self: Any) -> Any:
    return
    yield
