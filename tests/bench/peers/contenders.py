"""The worker and the peers, started and ready to be measured."""

from __future__ import annotations

import secrets
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local.server import free_port
from tests.bench.errors import BenchError
from tests.bench.machine import tree
from tests.bench.peers.backends import QueueBackend
from tests.bench.peers.measure import Contender, never_stopped
from tests.bench.peers.over_http import HttpBackend
from tests.bench.peers.processes import PeerProcess
from tests.bench.peers.servers import RAY_FOLDER
from tests.bench.variants import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.peers.backends import Backend
    from tests.bench.peers.catalogue import Peer
    from tests.bench.setting import Setting

#: How long a peer may take from loaded stages to its first answer.
_ANSWER_SECONDS = 30.0
_POLL_SECONDS = 0.2


class Contenders:
    """Starts the worker and the peers in one setting.

    Args:
        setting: the server, the keys and a folder; each has a database of its own.
        children: how many processes run the stages.
        worker: a stand-in for `worker.cli`.
    """

    def __init__(self, setting: Setting, children: int, worker: str = "worker.cli") -> None:
        self._setting = setting
        self._children = children
        self._worker = worker
        self._databases = iter(range(1, 16))

    @contextmanager
    def worker(self) -> Iterator[Contender]:
        """The worker, which runs as long as the block."""
        worker = Worker(
            self._environment(0),
            self._setting.log("worker"),
            stream := self._setting.stream(0),
            children=self._children,
            module=self._worker,
        )
        with worker:
            worker.wait_ready()
            yield Contender(
                backend=QueueBackend(stream),
                pids=lambda: worker.pids,
                workers=lambda: tree(worker.pids)[1:],
                stopped=never_stopped,
            )

    @contextmanager
    def peer(self, peer: Peer, python: Path) -> Iterator[Contender]:
        """A peer, which runs as long as the block.

        Args:
            peer: which.
            python: the interpreter of the peers' environment.

        Raises:
            BenchError: it does not start, or listens for more than this machine.
        """
        database, port = next(self._databases), free_port()
        folder = self._setting.directory / peer.name
        folder.mkdir()
        process = PeerProcess(
            [part.format(port=port, folder=folder) for part in peer.command],
            python=python if peer.requirements else None,
            environment={**self._environment(database), **quiet(folder)},
            log=self._setting.log(peer.name),
            workers=self._children,
        )
        backend: Backend
        if peer.path:
            backend = HttpBackend(peer, port)
        else:
            backend = QueueBackend(self._setting.stream(database))
        try:
            with process:
                process.wait_ready()
                wait_for_answer(backend, process)
                process.check_loopback()
                yield Contender(
                    backend=backend,
                    pids=lambda: [process.pid],
                    workers=process.ready,
                    stopped=process.stopped,
                )
        finally:
            backend.close()

    def _environment(self, database: int) -> dict[str, str]:
        """The JOURNAL_* settings of one of them; all on the CPU."""
        return {
            **self._setting.environment(database),
            "JOURNAL_CONCURRENCY": str(self._children),
            "JOURNAL_DEVICE": "cpu",
        }


def quiet(folder: Path) -> dict[str, str]:
    """Environment variables that keep the peers on this machine and out of the home folder."""
    return {
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str(folder),
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        RAY_FOLDER: str(folder),
        "RAY_USAGE_STATS_ENABLED": "0",
        "TMPDIR": str(folder),
        # Else its processes listen on all interfaces; the name tells where Ray does so itself.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        # Else it writes one into the home folder.
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }


def wait_for_answer(backend: Backend, process: PeerProcess) -> None:
    """Ask until it answers.

    Raises:
        BenchError: it ended or took too long.
    """
    deadline = time.monotonic() + _ANSWER_SECONDS
    while True:
        try:
            backend.round(["A first entry."])
        except BenchError as exc:
            if not process.running:
                raise BenchError(f"it ended: {process.last_line()}") from None
            if time.monotonic() > deadline:
                raise BenchError(f"it does not answer: {exc}") from None
            time.sleep(_POLL_SECONDS)
        else:
            return
