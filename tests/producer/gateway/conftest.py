"""What the tests of the gateway share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.producer.gateway.support import Running, Worker, add_key, caller, serving, working

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx2

    from producer import KeySet, Settings


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producer.gateway.context.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("producer.gateway.delivery.router._BLOCK_SECONDS", 0.2)


@pytest.fixture
def api_keys_file(tmp_path: Path) -> Path:
    return tmp_path / "api-keys.json"


@pytest.fixture
def app_key(api_keys_file: Path) -> str:
    return add_key(api_keys_file, "app")


@pytest.fixture
def other_key(api_keys_file: Path, app_key: str) -> str:
    return add_key(api_keys_file, "other")


@pytest.fixture
def running(
    settings: Settings, keys: KeySet, api_keys_file: Path, other_key: str
) -> Iterator[Running]:
    with serving(settings, keys, api_keys_file) as gateway:
        yield gateway


@pytest.fixture
def app(running: Running, app_key: str) -> Iterator[httpx2.Client]:
    with caller(running.url, app_key) as client:
        yield client


@pytest.fixture
def other(running: Running, other_key: str) -> Iterator[httpx2.Client]:
    with caller(running.url, other_key) as client:
        yield client


@pytest.fixture
def worker(settings: Settings, keys: KeySet) -> Worker:
    return Worker(settings, keys)


@pytest.fixture
def answering(worker: Worker) -> Iterator[Worker]:
    with working(worker) as at_work:
        yield at_work
