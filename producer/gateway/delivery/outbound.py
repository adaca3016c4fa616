"""Requests to the webhooks of callers, which must not reach what they have no business with.

The address that is connected to is the one that was checked: a name that is looked up twice may
lead elsewhere the second time. Redirects are not followed, proxies of the environment are not
used, and of an answer only the status is read.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from collections.abc import Mapping

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

TIMEOUT_SECONDS = 10.0
#: Look-ups of names at a time. uvloop has two threads for all of a process, and a name server that
#: does not answer would hold up the others, and connections to Redis.
_RESOLVERS = 16
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class RefusedError(Exception):
    """A webhook's URL leads where webhooks may not go."""


class Outbound:
    """Sends webhooks.

    Args:
        private: whether they may go to private and loopback addresses.
        http: whether they may go without TLS to other addresses than loopback.
        timeout: seconds for a whole request; `TIMEOUT_SECONDS` by default.
    """

    def __init__(
        self, *, private: bool = False, http: bool = False, timeout: float | None = None
    ) -> None:
        self._private = private
        self._http = http
        self._timeout = timeout or TIMEOUT_SECONDS
        self._given: httpx2.AsyncClient | None = None
        self._resolvers = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="webhook-names")

    @property
    def client(self) -> httpx2.AsyncClient:
        """The client, made when it is first used: reading the certificates takes a while."""
        if self._given is None:
            self._given = self._make()
        return self._given

    def _make(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            timeout=self._timeout,
            # No connection is used again: it belongs to an address, and so may serve several names.
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def close(self) -> None:
        """Close the client."""
        self._resolvers.shutdown(wait=False, cancel_futures=True)
        if self._given is not None:
            await self._given.aclose()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> str:
        """Send a body; returns "" if it was taken, else why not, in two words at most.

        The reason is one of a closed list: `status NNN`, `timed out`, `no connection`, `refused`.
        """
        client = self.client
        try:
            async with asyncio.timeout(self._timeout):
                status = await self._post(client, httpx2.URL(url), body, headers)
        except (RefusedError, httpx2.InvalidURL, UnicodeError):
            return "refused"
        except (TimeoutError, httpx2.TimeoutException):
            return "timed out"
        except (httpx2.HTTPError, OSError):
            return "no connection"
        return "" if 200 <= status < 300 else f"status {status}"  # noqa: PLR2004 - HTTP's success

    async def _post(
        self, client: httpx2.AsyncClient, url: httpx2.URL, body: bytes, headers: Mapping[str, str]
    ) -> int:
        port = url.port or (443 if url.scheme == "https" else 80)
        address = await self._look_up(url, port)
        target = url.copy_with(host=str(address), port=port)
        request = client.build_request(
            "POST",
            target,
            content=body,
            headers={
                **headers,
                "Host": url.netloc.decode("ascii"),
                "User-Agent": "journal-gateway",
            },
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )
        response = await client.send(request, stream=True)
        try:
            return response.status_code
        finally:
            await response.aclose()

    async def _look_up(self, url: httpx2.URL, port: int) -> Address:
        """The address to connect to, of a host all of whose addresses are allowed."""
        loop = asyncio.get_running_loop()
        host = url.raw_host.decode("ascii").strip("[]")
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await loop.run_in_executor(self._resolvers, ask)
        addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
        if not addresses or not all(self._allows(one, url.scheme) for one in addresses):
            raise RefusedError
        return addresses[0]

    def _allows(self, address: Address, scheme: str) -> bool:
        real = _embedded(address)
        if scheme != "https" and not (self._http or real.is_loopback):
            return False
        if real.is_multicast or real.is_unspecified:
            return False
        return self._private or real.is_global


def _embedded(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, where there is one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
