"""Submitting, with the sync and the asyncio client, against a real server."""

from __future__ import annotations

import socket
import socketserver
import threading
from typing import TYPE_CHECKING, Any

import pytest

from producer import (
    BackpressureError,
    ConfigurationError,
    JournalEntry,
    JournalError,
    KeySet,
    QueueFull,
    Receipt,
    Settings,
    StoreFull,
    Unavailable,
    ValidationError,
    connection,
)
from producer.connection import execute
from producer.operations import submit
from tests.producer.support import QUEUE, entries, queued_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import redis


async def test_submitted_entries_are_queued_in_order(either: Any, raw: redis.Redis) -> None:
    receipts = await either.submit_many(entries("a", "b", "c"))
    assert receipts == [Receipt(entry_id, "queued") for entry_id in "abc"]
    assert queued_ids(raw) == ["a", "b", "c"]


async def test_a_text_alone_gets_a_random_id(either: Any, raw: redis.Redis) -> None:
    first = await either.submit("Soup again.", context="shelf 3")
    second = await either.submit("Soup again.")
    assert first.status == second.status == "queued"
    assert queued_ids(raw) == [first.entry_id, second.entry_id]


async def test_a_bad_entry_enqueues_nothing(either: Any, raw: redis.Redis) -> None:
    with pytest.raises(ValidationError):
        await either.submit(" ", entry_id="a")
    assert raw.dbsize() == 0


async def test_more_entries_than_one_call_holds_are_all_queued(
    either: Any, raw: redis.Redis
) -> None:
    ids = [f"e{i}" for i in range(2 * submit.SUBMIT_CHUNK + 1)]
    receipts = await either.submit_many(iter(entries(*ids)))
    assert [receipt.entry_id for receipt in receipts] == ids
    assert queued_ids(raw) == ids


async def test_nothing_to_submit_is_no_error(either: Any) -> None:
    assert await either.submit_many([]) == []


async def test_a_second_submit_of_an_id_enqueues_nothing_and_says_so(
    either: Any, raw: redis.Redis
) -> None:
    await either.submit("Soup again.", entry_id="a")
    raw.delete(QUEUE)  # a worker has taken it
    assert (await either.submit("Soup again.", entry_id="a")).status == "duplicate"
    assert raw.llen(QUEUE) == 0
    assert 0 < raw.ttl("journal.entries.seen:a") <= 86_400


async def test_an_id_twice_in_one_call_is_a_duplicate_the_second_time(
    either: Any, raw: redis.Redis
) -> None:
    receipts = await either.submit_many(entries("a", "a", "b"))
    assert [receipt.status for receipt in receipts] == ["queued", "duplicate", "queued"]
    assert queued_ids(raw) == ["a", "b"]


async def test_an_id_twice_in_one_call_is_noticed_across_chunks(
    either: Any, raw: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "SUBMIT_CHUNK", 2)
    receipts = await either.submit_many(entries("a", "b", "c", "a"))
    assert [receipt.status for receipt in receipts] == ["queued"] * 3 + ["duplicate"]
    assert queued_ids(raw) == ["a", "b", "c"]


def test_a_repeated_command_counts_as_the_same_submit(
    raw: redis.Redis, keys: KeySet, settings: Settings
) -> None:
    (command,) = next(submit.submit(entries("a", "b", "a"), keys, settings))
    first = raw.execute_command(*command)  # type: ignore[no-untyped-call]
    again = raw.execute_command(*command)  # type: ignore[no-untyped-call]
    assert first == again == [0, 0, 1]
    assert queued_ids(raw) == ["a", "b"]


@pytest.fixture
def lossy_url(redis_url: str) -> Iterator[str]:
    """A way to the server that cuts the connection instead of passing on the first EVAL's reply."""
    host, port = redis_url.removeprefix("redis://").split("/")[0].split(":")
    cut = threading.Event()

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((host, int(port))) as server:
                while command := self.request.recv(1 << 20):
                    server.sendall(command)
                    reply = server.recv(1 << 20)
                    if b"EVAL" in command and not cut.is_set():
                        cut.set()
                        return
                    self.request.sendall(reply)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Relay) as relay:
        thread = threading.Thread(target=relay.serve_forever, args=(0.01,))
        thread.start()
        yield f"redis://127.0.0.1:{relay.server_address[1]}/0"
        relay.shutdown()
        thread.join()
    assert cut.is_set()


async def test_a_lost_answer_is_retried_and_enqueues_once(
    open_client: Callable[..., Any], raw: redis.Redis, lossy_url: str
) -> None:
    async with open_client(Settings.load(redis_url=lossy_url)) as client:
        receipts = await client.submit_many(entries("a", "b"))
    assert [receipt.status for receipt in receipts] == ["queued", "queued"]
    assert queued_ids(raw) == ["a", "b"]


