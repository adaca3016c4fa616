"""Delivering by webhook: to endpoints that take it, fail, hang and redirect."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks.webhooks import Webhook

from producer.gateway import api_keys
from producer.gateway.delivery.outbound import Outbound
from producer.gateway.delivery.webhooks import PAUSES
from tests.producer.gateway.support import add_key, serving
from tests.producer.support import publish_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import redis

    from producer import KeySet, Settings

STREAM = "journal.entries.gateway.results:hooked"
UNDELIVERED = "journal.entries.gateway.undelivered:hooked"
#: Longer than a try takes, as the real ones are.
SHORT = (0.5, 0.5, 0.5)
BODY, HEADERS = b"{}", {"Content-Type": "application/json"}


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # with the 5 of http.server, connections are refused


@dataclass
class Endpoint:
    """A caller's endpoint, which answers with these statuses, the last one for ever."""

    statuses: list[int]
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def answer(self, headers: dict[str, str], body: bytes) -> int:
        self.taken.append((headers, body))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if not status:
            self.release.wait(20)
        return status or 200


@contextmanager
def endpoint(*statuses: int) -> Iterator[Endpoint]:
    found = Endpoint(list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = found.answer({**headers, "path": self.path}, body)
            self.send_response(status)
            self.send_header("Location", f"{found.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield found
        finally:
            found.release.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def delivering(
    settings: Settings, keys: KeySet, api_keys_file: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Two gateways that send to an endpoint, with short pauses between tries."""

    @contextmanager
    def opened(to: Endpoint, *pauses: float, timeout: float = 10.0) -> Iterator[None]:
        monkeypatch.setattr("producer.gateway.delivery.outbound.TIMEOUT_SECONDS", timeout)
        add_key(api_keys_file, "hooked", webhook_url=to.url)
        with (
            serving(settings, keys, api_keys_file, webhooks_private=True) as first,
            serving(settings, keys, api_keys_file, webhooks_private=True) as second,
        ):
            for one in (first, second):
                webhooks = one.gateway.deliveries[""].webhooks
                webhooks.pauses = pauses or PAUSES
                webhooks._look_at = 0.0
                assert one.gateway.outbound.client  # made now: it takes a while
            yield

    monkeypatch.setattr("producer.gateway.delivery.webhooks._BLOCK_SECONDS", 0.05)
    return opened


def secret(path: Path) -> str:
    (key,) = api_keys.ApiKeys(path).content.keys
    assert key.webhook is not None
    return str(key.webhook.secret)


def pending(raw: redis.Redis) -> int:
    return int(raw.xpending(STREAM, "webhooks")["pending"])


def test_a_result_is_sent_once_and_signed(
    delivering: Callable[..., Any],
    raw: redis.Redis,
    keys: KeySet,
    api_keys_file: Path,
    wait_until: Callable[..., Any],
) -> None:
    with endpoint(200) as to, delivering(to):
        publish_result(raw, keys, *(f"hooked:{number}" for number in range(30)), context="c")
        wait_until(lambda: len(to.taken) >= 30 and pending(raw) == 0)
        assert raw.xlen(UNDELIVERED) == 0
    verifier = Webhook(secret(api_keys_file))
    found = [verifier.verify(body, headers) for headers, body in to.taken]
    assert sorted(int(one["id"]) for one in found) == list(range(30))
    assert found[0]["result"]["context"] == "c"
    assert len({headers["webhook-id"] for headers, _ in to.taken}) == 30


def test_an_endpoint_that_fails_hangs_or_redirects_gets_the_result_again(
    delivering: Callable[..., Any],
    raw: redis.Redis,
    keys: KeySet,
    wait_until: Callable[..., Any],
) -> None:
    with endpoint(500, 307, 0, 204) as to, delivering(to, *SHORT, timeout=0.3):
        publish_result(raw, keys, "hooked:1")
        wait_until(lambda: len(to.taken) == 4 and pending(raw) == 0)
    assert len({headers["webhook-id"] for headers, _ in to.taken}) == 1
    assert {headers["path"] for headers, _ in to.taken} == {"/hook"}


def test_a_result_that_is_never_taken_is_put_aside(
    delivering: Callable[..., Any],
    raw: redis.Redis,
    keys: KeySet,
    wait_until: Callable[..., Any],
) -> None:
    with endpoint(503) as to, delivering(to, *SHORT):
        publish_result(raw, keys, "hooked:1")
        wait_until(lambda: raw.xlen(UNDELIVERED) == 1)
        assert len(to.taken) == 4
        assert pending(raw) == 0
    ((_, fields),) = raw.xrange(UNDELIVERED)
    assert fields["entry_id"] == "hooked:1"
    assert fields["reason"] == "status 503"
    assert fields["sealed"]


def test_an_endpoint_that_is_gone_is_not_asked_again(
    delivering: Callable[..., Any],
    raw: redis.Redis,
    keys: KeySet,
    wait_until: Callable[..., Any],
) -> None:
    with endpoint(410) as to, delivering(to):
        publish_result(raw, keys, "hooked:1")
        wait_until(lambda: raw.xlen(UNDELIVERED) == 1)
    assert len(to.taken) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data/",
        "https://192.168.0.1/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://224.0.0.1/",
        "http://8.8.8.8/",
        "http://127.0.0.1/",
    ],
)
async def test_a_webhook_reaches_nothing_inside(url: str) -> None:
    outbound = Outbound(timeout=2.0)
    assert await outbound.post(url, BODY, HEADERS) == "refused"
    await outbound.close()


async def test_the_address_that_was_checked_is_the_one_that_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second look-up of a name may lead elsewhere, so there is none."""
    asked = []

    def look_up(host: str, *rest: Any, **options: Any) -> Any:
        asked.append(host)
        return real(host.replace("hook.example", "127.0.0.1"), *rest, **options)

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with endpoint(200) as to:
        outbound = Outbound(private=True)
        url = to.url.replace("127.0.0.1", "hook.example")
        assert await outbound.post(url, BODY, HEADERS) == ""
        await outbound.close()
    assert [host for host in asked if "example" in host] == ["hook.example"]
    ((headers, body),) = to.taken
    assert headers["host"].startswith("hook.example:")
    assert body == BODY


async def test_an_endpoint_without_a_server_is_told_apart() -> None:
    outbound = Outbound(private=True, http=True)
    assert await outbound.post("http://127.0.0.1:1/", BODY, HEADERS) == "no connection"
    await outbound.close()


def test_a_webhook_of_a_key_that_is_new_counts_from_then_on(
    settings: Settings,
    keys: KeySet,
    raw: redis.Redis,
    api_keys_file: Path,
    wait_until: Callable[..., Any],
) -> None:
    add_key(api_keys_file, "hooked")
    with endpoint(200) as to, serving(settings, keys, api_keys_file, webhooks_private=True):
        publish_result(raw, keys, "hooked:before")
        wait_until(lambda: raw.xlen(STREAM) == 1)
        add_key(api_keys_file, "hooked", webhook_url=to.url)
        wait_until(lambda: raw.xinfo_groups(STREAM))
        publish_result(raw, keys, "hooked:after")
        wait_until(lambda: to.taken)
    assert [json.loads(body)["id"] for _, body in to.taken] == ["after"]
