"""The gateway over three shards."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from producer import Settings
from producer.gateway import api_keys
from producer.gateway.delivery.listening import positions_of
from producer.gateway.entry import inner_id
from tests.producer.gateway.support import TEXT, add_key, caller, serving
from tests.producer.gateway.test_events import listening, submit
from tests.producer.gateway.test_webhooks import endpoint
from tests.producer.support import publish_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx2
    import redis

    from deploy.local.server import Server
    from producer import KeySet
    from tests.producer.gateway.support import Running

    Raws = dict[str, redis.Redis]

IDS = [f"e{number}" for number in range(60)]


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producer.gateway.context.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("producer.gateway.delivery.router._BLOCK_SECONDS", 0.2)
    monkeypatch.setattr("producer.operations.sharded.outages.REST_SECONDS", 0.2)


@pytest.fixture
def api_keys_file(tmp_path: Path) -> Path:
    return tmp_path / "api-keys.json"


@pytest.fixture
def app_key(api_keys_file: Path) -> str:
    return add_key(api_keys_file, "app")


@pytest.fixture
def settings(shard_settings: Callable[..., Settings], request: pytest.FixtureRequest) -> Settings:
    """Patient, so that a machine that stands still for a moment fails no test of what works."""
    return shard_settings(timeout_seconds=getattr(request, "param", 15.0))


# For tests that take a shard away: each call waits so long for it.
gives_up_soon = pytest.mark.parametrize("settings", [1.0], indirect=True, ids=["gives_up_soon"])


@pytest.fixture
def running(
    settings: Settings, keys: KeySet, api_keys_file: Path, app_key: str
) -> Iterator[Running]:
    with serving(settings, keys, api_keys_file, heartbeat_seconds=0.2) as gateway:
        yield gateway


@pytest.fixture
def app(running: Running, app_key: str) -> Iterator[httpx2.Client]:
    with caller(running.url, app_key) as client:
        yield client


@contextmanager
def without(server: Server) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


def only(settings: Settings, names: str) -> Settings:
    """Settings of some of the shards alone."""
    assert settings.shard_set is not None
    told = [
        f"{s.name}={s.url.get_secret_value()}" for s in settings.shard_set.all if s.name in names
    ]
    return Settings.load(shards=" ".join(told), keys_file=settings.keys_file)


def owned(settings: Settings, shard: str, ids: list[str] = IDS) -> set[str]:
    """Those of the app's entries that this shard has."""
    assert settings.shard_set is not None
    owners = settings.shard_set.owners
    return {one for one in ids if owners(inner_id("app", one))[0] == shard}


def test_entries_are_answered_and_their_events_come_once_from_all_shards(
    app: httpx2.Client, settings: Settings, raws: Raws, workers: Any
) -> None:
    with workers(settings), listening(app) as stream:
        start, _ = next(stream)
        submit(app, *IDS)
        found = [next(stream) for _ in IDS]
        assert {data["id"] for _, data in found} == set(IDS)
        assert app.get("/v1/entries/e7").json()["status"] == "done"
    for raw in raws.values():
        assert raw.xlen("journal.entries.gateway.results:app") > 10
    # From any event on what follows comes, and nothing twice.
    middle, behind = found[29][0], {data["id"] for _, data in found[30:]}
    assert middle.count("~") == 2
    with listening(app, middle) as resumed:
        assert next(resumed)[0] == middle
        assert {next(resumed)[1]["id"] for _ in behind} == behind
    with listening(app, start) as again:
        next(again)
        assert {next(again)[1]["id"] for _ in IDS} == set(IDS)
    with workers(settings):
        told = app.post("/v1/entries?wait=10", json={"text": TEXT}).json()
    assert told["status"] == "done"


def test_a_stream_that_moves_between_gateways_misses_nothing_and_repeats_nothing(
    *,
    app: httpx2.Client,
    settings: Settings,
    keys: KeySet,
    api_keys_file: Path,
    app_key: str,
    workers: Any,
) -> None:
    seen: list[str] = []
    position = "0"
    with (
        workers(settings),
        serving(settings, keys, api_keys_file) as gateway,
        caller(gateway.url, app_key) as twin,
    ):
        sending = threading.Thread(
            target=lambda: [submit(app, *IDS[first : first + 3]) for first in range(0, 60, 3)]
        )
        sending.start()
        for kill in range(20):
            with listening((app, twin)[kill % 2], position) as stream:
                while len(seen) < 3 * (kill + 1):
                    position, data = next(stream)
                    seen += [data["id"]] if data else []
        sending.join()
    assert sorted(seen) == sorted(IDS)


