"""What no caller should send: each gets the right status, nothing is enqueued, nothing is told."""

from __future__ import annotations

import json
import logging
import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.producer.gateway.support import TEXT, Running, caller, serving
from tests.producer.support import QUEUE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx2
    import redis

    from producer import KeySet, Settings

SECRET = "Zebulon"
JSON = {"Content-Type": "application/json"}
MOST = 100_000


@pytest.fixture
def running(
    settings: Settings, keys: KeySet, api_keys_file: Path, other_key: str
) -> Iterator[Running]:
    limits = {"max_body_bytes": MOST, "body_seconds": 0.3, "header_seconds": 0.3}
    with serving(settings, keys, api_keys_file, **limits) as gateway:
        yield gateway


def entry(**members: Any) -> bytes:
    return json.dumps({"text": TEXT, **members}).encode()


def entries(*many: Any) -> bytes:
    return json.dumps({"entries": many}).encode()


#: What is sent, and the status that it should get.
BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "no JSON": (f"text={SECRET}".encode(), 400),
    "half a body": (entry()[:-1], 400),
    "not UTF-8": (b'{"text": "Zebulon \xff\xfe"}', 400),
    "lone surrogate": (b'{"text": "Zebulon \\ud800"}', 400),
    "nested deeply": (b'{"text": ' + b"[" * 40_000 + b"]" * 40_000 + b"}", 400),
    "not a number": (b'{"text": NaN}', 400),
    "a list": (json.dumps([SECRET]).encode(), 422),
    "a string": (json.dumps(SECRET).encode(), 422),
    "null": (b"null", 422),
    "no text": (b"{}", 422),
    "text of another type": (json.dumps({"text": [SECRET]}).encode(), 422),
    "text is a number": (b'{"text": 17}', 422),
    "text is null": (b'{"text": null}', 422),
    "empty text": (b'{"text": ""}', 422),
    "blank text": (b'{"text": " \\n\\t "}', 422),
    "too many characters": (json.dumps({"text": "a" * 50_001}).encode(), 422),
    "long context": (entry(context=SECRET * 50), 422),
    "another member": (entry(**{f"{SECRET} told me": SECRET}), 422),
    "an id in the body": (entry(id="a"), 422),
    "no entries": (entries(), 422),
    "entries is a text": (json.dumps({"entries": SECRET}).encode(), 422),
    "one of several is wrong": (entries({"text": TEXT}, {"text": 5}), 422),
    "one of several is blank": (entries({"text": TEXT}, {"text": " "}), 422),
    "two with one id": (entries({"id": "a", "text": TEXT}, {"id": "a", "text": "b"}), 422),
    "id with a path": (entries({"id": "../a", "text": TEXT}), 422),
    "id that is long": (entries({"id": "a" * 96, "text": TEXT}), 422),
    "both": (entry(entries=[]), 422),
    "101 entries": (entries(*({"text": "a"} for _ in range(101))), 413),
    "10,000 entries": (entries(*({"text": "a"} for _ in range(10_000))), 413),
    "oversized": (json.dumps({"text": "a" * MOST}).encode(), 413),
}


