"""Results as server-sent events, against a real server and several gateways."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from producer.connection import Limit, connect, execute
from producer.gateway.delivery.operations import GROUP, read_group
from tests.producer.gateway.support import TEXT, Running, Worker, add_key, caller, serving
from tests.producer.support import publish_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import redis

    from producer import KeySet, Settings

Event = tuple[str, dict[str, Any]]


def events(lines: Iterator[str]) -> Iterator[Event]:
    """The events of a stream: id and data; one without data as its id alone."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif fields.get("id"):
            yield fields["id"], json.loads(fields.get("data", "{}"))
            fields = {}
        else:
            fields = {}


@contextmanager
def listening(client: httpx2.Client, after: str | None = None) -> Iterator[Iterator[Event]]:
    headers = {"Last-Event-ID": after} if after else {}
    with client.stream("GET", "/v1/results", headers=headers) as stream:
        assert stream.status_code == 200, stream.read()
        assert stream.headers["content-type"].startswith("text/event-stream")
        yield events(stream.iter_lines())


def submit(client: httpx2.Client, *ids: str) -> None:
    entries = [{"id": one, "text": TEXT, "context": one} for one in ids]
    assert client.post("/v1/entries", json={"entries": entries}).status_code == 202


def test_results_and_failures_come_as_events_to_all_who_listen(
    app: httpx2.Client, other: httpx2.Client, worker: Worker
) -> None:
    with listening(app) as first, listening(app) as second, listening(other) as third:
        for stream in (first, second, third):
            assert next(stream)[1] == {}
        submit(app, "a")
        worker.work()
        submit(other, "b")
        worker.bury()
        for stream in (first, second):
            assert next(stream)[1]["result"]["context"] == "a"
        _, failed = next(third)
    assert failed == {"id": "b", "status": "failed", "reason": "classifier_failed"}


def test_a_stream_that_is_killed_and_resumed_misses_nothing_and_repeats_nothing(
    *,
    app: httpx2.Client,
    answering: Worker,
    settings: Settings,
    keys: KeySet,
    api_keys_file: Path,
    app_key: str,
) -> None:
    ids = [f"e{number}" for number in range(150)]
    seen: list[str] = []
    position = "0"
    with serving(settings, keys, api_keys_file) as gateway, caller(gateway.url, app_key) as twin:
        sending = threading.Thread(
            target=lambda: [submit(app, *ids[first : first + 3]) for first in range(0, 150, 3)]
        )
        sending.start()
        for kill in range(50):
            with listening((app, twin)[kill % 2], position) as stream:
                while len(seen) < 3 * (kill + 1):
                    position, data = next(stream)
                    seen += [data["id"]] if data else []
        sending.join()
    assert sorted(seen) == sorted(ids)


def test_who_is_far_behind_catches_up_from_redis(
    app: httpx2.Client, raw: redis.Redis, keys: KeySet, wait_until: Callable[..., Any]
) -> None:
    with listening(app) as stream:
        position, _ = next(stream)
        publish_result(raw, keys, *(f"app:{number}" for number in range(300)))
        last = [next(stream) for _ in range(300)][-1]
        assert last[1]["id"] == "299"
        with listening(app, position) as late:
            assert [next(late)[1].get("id") for _ in range(301)] == [
                None, *(str(number) for number in range(300))
            ]  # fmt: skip


def test_results_of_others_are_acknowledged_and_left_to_them(
    app: httpx2.Client, raw: redis.Redis, keys: KeySet, wait_until: Callable[..., Any]
) -> None:
    raw.xgroup_create("journal.results", "backend", "0", mkstream=True)
    publish_result(raw, keys, "plain", "nobody:1", "Not-A-Name:1", "app:mine", "app:")

    def acknowledged() -> bool:
        groups = {one["name"]: one for one in raw.xinfo_groups("journal.results")}
        group = groups.get(GROUP, {})
        return group.get("pending") == 0 and group.get("entries-read") == 5

    wait_until(acknowledged)
    assert raw.xlen("journal.results") == 5
    assert raw.keys("*gateway.results:*") == ["journal.entries.gateway.results:app"]
    assert raw.xlen("journal.entries.gateway.results:app") == 1


