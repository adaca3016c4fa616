"""Errors say where Redis was looked for and why that failed, and never a user or a password."""

from __future__ import annotations

import errno
import re
import socket
import string
import threading
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import redis
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from redis.retry import Retry

from deploy.local.server import Server, free_port
from producer import AsyncJournalClient, ConfigurationError, JournalError, Settings, Unavailable
from producer.connection import Address, connect, connect_async, within
from producer.connection.deadline import DeadlineBackoff
from producer.operations.redis_errors import translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from producer import KeySet

USER, PASSWORD = "u5er-CANARY", "pa55word-CANARY"


def login(url: str) -> str:
    return url.replace("://", f"://{USER}:{PASSWORD}@")


def chain(error: BaseException) -> list[BaseException]:
    """An error and all that it came from, printed or not."""
    found = [error]
    for link in (error.__cause__, error.__context__):
        if link is not None:
            found += chain(link)
    return found


def told(error: BaseException) -> str:
    parts = [*traceback.format_exception(error)]
    for one in chain(error):
        parts += [str(one), repr(one), repr(one.args), repr(vars(one))]
    return "\n".join(parts)


@pytest.fixture
def closing_url() -> Iterator[str]:
    """A server that closes each connection at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


async def fails(open_client: Callable[..., Any], url: str) -> JournalError:
    settings = Settings.load(redis_url=login(url), timeout_seconds=1.0)
    async with open_client(settings) as client:
        with pytest.raises(JournalError) as caught:
            await client.submit("Soup again.")
    assert "CANARY" not in told(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


async def test_a_refused_connection(open_client: Callable[..., Any]) -> None:
    port = free_port()
    error = await fails(open_client, f"redis://127.0.0.1:{port}/0")
    assert isinstance(error, Unavailable)
    assert str(error) == f"Redis cannot be reached: 127.0.0.1:{port}: connection refused"


async def test_a_name_that_does_not_exist(
    open_client: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = await fails(open_client, "redis://redis.invalid:6380/0")
    assert isinstance(error, Unavailable)
    assert str(error) == "Redis cannot be reached: redis.invalid:6380: name not found"


async def test_a_server_that_does_not_speak_tls(
    open_client: Callable[..., Any], redis_url: str
) -> None:
    place = redis_url.removeprefix("redis://").removesuffix("/0")
    error = await fails(open_client, f"rediss://{place}/0")
    assert isinstance(error, Unavailable)
    assert re.fullmatch(
        rf"Redis cannot be reached: {place}: (TLS failed: \w+|connection closed|timed out)",
        str(error),
    )


async def test_a_connection_that_is_closed(
    open_client: Callable[..., Any], closing_url: str
) -> None:
    error = await fails(open_client, closing_url)
    assert isinstance(error, Unavailable)
    assert str(error).endswith(": connection closed")


async def test_an_ipv6_address_is_in_brackets(open_client: Callable[..., Any]) -> None:
    error = await fails(open_client, "redis://[::1]:1/0")
    assert str(error).startswith("Redis cannot be reached: [::1]:1: ")


async def test_a_refused_login_names_the_place(
    open_client: Callable[..., Any], redis_url: str
) -> None:
    error = await fails(open_client, redis_url)
    assert isinstance(error, ConfigurationError)
    place = redis_url.removeprefix("redis://").removesuffix("/0")
    assert str(error) == f"Redis refused the user name or password ({place})"


def test_a_deadline_between_two_attempts_does_not_hide_why_they_failed() -> None:
    def attempt() -> None:
        raise redis.ConnectionError from ConnectionRefusedError(errno.ECONNREFUSED, "refused")

    retry = Retry(DeadlineBackoff(), 1000)
    with within(0.2), pytest.raises(redis.ConnectionError) as caught:
        retry.call_with_retry(attempt, lambda _: None)
    assert str(translate(caught.value)) == "Redis cannot be reached: connection refused"


def test_a_refused_login_is_not_tried_again() -> None:
    attempts = []

    def attempt() -> None:
        attempts.append(1)
        raise redis.AuthenticationError

    with pytest.raises(redis.AuthenticationError):
        Retry(DeadlineBackoff(), 3).call_with_retry(attempt, lambda _: None)
    assert len(attempts) == 1


async def test_a_demoted_server_is_named(open_client: Callable[..., Any], server: Server) -> None:
    with redis.Redis.from_url(server.url) as raw:
        raw.replicaof("127.0.0.1", "1")
    settings = Settings.load(redis_url=server.url, timeout_seconds=4.0)
    async with open_client(settings) as client:
        with pytest.raises(Unavailable) as caught:
            await client.submit("Soup again.")
    place = server.url.removeprefix("redis://").removesuffix("/0")
    assert str(caught.value) == f"Redis does not take the command now: READONLY ({place})"


SECRETS = st.text(string.ascii_letters + string.digits + "/@:?#[]%!,'\" &=+", min_size=3).map(
    lambda text: f"CANARY{text}CANARY"
)
URLS = st.sampled_from(
    [
        "redis://{}:{}@127.0.0.1:1/0",
        "rediss://{}:{}@127.0.0.1:1/0",
        "redis+sentinel://{}:{}@127.0.0.1:1,127.0.0.1:1/mymaster/0",
        "redis+sentinel://127.0.0.1:1/mymaster?sentinel_username={}&sentinel_password={}",
        "rediss+sentinel://{}:{}@127.0.0.1:1/mymaster",
        "redis+sentinel://{}:{}@127.0.0.1:1/",
        "redis+sentinel://{}:{}@127.0.0.1:x/m",
        "redis://{}:{}@127.0.0.1:port/0",
        "redis://{}:{}@[::1/0",
        "redis://127.0.0.1:1/0?password={}{}&unheard_of=1",
        "http://{}:{}@127.0.0.1",
        "{}{}",
    ]
)


# Slowness says nothing here: some examples look a name up or wait for an answer.
@examples(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(secret=SECRETS, shape=URLS, encoded=st.booleans())
def test_no_secret_shows_in_any_error_or_repr(secret: str, shape: str, encoded: bool) -> None:
    text = quote(secret, safe="") if encoded else secret
    settings = Settings.load(redis_url=shape.format(text, text))
    shown = [repr(settings)]
    try:
        address = Address.parse(settings.redis_url)
        client = connect(settings.redis_url, retries=0, answer_seconds=0.5)
        shown += [repr(address), str(address), repr(client), repr(client.connection_pool)]
        shown += [repr(connect_async(settings.redis_url))]
        client.ping()
    except JournalError as exc:
        shown.append(told(exc))
    except Exception as exc:  # noqa: BLE001 - redis-py's, which callers translate
        shown += [told(translate(exc)), str(exc), repr(exc)]
    assert "CANARY" not in "\n".join(shown)


async def test_a_client_shows_no_secret(keys: KeySet) -> None:
    settings = Settings.load(redis_url=login("redis://127.0.0.1:1/0"))
    async with AsyncJournalClient(settings, keys) as client:
        assert "CANARY" not in repr(client) + repr(client._redis)
