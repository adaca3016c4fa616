"""kombu's connections follow the Sentinels of the one URL, with its logins and TLS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests import needs
from tests.certificates import make_certificates
from tests.sentinels import MASTER, SentinelGroup
from worker.app import create_app
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from pathlib import Path

    import redis
    from kombu import Connection


def connection_by(url: str) -> Connection:
    """kombu's connection, as a worker with these settings makes it."""
    return create_app(WorkerSettings.load(redis_url=url)).connection_for_read()


def test_logins_are_used_and_not_shown(tmp_path: Path) -> None:
    def set_passwords(raw: redis.Redis) -> None:
        raw.config_set("masterauth", "red1s pass")
        raw.config_set("requirepass", "red1s pass")

    lines = [f'sentinel auth-pass {MASTER} "red1s pass"', 'requirepass "sent1nel"']
    group = SentinelGroup(tmp_path, sentinels=1, sentinel_lines=lines, on_start=set_passwords)
    group.login, group.sentinel_login = {"password": "red1s pass"}, {"password": "sent1nel"}
    with group:
        login = group.url.replace("://", "://:red1s%20pass@").removesuffix("/0")
        with connection_by(f"{login}/3?sentinel_password=sent1nel") as connection:
            client = connection.channel().client
            assert client.ping()
            assert client.connection_pool.connection_kwargs["db"] == 3
            # What `celery inspect stats` shows of it.
            shown = json.dumps(connection.info(), default=str) + connection.as_uri()
        assert not any(secret in shown for secret in ("red1s", "sent1nel"))
        wrong = connection_by(f"{login}/3?sentinel_password=wrong")
        with wrong, pytest.raises(wrong.connection_errors) as caught:
            wrong.channel()
        assert "red1s" not in str(caught.value)


def test_tls_holds_for_redis_and_for_the_sentinels(tmp_path: Path) -> None:
    program = needs.program("redis-server")  # the embedded server is built without TLS
    certificates = make_certificates(tmp_path / "tls")
    folder = tmp_path / "group"
    folder.mkdir()
    with SentinelGroup(folder, sentinels=1, program=program, certificates=certificates) as group:
        trusted = f"{group.url}?ssl_ca_certs={certificates / 'ca.crt'}"
        with connection_by(trusted) as connection:
            assert connection.channel().client.ping()
        for url in (group.url, trusted.replace("rediss+", "redis+").partition("?")[0]):
            refused = connection_by(url)
            with refused, pytest.raises(refused.connection_errors):
                refused.channel()
