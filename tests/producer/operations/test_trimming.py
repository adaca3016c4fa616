"""What nobody needs any more leaves the results stream, and nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import redis

from deploy.local.server import Server
from producer.connection import connect, execute
from producer.operations import trimming
from producer.operations.trimming import forget_consumers, trim, trim_all
from tests import needs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from producer import JournalClient, Settings

STREAM = "journal.results"


@pytest.fixture(scope="module", params=["valkey", "redis 7.0"])
def redis_server(
    request: pytest.FixtureRequest,
    redis_server: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """Each kind of server in turn, in place of Valkey alone."""
    if request.param == "valkey":
        yield redis_server
        return
    program = needs.program("redis-server")
    with Server(program=program, directory=tmp_path_factory.mktemp("debian-redis")) as server:
        yield server


@pytest.fixture
def run(settings: Settings) -> Callable[[Any], Any]:
    connection = connect(settings.redis_url)
    return lambda operation: execute(connection, operation)


def fill(raw: redis.Redis, count: int) -> list[str]:
    """Put small results on the stream; returns their ids."""
    pipeline = raw.pipeline()
    for i in range(count):
        pipeline.xadd(STREAM, {"entry_id": f"e{i}", "sealed": "x"})
    return [str(stream_id) for stream_id in pipeline.execute()]


def kept(raw: redis.Redis) -> list[str]:
    return [str(stream_id) for stream_id, _ in raw.xrange(STREAM)]


def read(raw: redis.Redis, group: str, count: int, consumer: str = "c") -> list[str]:
    """Read by a plain XREADGROUP, as a reader in another language does."""
    reply = raw.xreadgroup(group, consumer, {STREAM: ">"}, count=count)
    return [str(stream_id) for _, items in reply for stream_id, _ in items]


def test_one_result_that_is_never_acknowledged_keeps_no_other(
    client: JournalClient, raw: redis.Redis
) -> None:
    for group in ("one", "two"):
        raw.xgroup_create(STREAM, group, "0", mkstream=True)
    ids = fill(raw, 2500)
    for group in ("one", "two"):
        assert read(raw, group, 2500) == ids
        assert client.acknowledge(ids[1:], group=group) == 2499
    assert kept(raw) == ids[:1]


def test_what_another_group_has_not_read_or_acknowledged_stays(
    client: JournalClient, raw: redis.Redis
) -> None:
    for group in ("fast", "slow"):
        raw.xgroup_create(STREAM, group, "0", mkstream=True)
    ids = fill(raw, 6)
    read(raw, "fast", 6)
    assert client.acknowledge(ids, group="fast") == 6
    assert read(raw, "slow", 3) == ids[:3]
    assert client.acknowledge([ids[1]], group="slow") == 1
    assert client.acknowledge(ids, group="fast") == 0
    assert kept(raw) == [ids[0], *ids[2:]]


def test_a_group_deletes_nothing_that_it_has_not_read_itself(
    client: JournalClient, raw: redis.Redis
) -> None:
    raw.xgroup_create(STREAM, "one", "0", mkstream=True)
    ids = fill(raw, 2)
    assert client.acknowledge(ids, group="one") == 0
    assert client.acknowledge(ids, group="no such group") == 0
    assert kept(raw) == ids


def test_a_stream_without_a_group_keeps_everything(
    client: JournalClient, raw: redis.Redis, run: Callable[[Any], Any]
) -> None:
    ids = fill(raw, 3)
    assert client.acknowledge(ids, group="nobody") == 0
    assert run(trim_all(client._settings)) == 0
    assert kept(raw) == ids


def test_ids_that_a_double_cannot_tell_apart_are_told_apart(
    client: JournalClient, raw: redis.Redis
) -> None:
    raw.xgroup_create(STREAM, "one", "0", mkstream=True)
    ids = [f"1-{2**63 + 1}", f"1-{2**63 + 2}"]
    for stream_id in ids:
        raw.execute_command("XADD", STREAM, stream_id, "entry_id", "e")
    read(raw, "one", 1)
    client.acknowledge(ids, group="one")
    assert kept(raw) == ids[1:]


def test_trimming_deletes_what_was_acknowledged_by_a_plain_xack(
    raw: redis.Redis, settings: Settings, run: Callable[[Any], Any]
) -> None:
    for group in ("one", "two"):
        raw.xgroup_create(STREAM, group, "0", mkstream=True)
    ids = fill(raw, 1200)
    for group, unacknowledged in (("one", ids[0]), ("two", ids[700])):
        assert read(raw, group, 1000) == ids[:1000]
        raw.xack(STREAM, group, *(one for one in ids[:1000] if one != unacknowledged))
    assert run(trim_all(settings)) == 998
    assert kept(raw) == [ids[0], ids[700], *ids[1000:]]
    assert run(trim_all(settings)) == 0


def test_one_call_looks_at_a_page_and_says_where_to_go_on(
    raw: redis.Redis,
    settings: Settings,
    run: Callable[[Any], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trimming, "TRIM_PAGE", 4)
    raw.xgroup_create(STREAM, "one", "0", mkstream=True)
    ids = fill(raw, 10)
    read(raw, "one", 10)
    raw.xack(STREAM, "one", *ids[1:])
    first, cursor = run(trim(settings))
    assert (first, cursor) == (3, ids[3])
    # Another exporter looks at the same time.
    assert run(trim_all(settings)) == 6
    assert run(trim(settings, cursor)) == (0, "")
    assert kept(raw) == ids[:1]


def test_trimming_a_stream_that_is_gone_is_no_error(
    settings: Settings, run: Callable[[Any], Any]
) -> None:
    assert run(trim(settings)) == (0, "")
    assert run(forget_consumers(settings)) == 0


def test_consumers_that_hold_nothing_and_ask_no_more_are_forgotten(
    raw: redis.Redis,
    settings: Settings,
    run: Callable[[Any], Any],
    monkeypatch: pytest.MonkeyPatch,
    wait_until: Callable[..., Any],
) -> None:
    raw.xgroup_create(STREAM, "one", "0", mkstream=True)
    fill(raw, 4)
    read(raw, "one", 1, consumer="holds one")
    for consumer in ("gone", "gone too", "last"):
        wait_until(lambda: min(one["idle"] for one in raw.xinfo_consumers(STREAM, "one")) > 1)
        raw.xack(STREAM, "one", *read(raw, "one", 1, consumer=consumer))

    def consumers() -> set[str]:
        return {one["name"] for one in raw.xinfo_consumers(STREAM, "one")}

    assert run(forget_consumers(settings)) == 0  # not yet: they may only be slow
    monkeypatch.setattr(trimming, "FORGET_AFTER_MS", 50)

    def forgotten() -> bool:
        run(forget_consumers(settings))
        return consumers() == {"holds one", "last"}

    wait_until(forgotten)
    assert raw.xpending(STREAM, "one")["pending"] == 1
    monkeypatch.setattr(trimming, "FORGET_AFTER_MS", 0)
    run(forget_consumers(settings))
    assert consumers() == {"holds one", "last"}  # the last tells when the group last read
