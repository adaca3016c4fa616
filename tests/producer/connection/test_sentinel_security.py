"""Logins and TLS of Redis and of its Sentinels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from producer import ConfigurationError, JournalClient, Settings, Unavailable
from tests import needs
from tests.certificates import make_certificates
from tests.sentinels import MASTER, SentinelGroup

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import redis

    from producer import KeySet


def test_logins_of_redis_and_of_the_sentinels_are_apart(tmp_path: Path, keys: KeySet) -> None:
    def set_passwords(raw: redis.Redis) -> None:
        raw.config_set("masterauth", "red1s pass")
        raw.config_set("requirepass", "red1s pass")

    lines = [f'sentinel auth-pass {MASTER} "red1s pass"', 'requirepass "sent1nel"']
    group = SentinelGroup(tmp_path, sentinels=1, sentinel_lines=lines, on_start=set_passwords)
    group.login, group.sentinel_login = {"password": "red1s pass"}, {"password": "sent1nel"}
    with group:
        login = group.url.replace("://", "://:red1s%20pass@")
        settings = Settings.load(redis_url=f"{login}?sentinel_password=sent1nel")
        with JournalClient(settings, keys) as client:
            assert client.submit("Soup again.").status == "queued"
        for url, told in (
            (f"{login}?sentinel_password=wrong", "Sentinel 127.0.0.1"),
            (login, "Sentinel 127.0.0.1"),
            (f"{group.url}?sentinel_password=sent1nel", "user name or password"),
        ):
            with JournalClient(Settings.load(redis_url=url), keys) as client:
                with pytest.raises(ConfigurationError, match=told) as caught:
                    client.submit("Soup again.")
                assert "red1s" not in str(caught.value)


async def test_tls_holds_for_redis_and_for_the_sentinels(
    open_client: Callable[..., Any], tmp_path: Path
) -> None:
    program = needs.program("redis-server")  # the embedded server is built without TLS
    certificates = make_certificates(tmp_path / "tls")
    folder = tmp_path / "group"
    folder.mkdir()
    with SentinelGroup(folder, sentinels=1, program=program, certificates=certificates) as group:
        trusted = f"{group.url}?ssl_ca_certs={certificates / 'ca.crt'}"
        async with open_client(Settings.load(redis_url=trusted)) as client:
            assert (await client.submit("Soup again.")).status == "queued"
        for url in (group.url, trusted.replace("rediss+", "redis+").partition("?")[0]):
            async with open_client(Settings.load(redis_url=url, timeout_seconds=2.0)) as client:
                with pytest.raises(Unavailable, match="Sentinel"):
                    await client.submit("Soup again.")
