"""Claims on real servers: Valkey, and Debian's Redis 7.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis

from deploy.local.server import Server
from tests.worker.claims_support import (
    debian_redis,
    open_claims,
)
from worker.claims import Claims

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", params=["valkey", "redis 7.0"])
def any_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    if request.param == "valkey":
        yield request.getfixturevalue("redis_server")
        return
    with debian_redis(tmp_path_factory.mktemp("debian-redis")) as server:
        yield server


@pytest.fixture
def url(any_server: Server) -> str:
    with redis.Redis.from_url(any_server.url) as client:
        client.flushall()
    return any_server.url


@pytest.fixture
def client(url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(url) as plain:
        yield plain


@pytest.fixture
def claims(url: str) -> Claims:
    return open_claims(url)


@pytest.fixture
def other(url: str) -> Claims:
    """Another worker."""
    return open_claims(url)
