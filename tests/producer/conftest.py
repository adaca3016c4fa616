"""What the tests of the producer share."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
import time
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis
from click.testing import CliRunner

from producer import AsyncJournalClient, JournalClient, JournalEntry, JournalResult
from producer.cli import main
from producer.sealing import ENTRY
from tests.producer.answering import AnsweringWorker
from tests.producer.support import publish_result

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from click.testing import Result

    from producer import KeySet, Settings


@pytest.fixture
def raw(redis_url: str) -> Iterator[redis.Redis]:
    """Redis itself, to see what is really there."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
def client(settings: Settings, keys: KeySet) -> Iterator[JournalClient]:
    with JournalClient(settings, keys) as opened:
        yield opened


class Awaited:
    """A sync client behind the interface of the async one, so that one test serves both."""

    def __init__(self, client: JournalClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return method(*args, **kwargs)

        return call

    async def results(self, **kwargs: Any) -> AsyncIterator[JournalResult]:
        source = self._client.results(**kwargs)
        try:
            for result in source:
                yield result
        finally:
            source.close()  # type: ignore[attr-defined]


@pytest.fixture(params=["sync", "async"])
def open_client(request: pytest.FixtureRequest, keys: KeySet) -> Callable[..., Any]:
    """Open a client of either kind for these settings, as an async context."""

    @asynccontextmanager
    async def opened(settings: Settings, with_keys: KeySet = keys) -> AsyncIterator[Any]:
        if request.param == "sync":
            with JournalClient(settings, with_keys) as client:
                yield Awaited(client)
        else:
            async with AsyncJournalClient(settings, with_keys) as client:
                yield client

    return opened


@pytest.fixture
async def either(open_client: Callable[..., Any], settings: Settings) -> AsyncIterator[Any]:
    """A client, once of each kind."""
    async with open_client(settings) as client:
        yield client


@pytest.fixture
def publish(raw: redis.Redis, keys: KeySet) -> Callable[..., None]:
    """Put results on the stream, as a worker does."""
    return partial(publish_result, raw, keys)


@pytest.fixture
def journal(
    redis_url: str, keys_file: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Run `journal` with these arguments in this process."""
    monkeypatch.setenv("JOURNAL_REDIS_URL", redis_url)
    monkeypatch.setenv("JOURNAL_KEYS_FILE", str(keys_file))

    def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(main, arguments, input=stdin, prog_name="journal")

    return run


@pytest.fixture
def wait_until() -> Callable[[Callable[[], Any]], Any]:
    """Wait for a condition to hold; returns what it returned."""

    def wait(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
        end = time.monotonic() + seconds
        pause = threading.Event()
        while True:
            found = condition()
            if found:
                return found
            assert time.monotonic() < end, "the condition never came to hold"
            pause.wait(0.01)

    return wait


@pytest.fixture
def full_store(raw: redis.Redis) -> Iterator[Callable[[], None]]:
    """Makes Redis refuse writes for want of memory, until the test ends."""
    before = raw.config_get("maxmemory*")

    def fill() -> None:
        raw.config_set("maxmemory-policy", "noeviction")
        raw.config_set("maxmemory", "1")

    yield fill
    for name in ("maxmemory", "maxmemory-policy"):
        raw.config_set(name, before[name])


@pytest.fixture
def limited_queue(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda entries: monkeypatch.setenv("JOURNAL_MAX_QUEUE_ENTRIES", str(entries))


@pytest.fixture
def worker(raw: redis.Redis, keys: KeySet) -> Callable[..., Any]:
    """A stand-in for a worker, in a thread: opens entries and answers them."""

    def message_of(element: str) -> tuple[str, JournalEntry]:
        message = json.loads(element)
        ((sealed,), _, _) = json.loads(base64.b64decode(message["body"]))
        entry_id = message["headers"]["id"]
        opened = keys.open(sealed, kind=ENTRY, entry_id=entry_id)
        return sealed, JournalEntry(**json.loads(opened))

    @contextmanager
    def running(
        *,
        answers: Callable[[int], int] = lambda _: 1,
        dead: Callable[[int], bool] = lambda _: False,
        begin: threading.Event | None = None,
    ) -> Iterator[list[JournalEntry]]:
        stopping = threading.Event()
        seen: list[JournalEntry] = []

        def work() -> None:
            with redis.Redis(connection_pool=raw.connection_pool) as own:
                while not stopping.is_set():
                    if begin is not None and not begin.wait(0.01):
                        continue
                    popped = own.brpop(["journal.entries"], timeout=0.1)
                    if popped is None:
                        continue
                    sealed, entry = message_of(popped[1])
                    number = len(seen)
                    seen.append(entry)
                    if dead(number):
                        own.xadd("journal.dead", {"entry_id": entry.entry_id, "letter": sealed})
                        continue
                    for _ in range(answers(number)):
                        publish_result(own, keys, entry.entry_id, submitted_at=entry.submitted_at)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield seen
        finally:
            stopping.set()
            thread.join()

    return running


@pytest.fixture
def answering(settings: Settings, keys: KeySet) -> Iterator[None]:
    """A stand-in worker answers while the test runs."""
    worker = AnsweringWorker(settings, keys)
    thread = threading.Thread(target=worker.run)
    thread.start()
    yield
    worker.stop()
    thread.join()


@pytest.fixture
def process(redis_url: str, keys_file: Path) -> Any:
    """Start `journal` as a real process."""

    def start(*arguments: str, **kwargs: Any) -> subprocess.Popen[str]:
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **kwargs}
        return subprocess.Popen(
            [sys.executable, "-m", "producer.cli", *arguments],
            env={
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "JOURNAL_REDIS_URL": redis_url,
                "JOURNAL_KEYS_FILE": str(keys_file),
            },
            **options,
        )

    return start
