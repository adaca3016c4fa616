"""What all tests share: a real server, keys, settings, a tiny model folder."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import hypothesis
import pytest
import redis

from deploy.local.server import Server
from producer import KeySet, Settings
from producer.sealing import new_key, write_key_file
from tests.needs import print_summary_of_skips
from tests.tiny_model import write_tiny_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: `JOURNAL_PRECISION=bf16 make test` lets workers and filters compute in bf16; what asserts exact
#: texts or labels loads its models in fp32.
_LET_THROUGH = {"JOURNAL_DATA", "JOURNAL_PRECISION", "JOURNAL_TEST_REDIS_URL"}


#: How long an example takes says nothing on a machine that others use as well.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


def pytest_xdist_auto_num_workers() -> int:
    """How many processes `-n auto` starts: the tests of each have a server of their own.

    Most tests wait for processes they start, so one more than there are cores is worth it; more than
    four would need much memory for models. On one server that is given they would remove each
    other's keys.
    """
    if os.environ.get("JOURNAL_TEST_REDIS_URL"):
        return 0
    return min(len(os.sched_getaffinity(0)) + 1, 4)


def pytest_configure() -> None:
    """A shell ignores SIGINT for its background jobs; processes that tests interrupt must not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was skipped is one line that says what to install."""
    print_summary_of_skips(terminalreporter)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server: `JOURNAL_TEST_REDIS_URL`, or one started on a free port."""
    given = os.environ.get("JOURNAL_TEST_REDIS_URL")
    with Server(given, directory=None if given else tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: Server) -> str:
    """The server's URL; its data is gone."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    """A plain redis-py client."""
    with redis.Redis.from_url(redis_url) as plain:
        yield plain


@pytest.fixture(scope="session")
def keys_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key file with one key."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    write_key_file(path, [new_key()])
    return path


@pytest.fixture
def keys(keys_file: Path) -> KeySet:
    """The key set of `keys_file`."""
    return KeySet.load(keys_file)


@pytest.fixture
def settings(redis_url: str, keys_file: Path) -> Settings:
    """Settings for the server with fresh queues."""
    return Settings.load(redis_url=redis_url, keys_file=keys_file)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with a tiny random BERT."""
    path = tmp_path_factory.mktemp("model") / "tiny"
    write_tiny_model(path)
    return path


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests choose their settings; a developer's JOURNAL_*, OTEL_* or .env must not."""
    for name in list(os.environ):
        if name.startswith(("JOURNAL_", "OTEL_")) and name not in _LET_THROUGH:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
