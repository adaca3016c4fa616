"""The peers: what each needs installed, how it is started, and how it is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import click

from tests.bench.peers.environment import CONSTRAINTS, pinned

if TYPE_CHECKING:
    from collections.abc import Iterable

    from producer import JournalEntry

SERVERS = "tests.bench.peers.servers"
#: In place of names: every peer.
ALL = "all"
#: Of mosec, for one request; longer than any waits here.
_TIMEOUT_MS = 300_000


@dataclass(frozen=True, slots=True)
class Peer:
    """One way of serving the stages.

    Attributes:
        name: what it is chosen by.
        package: the PyPI package whose version stands in its title.
        command: run as `python -m`; `{port}` and `{folder}` (for what it keeps) are filled in.
        path: where it takes requests over HTTP; "" reads entries from a queue on Redis.
        many: whether the body of a request holds a list of entries, and that of an answer one.
        requirements: what pip is asked for; nothing where the project's own environment serves.
    """

    name: str
    package: str
    command: tuple[str, ...]
    path: str = ""
    many: bool = False
    requirements: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What it is called in tables: its name, and the version that is installed."""
        known = pinned(CONSTRAINTS) if self.requirements else {self.package: version(self.package)}
        return f"{self.name} {known[self.package]}"

    def body(self, entry: JournalEntry) -> bytes:
        """The body of a request for an entry."""
        one = {"entry_id": entry.entry_id, "entry": entry.encode().decode()}
        return json.dumps({"entries": [one]} if self.many else one).encode()

    def result(self, content: bytes) -> str:
        """The result in the body of an answer, as JSON.

        Raises:
            ValueError, LookupError, TypeError: there is none.
        """
        answer = json.loads(content)
        return str(answer[0] if self.many else answer["result"])


PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            name="mosec",
            package="mosec",
            requirements=("mosec",),
            command=(
                f"{SERVERS}.mosec_server",
                *("--address", "127.0.0.1", "--port", "{port}", "--path", "{folder}/mosec"),
                *("--timeout", str(_TIMEOUT_MS), "--log-level", "warning"),
            ),
            path="/inference",
        ),
        Peer(
            name="litserve",
            package="litserve",
            requirements=("litserve",),
            command=(f"{SERVERS}.litserve_server", "{port}"),
            path="/predict",
        ),
        Peer(
            name="bentoml",
            package="bentoml",
            requirements=("bentoml",),
            command=(
                *("bentoml", "serve", f"{SERVERS}.bentoml_server:Classify"),
                *("--host", "127.0.0.1", "--port", "{port}"),
            ),
            path="/classify",
            many=True,
        ),
        Peer(
            name="ray",
            package="ray",
            command=(f"{SERVERS}.ray_server", "{port}"),
            path="/",
            requirements=("ray[serve]",),
        ),
        Peer(
            name="celery-batches",
            package="celery-batches",
            requirements=("celery-batches",),
            command=(f"{SERVERS}.celery_batches_worker",),
        ),
        Peer(
            name="celery",
            package="celery",
            command=("tests.bench.processes.stock_worker", "peers"),
        ),
    )
}


def chosen(names: str) -> list[Peer]:
    """The peers of a list like `mosec,ray`; all of them for `ALL`.

    Raises:
        click.BadParameter: there is no such peer.
    """
    if names == ALL:
        return list(PEERS.values())
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in PEERS]
    if unknown or not wanted:
        missing = listed(unknown) or names
        raise click.BadParameter(f"no such peer: {missing}; there are {listed(PEERS)}")
    return [PEERS[name] for name in dict.fromkeys(wanted)]


def listed(names: Iterable[str]) -> str:
    """Names in a row."""
    return ", ".join(names)
