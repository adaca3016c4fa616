"""How kombu's connections are made: of a Redis URL by kombu, and by Sentinels as all our clients.

kombu has a transport for Sentinels of its own. It would show the password in `celery inspect`,
repeat questions to a Sentinel that is gone while the event loop waits, and find another primary
than our clients do.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from producer.connection import connect
from producer.connection.address import Address, endpoint
from producer.connection.clients import connection_class
from producer.connection.sentinel import SentinelPrimary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr

#: By what their addresses are called: all channels of a process share what is known of a primary.
_followed: dict[str, SentinelPrimary] = {}


def broker_config(url: SecretStr, options: Mapping[str, Any]) -> dict[str, Any]:
    """Celery's configuration of the broker; from then on this process's channels know of it.

    Args:
        url: where Redis is; see `producer.connection.address`.
        options: kombu's options of the transport.

    Raises:
        ConfigurationError: the URL is not one of ours.
    """
    address = Address.parse(url)
    if address.master is None:
        return {
            "broker_url": url.get_secret_value(),
            # kombu does not verify certificates unless told to.
            "broker_use_ssl": {"ssl_cert_reqs": ssl.CERT_REQUIRED} if address.tls else None,
            "broker_transport_options": dict(options),
        }
    # It leads nowhere, but tells the database, by which kombu names its channels of broadcasts.
    url_of_kombu = f"sentinel://{endpoint(*address.hosts[0])}/{address.db}"
    transport_options = {**options, "sentinels": _follow(address)}
    return {"broker_url": url_of_kombu, "broker_transport_options": transport_options}


def options_of(sentinels: str) -> dict[str, Any]:
    """The options of connections to the primary; those of deadlines are the transport's own.

    Args:
        sentinels: the transport option of this name.
    """
    primary = _followed[sentinels]
    address = primary.address
    options = address.connection_options()
    return {**options, "primary": primary, "connection_class": connection_class(address)}


def _follow(address: Address) -> str:
    """Note where these Sentinels are; returns what they are called, without a login."""
    name = str(address)
    known = _followed.get(name)
    if known is None or known.address != address:
        _followed[name] = SentinelPrimary(address)
    return name


def hasty_client(url: SecretStr, seconds: float) -> redis.Redis:
    """A client that waits so long for an answer, and no longer.

    A connection that is cut is replaced once and at once; whoever gets no answer tries again later.
    """
    retry = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
    return connect(url, answer_seconds=seconds, retry=retry)
