"""Where Redis is: a Redis URL, or one of Sentinels, taken apart.

    redis://[user:password@]host[:port][/db][?options]               TLS: rediss://
    redis+sentinel://[user:password@]host[:port][,host[:port]...]/master[/db][?options]
                                                                     TLS: rediss+sentinel://

User and password are those of Redis; the Sentinels' own are the options `sentinel_username` and
`sentinel_password`. Further options are those of redis-py (`ssl_ca_certs`, ...), and hold for Redis
and for the Sentinels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from redis.connection import parse_url

from producer.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr

PORT = 6379
SENTINEL_PORT = 26379
_SCHEMES = ("redis", "rediss", "redis+sentinel", "rediss+sentinel")
BAD_URL = "JOURNAL_REDIS_URL is not a redis:// or rediss:// URL with options Redis knows"
_BAD_SENTINEL_URL = (
    "JOURNAL_REDIS_URL is not redis+sentinel://[user:password@]host[:port][,host[:port]...]"
    "/master[/db]: {}"
)
#: A port is of 16 bits.
_PORTS = range(1, 1 << 16)
#: The part of a Sentinel URL's path: the master's name, and the database.
_MOST_PARTS = 2


@dataclass(frozen=True, slots=True)
class Address:
    """Where Redis is. Its text and its repr hold neither users nor passwords.

    Attributes:
        hosts: host and port of Redis, or of each Sentinel.
        master: what the Sentinels call the primary; None where there are none.
        db: the number of the database.
        tls: whether connections are encrypted, those to the Sentinels too.
        username: at Redis.
        password: at Redis.
        sentinel_username: at the Sentinels.
        sentinel_password: at the Sentinels.
        options: further options of redis-py, for every connection.
    """

    hosts: tuple[tuple[str, int], ...]
    master: str | None = None
    db: int = 0
    tls: bool = False
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    sentinel_username: str | None = field(default=None, repr=False)
    sentinel_password: str | None = field(default=None, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        places = ",".join(endpoint(host, port) for host, port in self.hosts)
        return places if self.master is None else f"Sentinel {places} ({self.master})"

    @classmethod
    def parse(cls, url: SecretStr) -> Address:
        """Take a URL apart. No `unix://`: every part of the system gets the same URL, Celery too.

        Raises:
            ConfigurationError: it is none of the URLs above; the message does not quote it.
        """
        text = url.get_secret_value()
        scheme = text.partition("://")[0]
        if scheme not in _SCHEMES or "://" not in text:
            raise ConfigurationError(BAD_URL)
        problem = BAD_URL
        try:
            if scheme.endswith("+sentinel"):
                return _sentinels(text)
            return _plain(text)
        except ConfigurationError as exc:
            problem = str(exc)
        except (ValueError, TypeError):
            if scheme.endswith("+sentinel"):
                problem = _BAD_SENTINEL_URL.format("a host, a port or an option is malformed")
        # Out here, so that the new error has no context: that one may quote the URL.
        raise ConfigurationError(problem)

    def connection_options(self) -> dict[str, Any]:
        """What redis-py's connections take, without host and port."""
        given = {"db": self.db, "username": self.username, "password": self.password}
        return {**self.options, **given}


def endpoint(host: str, port: int) -> str:
    """`host:port`, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _plain(text: str) -> Address:
    options = _options(text)
    return Address(
        hosts=((options.pop("host", "localhost"), options.pop("port", PORT)),),
        tls=text.startswith("rediss"),
        db=options.pop("db", 0),
        username=options.pop("username", None),
        password=options.pop("password", None),
        options=options,
    )


def _sentinels(text: str) -> Address:
    url = urlsplit(text)
    login, _, places = url.netloc.rpartition("@")
    username, _, password = login.partition(":")
    hosts = tuple(_place(place) for place in places.split(","))
    master, db = _path(url)
    options = _options(f"redis://localhost?{url.query}")
    del options["host"]
    return Address(
        hosts=hosts,
        master=master,
        db=db,
        tls=url.scheme.startswith("rediss"),
        username=unquote(username) or None,
        password=unquote(password) or None,
        sentinel_username=options.pop("sentinel_username", None),
        sentinel_password=options.pop("sentinel_password", None),
        options=options,
    )


def _path(url: SplitResult) -> tuple[str, int]:
    parts = [unquote(part) for part in url.path.strip("/").split("/")]
    if not parts[0]:
        raise ConfigurationError(_BAD_SENTINEL_URL.format("the name of the master is missing"))
    if len(parts) > _MOST_PARTS or not all(part.isascii() and part.isdigit() for part in parts[1:]):
        raise ConfigurationError(_BAD_SENTINEL_URL.format("the database is no number"))
    return parts[0], int(parts[1]) if len(parts) == _MOST_PARTS else 0


def _place(text: str) -> tuple[str, int]:
    url = urlsplit(f"//{text}")
    if not url.hostname:
        raise ConfigurationError(_BAD_SENTINEL_URL.format("a host is missing"))
    port = SENTINEL_PORT if url.port is None else url.port
    if port not in _PORTS:
        raise ConfigurationError(_BAD_SENTINEL_URL.format("a port is out of range"))
    return url.hostname, port


def _options(text: str) -> dict[str, Any]:
    """What redis-py reads from a URL, but for the class of the connections, which is ours."""
    options: dict[str, Any] = parse_url(text)  # type: ignore[no-untyped-call]
    options.pop("connection_class", None)
    return options