async def test_a_full_queue_is_told_with_receipts_of_what_went_in(
    open_client: Callable[..., Any], redis_url: str, raw: redis.Redis
) -> None:
    async with open_client(Settings.load(redis_url=redis_url, max_queue_entries=2)) as client:
        await client.submit("Soup again.", entry_id="old")
        with pytest.raises(QueueFull, match="the queue holds 2 entries") as caught:
            await client.submit_many(entries("a", "b", "old", "c"))
        assert caught.value.receipts == (Receipt("a", "queued"), Receipt("old", "duplicate"))
        assert queued_ids(raw) == ["old", "a"]
        # What did not go in may go in later.
        raw.delete(QUEUE)
        assert (await client.submit_many(entries("b")))[0].status == "queued"


async def test_a_full_queue_keeps_the_receipts_of_earlier_chunks(
    open_client: Callable[..., Any], redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "SUBMIT_CHUNK", 2)
    async with open_client(Settings.load(redis_url=redis_url, max_queue_entries=3)) as client:
        with pytest.raises(BackpressureError) as caught:
            await client.submit_many(entries("a", "b", "c", "d", "e"))
    assert [receipt.entry_id for receipt in caught.value.receipts] == ["a", "b", "c"]


async def test_redis_out_of_memory_is_told_and_nothing_is_enqueued(
    either: Any, raw: redis.Redis, full_store: Callable[[], None]
) -> None:
    full_store()
    with pytest.raises(StoreFull, match="out of memory") as caught:
        await either.submit_many(entries("a"))
    assert caught.value.receipts == ()
    assert raw.dbsize() == 0


async def test_redis_running_out_of_memory_in_between_keeps_the_receipts(
    keys: KeySet, settings: Settings, raw: redis.Redis, full_store: Callable[[], None]
) -> None:
    def until_full() -> Iterator[JournalEntry]:
        yield from entries(*(f"e{i}" for i in range(submit.SUBMIT_CHUNK)))
        full_store()
        yield from entries("last")

    with pytest.raises(StoreFull) as caught:
        execute(raw, submit.submit(until_full(), keys, settings))
    assert len(caught.value.receipts) == submit.SUBMIT_CHUNK == raw.llen(QUEUE)


@pytest.fixture
def one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_RETRIES", 0)
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 0.1)


async def test_no_redis_is_told_in_one_line(open_client: Callable[..., Any], one_try: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    async with open_client(Settings.load(redis_url=f"redis://:secret@127.0.0.1:{port}")) as client:
        for call in (client.submit("Soup again."), client.status(), client.receive()):
            with pytest.raises(Unavailable, match=r"^Redis cannot be reached: ") as caught:
                await call
            assert "secret" not in str(caught.value)


async def test_a_redis_that_does_not_answer_is_told(
    open_client: Callable[..., Any], one_try: None
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        async with open_client(Settings.load(redis_url=url)) as client:
            with pytest.raises(Unavailable, match="Timeout"):
                await client.submit("Soup again.")


async def test_a_wrong_password_and_a_missing_permission_are_a_configuration_error(
    open_client: Callable[..., Any], redis_url: str, raw: redis.Redis
) -> None:
    raw.acl_setuser(
        "reader", enabled=True, reset=True, passwords=["+right"], keys=["*"], commands=["+ping"]
    )
    try:
        for password, problem in (("wrong", "user name or password"), ("right", "permission")):
            url = redis_url.replace("redis://", f"redis://reader:{password}@")
            async with open_client(Settings.load(redis_url=url)) as client:
                with pytest.raises(ConfigurationError, match=problem) as caught:
                    await client.submit("Soup again.")
                assert password not in str(caught.value)
    finally:
        raw.acl_deluser("reader")


async def test_an_entry_whose_push_is_refused_is_not_taken_for_a_duplicate_later(
    open_client: Callable[..., Any], either: Any, redis_url: str, raw: redis.Redis
) -> None:
    raw.acl_setuser(
        "half", enabled=True, reset=True, nopass=True, keys=["*"], commands=["+@all", "-lpush"]
    )
    try:
        url = redis_url.replace("redis://", "redis://half:any@")
        async with open_client(Settings.load(redis_url=url)) as client:
            with pytest.raises(ConfigurationError):
                await client.submit("Soup again.", entry_id="a")
    finally:
        raw.acl_deluser("half")
    assert (await either.submit("Soup again.", entry_id="a")).status == "queued"
    assert queued_ids(raw) == ["a"]


async def test_a_whole_entry_brings_its_own_id_and_context(either: Any, raw: redis.Redis) -> None:
    for beside in ({"entry_id": "b"}, {"context": "c"}):
        with pytest.raises(ValidationError, match="its own"):
            await either.submit(JournalEntry(entry_id="a", text="Soup again."), **beside)
    assert queued_ids(raw) == []


async def test_another_error_of_redis_is_told_by_its_code_alone(
    either: Any, raw: redis.Redis
) -> None:
    raw.set(QUEUE, "not a list")
    with pytest.raises(JournalError) as caught:
        await either.submit("CANARY", entry_id="a")
    assert "CANARY" not in str(caught.value)
    assert len(str(caught.value)) < 100
    assert not isinstance(caught.value, Unavailable)


async def test_the_text_is_nowhere_in_redis(either: Any, raw: redis.Redis) -> None:
    await either.submit("The CANARY sings.", entry_id="a", context="CONTEXT-CANARY")
    stored = raw.lindex(QUEUE, 0) + "".join(raw.scan_iter())
    assert "CANARY" not in stored
