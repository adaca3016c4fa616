"""Submitting, looking, waiting and cancelling by HTTP, against a real server."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from producer.gateway import api_keys
from producer.gateway.entry import Result
from tests.producer.gateway.support import TEXT, Running, Worker, add_key, caller, serving
from tests.producer.support import QUEUE, queued_ids

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx2
    import redis

    from producer import KeySet, Settings


def test_an_entry_is_submitted_and_its_result_is_there_once_it_is_answered(
    app: httpx2.Client, worker: Worker
) -> None:
    posted = app.post("/v1/entries", json={"text": TEXT, "context": "evening"})
    assert posted.status_code == 202
    entry = posted.json()
    assert entry == {"id": entry["id"], "status": "waiting"}
    assert posted.headers["location"] == f"/v1/entries/{entry['id']}"
    looked = app.get(posted.headers["location"])
    assert (looked.status_code, looked.json()) == (202, entry)
    assert worker.work() == 1
    found = app.get(posted.headers["location"])
    assert found.status_code == 200
    assert found.json()["status"] == "done"
    assert found.json()["result"]["context"] == "evening"
    assert list(found.json()["result"]) == list(Result.model_fields)


def test_who_waits_gets_the_result_at_once(app: httpx2.Client, answering: Worker) -> None:
    posted = app.post("/v1/entries?wait=10", json={"text": TEXT})
    assert posted.status_code == 200
    assert posted.json()["result"]["model"] == "m"
    assert TEXT not in posted.text


def test_a_wait_that_is_too_short_ends_and_a_long_poll_goes_on(
    app: httpx2.Client, worker: Worker
) -> None:
    posted = app.post("/v1/entries?wait=0.05", json={"text": TEXT})
    assert posted.status_code == 202
    with ThreadPoolExecutor(1) as pool:
        polled = pool.submit(app.get, posted.headers["location"], params={"wait": 10})
        assert worker.work() == 1
        assert polled.result().status_code == 200


def test_several_entries_are_submitted_at_once(app: httpx2.Client, worker: Worker) -> None:
    entries = [{"id": "one", "text": TEXT}, {"text": "Soup again.", "context": "c"}]
    posted = app.post("/v1/entries", json={"entries": entries})
    assert posted.status_code == 202
    first, second = posted.json()["entries"]
    assert first == {"id": "one", "status": "waiting"}
    worker.work()
    for entry in (first, second):
        assert app.get(f"/v1/entries/{entry['id']}").json()["status"] == "done"


def test_an_entry_that_is_sent_again_is_enqueued_once(
    app: httpx2.Client, worker: Worker, raw: redis.Redis
) -> None:
    for sent in ("entry-17", '"entry-17"'):
        headers = {"Idempotency-Key": sent}
        posted = app.post("/v1/entries", json={"text": TEXT}, headers=headers)
        assert (posted.status_code, posted.json()["id"]) == (202, "entry-17")
    assert queued_ids(raw) == ["app:entry-17"]
    worker.work()
    again = app.post("/v1/entries", json={"text": TEXT}, headers=headers)
    assert (again.status_code, again.json()["status"]) == (200, "done")
    raw.delete(f"{QUEUE}.reply:app:entry-17")
    late = app.post("/v1/entries", json={"text": TEXT}, headers=headers)
    assert late.status_code == 409
    assert raw.llen(QUEUE) == 0


def test_no_api_key_reaches_the_entries_of_another(
    app: httpx2.Client, other: httpx2.Client, worker: Worker
) -> None:
    for client in (app, other):
        client.post("/v1/entries", json={"text": TEXT}, headers={"Idempotency-Key": "a"})
    app.post("/v1/entries", json={"text": TEXT}, headers={"Idempotency-Key": "mine"})
    for entry_id in ("mine", "app:mine", "app%3Amine"):
        assert other.get(f"/v1/entries/{entry_id}").status_code == 404
        assert other.delete(f"/v1/entries/{entry_id}").status_code == 404
    worker.work()
    assert [entry.entry_id for entry in worker.entries] == ["app:a", "other:a", "app:mine"]
    assert other.get("/v1/entries/mine").status_code == 404
    assert app.get("/v1/entries/mine").status_code == 200


def test_an_entry_is_cancelled_unless_it_is_answered(
    app: httpx2.Client, worker: Worker, raw: redis.Redis
) -> None:
    for entry_id in ("a", "b"):
        app.post("/v1/entries", json={"text": TEXT}, headers={"Idempotency-Key": entry_id})
    assert app.delete("/v1/entries/a").status_code == 204
    assert queued_ids(raw) == ["app:b"]
    assert app.get("/v1/entries/a").json() == {"id": "a", "status": "cancelled"}
    assert app.delete("/v1/entries/a").status_code == 204
    worker.work()
    assert app.delete("/v1/entries/b").status_code == 409
    assert app.delete("/v1/entries/c").status_code == 404


def test_why_an_entry_failed_is_told(app: httpx2.Client, worker: Worker) -> None:
    location = app.post("/v1/entries", json={"text": TEXT}).headers["location"]
    worker.bury()
    found = app.get(location)
    assert found.status_code == 200
    assert found.json()["reason"] == "classifier_failed"
    assert found.json()["status"] == "failed"
    assert app.delete(location).status_code == 409


def test_more_waits_than_there_is_room_for_are_answered_at_once(
    settings: Settings, keys: KeySet, api_keys_file: Path, app_key: str, wait_until: Any
) -> None:
    with (
        serving(settings, keys, api_keys_file, max_waits=2) as gateway,
        caller(gateway.url, app_key) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        waits = [
            pool.submit(client.post, "/v1/entries?wait=30", json={"text": TEXT}) for _ in range(2)
        ]
        wait_until(lambda: gateway.gateway.waits.taken == 2)
        assert client.post("/v1/entries?wait=30", json={"text": TEXT}).status_code == 202
        gateway.gateway.drain()
        assert [wait.result().status_code for wait in waits] == [202, 202]
        # The connections of waits that were cut short are whole.
        with ThreadPoolExecutor(2) as again:
            found = [again.submit(client.get, one.result().headers["location"]) for one in waits]
        assert [one.result().status_code for one in found] == [202, 202]


def test_a_wait_ends_when_its_caller_is_gone(
    running: Running, app_key: str, wait_until: Any
) -> None:
    with pytest.raises(Exception, match="timed out"), caller(running.url, app_key) as client:
        client.post("/v1/entries?wait=30", json={"text": TEXT}, timeout=0.3)
    wait_until(lambda: running.gateway.waits.taken == 0)


def test_many_who_wait_at_once_each_get_their_own_result(
    app: httpx2.Client, answering: Worker
) -> None:
    def ask(number: int) -> str:
        answer = app.post("/v1/entries?wait=20", json={"text": TEXT, "context": str(number)})
        context: str = answer.json()["result"]["context"]
        return context

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(ask, range(60))) == [str(number) for number in range(60)]


def test_a_full_queue_is_told_with_what_was_taken(
    settings: Settings, keys: KeySet, api_keys_file: Path, app_key: str, raw: redis.Redis
) -> None:
    small = settings.model_copy(update={"max_queue_entries": 2})
    entries = [{"id": name, "text": TEXT} for name in "abc"]
    with (
        serving(small, keys, api_keys_file) as gateway,
        caller(gateway.url, app_key) as client,
    ):
        refused = client.post("/v1/entries", json={"entries": entries})
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        assert [one["id"] for one in refused.json()["entries"]] == ["a", "b"]
        assert client.post("/v1/entries", json={"text": TEXT}).status_code == 503
    assert queued_ids(raw) == ["app:a", "app:b"]


def test_the_entries_of_a_key_go_into_its_lane(
    settings: Settings, keys: KeySet, api_keys_file: Path, raw: redis.Redis, app_key: str
) -> None:
    lanes = settings.model_copy(update={"lanes": "interactive=8,bulk=1", "max_queue_entries": 4})
    bulk = add_key(api_keys_file, "import", lane="bulk")
    lost = add_key(api_keys_file, "lost", lane="night")
    with serving(lanes, keys, api_keys_file) as running:
        with caller(running.url, app_key) as app:
            assert app.post("/v1/entries", json={"text": TEXT}).status_code == 202
        with caller(running.url, bulk) as importing:
            entries = {"entries": [{"text": TEXT}] * 3}
            full = importing.post("/v1/entries", json=entries)
            assert (full.status_code, len(full.json()["entries"])) == (503, 2)
        with caller(running.url, app_key) as app:
            assert app.post("/v1/entries", json={"text": TEXT}).status_code == 202
            assert app.get("/v1/live").json()["waiting"] == 4
        with caller(running.url, lost) as other:
            refused = other.post("/v1/entries", json={"text": TEXT})
            assert refused.status_code == 500
            assert refused.json()["detail"] == "the gateway is not set up correctly"
    assert (raw.llen(QUEUE), raw.llen(f"{QUEUE}.lane:bulk")) == (2, 2)


def test_a_queue_that_cannot_be_reached_is_told(
    settings: Settings, keys: KeySet, api_keys_file: Path, app_key: str
) -> None:
    dead = settings.model_copy(
        update={
            "redis_url": type(settings.redis_url)("redis://127.0.0.1:1"),
            "timeout_seconds": 0.3,
        }
    )
    with (
        serving(dead, keys, api_keys_file) as gateway,
        caller(gateway.url, app_key) as client,
    ):
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        for answer in (
            client.post("/v1/entries", json={"text": TEXT}),
            client.get("/v1/entries/a"),
            client.get("/v1/live"),
            client.get("/v1/results"),
        ):
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["retry-after"]


def test_a_key_that_is_added_or_removed_counts_within_seconds(
    running: Running, api_keys_file: Path, app_key: str, wait_until: Callable[..., Any]
) -> None:
    third = add_key(api_keys_file, "third")
    with caller(running.url, third) as client:
        wait_until(lambda: client.get("/v1/labels").status_code == 200)
        left = tuple(
            key for key in api_keys.ApiKeys(api_keys_file).content.keys if key.name != "third"
        )
        api_keys.write(api_keys_file, left)
        wait_until(lambda: client.get("/v1/labels").status_code == 401)
    with caller(running.url, app_key) as client:
        assert client.get("/v1/labels").status_code == 200


def test_the_gateway_runs_several_requests_beside_one_that_waits(
    app: httpx2.Client, running: Running
) -> None:
    thread = threading.Thread(
        target=app.post, args=("/v1/entries?wait=1",), kwargs={"json": {"text": TEXT}}
    )
    thread.start()
    assert app.get("/readyz").status_code == 200
    running.gateway.drain()
    thread.join()


def test_callers_take_turns_as_tenants_by_the_name_of_their_key(
    settings: Settings, keys: KeySet, api_keys_file: Path, app_key: str, raw: redis.Redis
) -> None:
    tenants = settings.model_copy(update={"tenant_buckets": 8})
    with (
        serving(tenants, keys, api_keys_file) as gateway,
        caller(gateway.url, app_key) as app,
    ):
        for _ in range(3):
            assert app.post("/v1/entries", json={"text": TEXT}).status_code == 202
    bucket = keys.bucket("app", 8)
    # The first was to wake a worker.
    assert (raw.llen(QUEUE), raw.llen(f"{QUEUE}.lane:.tenants:{bucket}/8")) == (1, 2)
