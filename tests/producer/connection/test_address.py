"""Redis URLs are taken apart, and what is wrong with one is told in one line without itself."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from producer import ConfigurationError
from producer.connection import Address


def parse(url: str) -> Address:
    return Address.parse(SecretStr(url))


def test_a_plain_url() -> None:
    address = parse("rediss://us%40er:pa%2Fss@redis.example:6380/3?ssl_ca_certs=/ca.crt")
    assert address == Address(
        hosts=(("redis.example", 6380),),
        db=3,
        tls=True,
        username="us@er",
        password="pa/ss",
        options={"ssl_ca_certs": "/ca.crt"},
    )
    assert parse("redis://redis.example") == Address(hosts=(("redis.example", 6379),))
    assert str(address) == "redis.example:6380"


def test_a_sentinel_url() -> None:
    address = parse(
        "rediss+sentinel://us%40er:pa%2Fss@one,two:26380,[::1]:26381/my%20master/3"
        "?sentinel_username=wa%26tch&sentinel_password=s3&ssl_ca_certs=/ca.crt"
    )
    assert address == Address(
        hosts=(("one", 26379), ("two", 26380), ("::1", 26381)),
        master="my master",
        db=3,
        tls=True,
        username="us@er",
        password="pa/ss",
        sentinel_username="wa&tch",
        sentinel_password="s3",
        options={"ssl_ca_certs": "/ca.crt"},
    )
    assert str(address) == "Sentinel one:26379,two:26380,[::1]:26381 (my master)"
    plain = parse("redis+sentinel://one/mymaster")
    assert plain == Address(hosts=(("one", 26379),), master="mymaster")


def test_neither_text_nor_repr_holds_a_login() -> None:
    address = parse("redis+sentinel://CANARY:CANARY@one/m?sentinel_password=CANARY&ssl_x=CANARY")
    assert "CANARY" not in str(address) + repr(address)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis+sentinel://one", "the name of the master is missing"),
        ("redis+sentinel://one/", "the name of the master is missing"),
        ("redis+sentinel://one/mymaster/db", "the database is no number"),
        ("redis+sentinel://one/mymaster/0/1", "the database is no number"),
        ("redis+sentinel:///mymaster", "a host is missing"),
        ("redis+sentinel://one,,two/mymaster", "a host is missing"),
        ("redis+sentinel://one:0/mymaster", "a port is out of range"),
        ("redis+sentinel://one:port/mymaster", "malformed"),
        ("redis+sentinel://one:99999/mymaster", "malformed"),
        ("redis+sentinel://[::1/mymaster", "malformed"),
        ("redis+sentinel://one/mymaster?socket_timeout=x", "malformed"),
        ("sentinel://one/mymaster", "not a redis:// or rediss:// URL"),
        ("unix:///run/redis.sock", "not a redis:// or rediss:// URL"),
        ("redis:one", "not a redis:// or rediss:// URL"),
        ("", "not a redis:// or rediss:// URL"),
    ],
)
def test_what_is_wrong_is_told(url: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        parse(url)
    assert "JOURNAL_REDIS_URL" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__context__ is None