@gives_up_soon
def test_a_shard_that_is_down_stops_only_its_share(
    *,
    app: httpx2.Client,
    running: Running,
    settings: Settings,
    servers: dict[str, Server],
    workers: Any,
    wait_until: Callable[..., Any],
) -> None:
    lost = owned(settings, "b")
    others = set(IDS) - lost
    entries = [{"id": one, "text": TEXT} for one in IDS]
    with workers(only(settings, "ac")), ExitStack() as opened:
        with without(servers["b"]):
            answer = app.post("/v1/entries", json={"entries": entries})
            assert answer.status_code == 503
            assert {one["id"] for one in answer.json()["entries"]} == others
            with listening(app, "0") as stream:
                next(stream)
                assert {next(stream)[1]["id"] for _ in others} == others
            assert app.get("/readyz").status_code == 200
            live = app.get("/v1/live").json()
            assert (live["missing"], live["waiting"]) == (1, 0)
            from_now_on = opened.enter_context(listening(app))
            next(from_now_on)
        opened.enter_context(workers(only(settings, "b")))
        wait_until(lambda: app.post("/v1/entries", json={"entries": entries}).status_code == 202)
        assert {next(from_now_on)[1]["id"] for _ in lost} == lost
        wait_until(lambda: app.get("/v1/live").json()["missing"] == 0)


def test_webhooks_come_from_all_shards_each_with_an_id_of_its_own(
    settings: Settings, keys: KeySet, api_keys_file: Path, raws: Raws, wait_until: Any
) -> None:
    with endpoint(200) as to:
        add_key(api_keys_file, "app", webhook_url=to.url)
        with serving(settings, keys, api_keys_file, webhooks_private=True):
            wait_until(
                lambda: all(raw.zcard("journal.entries.gateway.names") for raw in raws.values())
            )
            for raw in raws.values():
                publish_result(raw, keys, *(f"app:{number}" for number in range(5)))
            wait_until(lambda: len(to.taken) == 15)
    told = [headers["webhook-id"] for headers, _ in to.taken]
    assert len(set(told)) == 15
    assert {one[:6] for one in told} == {"msg_a-", "msg_b-", "msg_c-"}


@gives_up_soon
def test_a_rate_holds_over_all_shards_and_while_its_own_is_down(
    settings: Settings, keys: KeySet, api_keys_file: Path, servers: dict[str, Server], raws: Raws
) -> None:
    key = add_key(api_keys_file, "app", rate="5/hour")
    with serving(settings, keys, api_keys_file) as gateway, caller(gateway.url, key) as app:
        assert [app.get("/v1/entries/x").status_code for _ in range(6)] == [404] * 5 + [429]
        (own,) = [name for name, raw in raws.items() if raw.keys("*gateway.rates*")]
        ids = sorted(set(IDS) - owned(settings, own))
        with without(servers[own]):
            told = [app.get(f"/v1/entries/{ids[0]}").status_code for _ in range(6)]
        assert told == [404] * 5 + [429]


@gives_up_soon
def test_a_key_that_was_removed_is_refused_and_a_new_one_waits_while_a_shard_is_down(
    *,
    app: httpx2.Client,
    running: Running,
    api_keys_file: Path,
    servers: dict[str, Server],
    raws: Raws,
    wait_until: Callable[..., Any],
) -> None:
    with without(servers["b"]):
        api_keys_file.unlink()
        new = add_key(api_keys_file, "new")
        wait_until(lambda: app.get("/v1/labels").status_code == 401)
        with caller(running.url, new) as client:
            assert client.get("/v1/labels").status_code == 401
    with caller(running.url, new) as client:
        wait_until(lambda: client.get("/v1/labels").status_code == 200)
    assert all(raw.zscore("journal.entries.gateway.names", "new") for raw in raws.values())
    assert len(api_keys.ApiKeys(api_keys_file).content.keys) == 1


@pytest.mark.parametrize(
    ("told", "positions"),
    [
        ("0", {"a": "0", "b": "0-0"}),
        # Of the time before there were shards: the one Redis is the first of them.
        ("17-3", {"a": "17-3", "b": "0-0"}),
        ("b:5-0~a:17-3", {"a": "17-3", "b": "5-0"}),
        # c is retired, and b is new.
        ("c:9-9~a:17-3", {"a": "17-3", "b": "0-0"}),
    ],
)
def test_a_position_outlives_a_change_of_shards(told: str, positions: dict[str, str]) -> None:
    assert positions_of(told, ("a", "b")) == positions


@pytest.mark.parametrize("told", ["a", "a:", "a:1-0~", "a:1-0+b:2-0", "A:1-0", "1-0~2-0"])
def test_what_is_no_position_is_refused(app: httpx2.Client, told: str) -> None:
    assert app.get("/v1/results", headers={"Last-Event-ID": told}).status_code == 400
