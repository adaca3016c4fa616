"""What a caller is told when a submit fails in between, or Redis refuses it for a while."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import redis
from redis._parsers.base import BaseParser

from deploy.local.server import Server
from producer import (
    ConfigurationError,
    JournalEntry,
    JournalError,
    KeySet,
    Settings,
    StoreFull,
    Unavailable,
    ValidationError,
)
from producer.operations import submit
from producer.operations.redis_errors import translate
from tests.producer.support import QUEUE, commands_of, entries, queued_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


async def test_a_broken_connection_in_between_keeps_the_receipts(
    keys: KeySet, settings: Settings, raw: redis.Redis
) -> None:
    operation = submit.submit(
        entries(*(f"e{i}" for i in range(submit.SUBMIT_CHUNK + 1))), keys, settings
    )
    (command,) = commands_of(operation)
    commands_of(operation, [raw.execute_command(*command)])  # type: ignore[no-untyped-call]
    with pytest.raises(Unavailable) as caught:
        operation.send([redis.exceptions.TimeoutError()])
    assert len(caught.value.receipts) == submit.SUBMIT_CHUNK == raw.llen(QUEUE)


async def test_a_caller_s_iterable_that_raises_keeps_the_receipts(
    either: Any, monkeypatch: pytest.MonkeyPatch, raw: redis.Redis
) -> None:
    monkeypatch.setattr(submit, "SUBMIT_CHUNK", 2)

    def blank_at_last() -> Iterator[JournalEntry]:
        yield from entries("a", "b")
        yield JournalEntry(entry_id="c", text=" ")

    with pytest.raises(ValidationError) as caught:
        await either.submit_many(blank_at_last())
    assert [receipt.entry_id for receipt in caught.value.receipts] == ["a", "b"] == queued_ids(raw)

    def broken_at_last() -> Iterator[JournalEntry]:
        yield from entries("d", "e")
        raise KeyError("row 3")

    with pytest.raises(KeyError) as foreign:
        await either.submit_many(broken_at_last())
    assert "2 entries were submitted before" in foreign.value.__notes__[0]


async def test_a_replica_and_a_server_without_replicas_are_to_be_tried_again(
    open_client: Callable[..., Any], tmp_path: Path
) -> None:
    with (
        Server(directory=tmp_path / "a") as server,
        Server(directory=tmp_path / "b") as primary,
        redis.Redis.from_url(server.url) as plain,
    ):
        async with open_client(Settings.load(redis_url=server.url)) as client:
            plain.config_set("min-replicas-to-write", 1)
            with pytest.raises(Unavailable, match="NOREPLICAS"):
                await client.submit("Soup again.")
            plain.config_set("min-replicas-to-write", 0)
            host, port = primary.url.removeprefix("redis://").removesuffix("/0").split(":")
            plain.replicaof(host, port)
            with pytest.raises(Unavailable, match=r"READONLY|MASTERDOWN"):
                await client.submit("Soup again.")
            plain.replicaof("no", "one")
            assert (await client.submit("Soup again.")).status == "queued"


@pytest.mark.parametrize(
    ("reply", "kind", "told"),
    [
        ("LOADING Redis is loading the dataset in memory", Unavailable, "LOADING"),
        ("MISCONF Redis is configured to save RDB snapshots", Unavailable, "MISCONF"),
        ("TRYAGAIN Multiple keys request during rehashing", Unavailable, "TRYAGAIN"),
        ("READONLY You can't write against a read only replica.", Unavailable, "READONLY"),
        ("OOM command not allowed", StoreFull, "out of memory"),
        ("NOAUTH Authentication required.", ConfigurationError, "password"),
        ("ERR ACL failure in script: User x has no permissions", ConfigurationError, "permission"),
        (
            "ERR The user executing the script can't run this command",
            ConfigurationError,
            "permission",
        ),
        ("MOVED 3999 127.0.0.1:6381", JournalError, "MOVED"),
        ("ERR unknown CANARY", JournalError, "ERR$"),
        ("CANARY: no code at all", JournalError, "ERR$"),
    ],
)
def test_an_error_reply_is_told_by_its_code(
    reply: str, kind: type[JournalError], told: str
) -> None:
    error = translate(BaseParser.parse_error(reply))
    assert type(error) is kind
    assert re.search(told, str(error))
    assert "CANARY" not in str(error)