def test_bodies_that_are_wrong_are_refused_without_being_quoted(
    app: httpx2.Client, raw: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = {}
    for name, (body, status) in BODIES.items():
        answer = app.post("/v1/entries", content=body, headers=JSON)
        found = (answer.status_code, answer.headers["content-type"])
        if found != (status, "application/problem+json") or SECRET in answer.text:
            wrong[name] = (*found, answer.text)
        assert set(answer.json()) >= {"type", "title", "status", "detail"}
    assert not wrong
    assert raw.llen(QUEUE) == 0
    assert SECRET not in caplog.text


def test_requests_that_are_wrong_get_the_right_status(
    app: httpx2.Client, raw: redis.Redis, other_key: str
) -> None:
    def ask(method: str, path: str, **headers: str) -> int:
        answer = app.request(method, path, content=entry(), headers={**JSON, **headers})
        assert answer.headers["content-type"] == "application/problem+json", (method, path)
        return answer.status_code

    wrong_secret = f"Bearer {other_key[:-1]}{'a' if other_key[-1] != 'a' else 'b'}"
    found = {
        "no key": ask("POST", "/v1/entries", Authorization=""),
        "another scheme": ask("POST", "/v1/entries", Authorization="Basic abc"),
        "a key of nobody": ask("POST", "/v1/entries", Authorization="Bearer jsk_nobody_abc"),
        "a wrong secret": ask("POST", "/v1/entries", Authorization=wrong_secret),
        "a name alone": ask("POST", "/v1/entries", Authorization="Bearer jsk_app_"),
        "another type": ask("POST", "/v1/entries", **{"Content-Type": "text/plain"}),
        "a form": ask("POST", "/v1/entries", **{"Content-Type": "multipart/form-data"}),
        "a long wait": ask("POST", "/v1/entries?wait=61"),
        "a wait of text": ask("POST", f"/v1/entries?wait={SECRET}"),
        "an endless wait": ask("POST", "/v1/entries?wait=inf"),
        "no number": ask("POST", "/v1/entries?wait=nan"),
        "an empty id": ask("POST", "/v1/entries", **{"Idempotency-Key": ""}),
        "an id with a space": ask("POST", "/v1/entries", **{"Idempotency-Key": "a b"}),
        "an id that is long": ask("POST", "/v1/entries", **{"Idempotency-Key": "a" * 96}),
        "path up": ask("GET", "/v1/entries/../../etc/passwd"),
        "encoded path up": ask("GET", "/v1/entries/..%2F..%2Fetc%2Fpasswd"),
        "page path up": ask("GET", "/page/..%2f..%2fapi_keys.py"),
        "an id of NUL": ask("GET", "/v1/entries/%00"),
        "an id of wildcards": ask("GET", "/v1/entries/*"),
        "no such path": ask("GET", "/v2/entries"),
        "no such method": ask("PATCH", "/v1/entries"),
        "a place that is none": ask("GET", "/v1/results?after=soon"),
    }
    assert found == {
        "no key": 401, "another scheme": 401, "a key of nobody": 401, "a wrong secret": 401,
        "a name alone": 401, "another type": 415, "a form": 415, "a long wait": 422,
        "a wait of text": 422, "an endless wait": 422, "no number": 422, "an empty id": 422,
        "an id with a space": 422, "an id that is long": 422, "path up": 404,
        "encoded path up": 404, "page path up": 404, "an id of NUL": 404,
        "an id of wildcards": 404, "no such path": 404, "no such method": 405,
        "a place that is none": 400,
    }  # fmt: skip
    assert raw.llen(QUEUE) == 0


def send(running: Running, *parts: bytes) -> bytes:
    """What the gateway answers to these bytes, until it closes the connection."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        while found := connection.recv(65536):
            answer += found
    return answer


def head(key: str, *lines: str) -> bytes:
    first = ("POST /v1/entries HTTP/1.1", "Host: a", f"Authorization: Bearer {key}", *lines)
    return ("\r\n".join((*first, "Content-Type: application/json", "", ""))).encode()


def test_a_body_that_never_ends_or_comes_too_slowly_is_not_waited_for(
    running: Running, app_key: str, raw: redis.Redis
) -> None:
    slow = send(running, head(app_key, "Content-Length: 1000"), b'{"text": "Zeb')
    assert slow.startswith(b"HTTP/1.1 408 ")
    assert SECRET.encode() not in slow
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    endless = send(running, head(app_key, "Transfer-Encoding: chunked"), chunk * 4)
    assert endless.startswith(b"HTTP/1.1 413 ")
    announced = send(running, head(app_key, "Content-Length: 100000000000"))
    assert announced.startswith(b"HTTP/1.1 413 ")
    assert raw.llen(QUEUE) == 0


def test_headers_that_are_large_or_slow_are_not_waited_for(running: Running, app_key: str) -> None:
    large = send(running, head(app_key, f"X-Large: {'a' * 20_000}", "Content-Length: 0"))
    assert large.startswith(b"HTTP/1.1 431 ")
    assert send(running, b"GET /healthz HTTP/1.1\r\nHost:") == b""
    assert send(running) == b""
    assert send(running, b"\x16\x03\x01\x02\x00 no HTTP\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_every_answer_carries_the_headers_that_browsers_obey(
    app: httpx2.Client, running: Running
) -> None:
    for path in ("/", "/healthz", "/v1/labels", "/v1/entries/a", "/nowhere"):
        headers = app.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] in {"no-store", "no-cache"}


def test_more_requests_than_there_is_room_for_are_refused(
    settings: Settings, keys: KeySet, api_keys_file: Path, app_key: str
) -> None:
    with (
        serving(settings, keys, api_keys_file) as gateway,
        caller(gateway.url, app_key) as client,
    ):
        gateway.gateway.requests.most = 0
        refused = client.get("/v1/labels")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert client.get("/healthz").status_code == 200


def test_a_key_over_its_rate_is_told_when_to_go_on_and_others_are_not_held_up(
    settings: Settings, keys: KeySet, api_keys_file: Path, app_key: str, other_key: str
) -> None:
    with (
        serving(settings, keys, api_keys_file, rate="4/hour") as gateway,
        caller(gateway.url, app_key) as client,
        caller(gateway.url, other_key) as other,
    ):
        assert client.post("/v1/entries", json={"text": TEXT}).status_code == 202
        several = {"entries": [{"text": TEXT}] * 2}
        assert client.post("/v1/entries", json=several).status_code == 202
        refused = client.post("/v1/entries", json=several)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert client.get("/v1/entries/a").status_code == 404
        assert client.get("/v1/entries/a").status_code == 429
        assert other.post("/v1/entries", json={"text": TEXT}).status_code == 202
        figures = client.get("/metrics").text
    assert 'journal_gateway_refused_total{reason="rate"} 2.0' in figures


def test_an_error_of_the_gateway_itself_is_told_without_what_it_holds(
    *,
    app: httpx2.Client,
    running: Running,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    wait_until: Callable[..., Any],
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(TEXT)

    monkeypatch.setattr(running.gateway.client, "submit_many", fail)
    answer = app.post("/v1/entries", json={"text": TEXT})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    wait_until(lambda: "RuntimeError at " in caplog.text)
    assert SECRET not in caplog.text + answer.text