def test_the_result_of_a_key_that_this_process_does_not_know_yet_is_kept_for_it(
    running: Running, raw: redis.Redis, keys: KeySet, wait_until: Callable[..., Any]
) -> None:
    raw.zadd("journal.entries.gateway.names", {"new": 4_000_000_000})
    publish_result(raw, keys, "new:1")
    wait_until(lambda: raw.xlen("journal.entries.gateway.results:new") == 1)
    assert 86_000 < raw.ttl("journal.entries.gateway.results:new") <= 86_400


def test_what_a_process_read_when_it_died_is_taken_over_by_another(
    *,
    settings: Settings,
    keys: KeySet,
    raw: redis.Redis,
    api_keys_file: Path,
    app_key: str,
    wait_until: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("producer.gateway.delivery.router.TAKE_OVER_SECONDS", 0.2)
    publish_result(raw, keys, "app:1")
    streams = (settings.results, settings.dead)
    with connect(settings.redis_url) as died:
        limit = Limit(5.0)
        execute(died, read_group(streams, GROUP, count=10, block=0), limit)
        assert len(execute(died, read_group(streams, GROUP, count=10, block=0), limit)) == 1
    with serving(settings, keys, api_keys_file):
        publish_result(raw, keys, "app:2")
        wait_until(lambda: raw.xlen("journal.entries.gateway.results:app") == 2)


def test_a_result_that_does_not_open_does_not_hold_up_the_others(
    app: httpx2.Client, raw: redis.Redis, keys: KeySet
) -> None:
    with listening(app, "0") as stream:
        next(stream)
        raw.xadd("journal.results", {"entry_id": "app:bad", "sealed": "no JWE"})
        publish_result(raw, keys, "app:good")
        found = [next(stream)[1] for _ in range(2)]
    assert found[0] == {}
    assert found[1]["id"] == "good"


def test_streams_end_cleanly_when_the_gateway_stops(
    settings: Settings, keys: KeySet, api_keys_file: Path, app_key: str
) -> None:
    with (
        serving(settings, keys, api_keys_file, drain_seconds=0.3) as gateway,
        caller(gateway.url, app_key) as client,
        listening(client) as stream,
    ):
        next(stream)
        gateway.stop()
        while client.get("/readyz").status_code != 503:
            pass
        assert list(stream) == []  # and no error: the last chunk came
        gateway.join()


def test_more_streams_than_there_is_room_for_are_refused_and_a_lost_key_ends_its_streams(
    settings: Settings,
    keys: KeySet,
    api_keys_file: Path,
    app_key: str,
    wait_until: Callable[..., Any],
) -> None:
    bounds = {"max_streams_per_key": 1, "heartbeat_seconds": 0.1}
    with (
        serving(settings, keys, api_keys_file, **bounds) as gateway,
        caller(gateway.url, app_key) as client,
    ):
        with listening(client) as stream:
            next(stream)
            refused = client.get("/v1/results")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
            api_keys_file.unlink()
            add_key(api_keys_file, "other")
            assert list(stream) == []
        wait_until(lambda: gateway.gateway.streams.taken == 0)
        assert gateway.gateway.streams_of == {}


def test_live_figures_tell_what_the_system_does(
    app: httpx2.Client, worker: Worker, wait_until: Callable[..., Any]
) -> None:
    figures = app.get("/v1/live").json()
    assert figures["waiting"] == figures["dead"] == 0
    assert figures["p50"] is None
    assert figures["rate"] is None
    submit(app, "a", "b")
    worker.claims.announce(1)
    worker.work()
    found = wait_until(lambda: (now := app.get("/v1/live").json())["p50"] is not None and now)
    assert 0 <= found["p50"] <= found["p95"]
    assert found["workers"] == 1
    assert wait_until(lambda: (now := app.get("/v1/live").json())["rate"] is not None and now)


def test_each_label_of_the_shipped_model_is_explained(app: httpx2.Client) -> None:
    config = files("worker.models").joinpath("distortions", "config.json").read_text("utf-8")
    labels = app.get("/v1/labels").json()["labels"]
    assert {one["label"] for one in labels} == set(json.loads(config)["id2label"].values())
    assert all(one["explanation"].endswith(".") for one in labels)
