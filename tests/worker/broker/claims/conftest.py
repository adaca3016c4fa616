"""Claims on real servers: Valkey, and Debian's Redis 7.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.worker.broker.claims_support import debian_redis, open_claims

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.local.server import Server
    from worker.broker.claims import Claims


@pytest.fixture(scope="module", params=["valkey", "redis 7.0"])
def redis_server(
    request: pytest.FixtureRequest,
    redis_server: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """Each kind of server in turn, in place of Valkey alone."""
    if request.param == "valkey":
        yield redis_server
        return
    with debian_redis(tmp_path_factory.mktemp("debian-redis")) as server:
        yield server


@pytest.fixture
def claims(redis_url: str) -> Claims:
    return open_claims(redis_url)


@pytest.fixture
def other(redis_url: str) -> Claims:
    """Another worker."""
    return open_claims(redis_url)
