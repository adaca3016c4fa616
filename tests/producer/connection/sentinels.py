"""A primary and its replica under Sentinels, as real processes on free ports."""

from __future__ import annotations

import subprocess
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, Self

import redis

from deploy.local.server import Server, find_program, free_port
from tests.needs import missing
from tests.producer.connection.support import QUICK, place, wait_for_replica

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

MASTER = "mymaster"
START_SECONDS = 30.0
_CONFIGURATION = """
port {port}
bind 127.0.0.1
dir {folder}
sentinel monitor {master} 127.0.0.1 {primary} {quorum}
sentinel down-after-milliseconds {master} 500
sentinel failover-timeout {master} 3000
"""


class SentinelGroup:
    """Two servers, `servers`, the first of which is the primary, and Sentinels that watch them.

    Args:
        folder: where all of them keep their files.
        sentinels: how many Sentinels.
        program: the server's program, which is also a Sentinel's; by default what there is.
        server_options: of both servers.
        sentinel_lines: further lines of the Sentinels' configuration.
        ports: those of the servers that the Sentinels tell; by default where they listen.
        on_start: told of each server once it runs, to set passwords.
    """

    def __init__(
        self,
        folder: Path,
        *,
        sentinels: int = 3,
        program: str | None = None,
        server_options: Sequence[dict[str, str]] = ({}, {}),
        sentinel_lines: Sequence[str] = (),
        on_start: Callable[[redis.Redis], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._program = program or _program()
        self._lines = sentinel_lines
        self._on_start = on_start
        self._stack = ExitStack()
        self._processes: list[subprocess.Popen[bytes]] = []
        self.login: dict[str, Any] = {}
        self.sentinel_login: dict[str, Any] = {}
        self.ports = [free_port() for _ in range(sentinels)]
        self.servers = [
            Server(
                directory=folder / f"server{number}",
                appendonly=True,
                program=self._program,
                **QUICK,
                **options,
            )
            for number, options in enumerate(server_options)
        ]

    @property
    def url(self) -> str:
        """The URL of the group for the project."""
        places = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        return f"redis+sentinel://{places}/{MASTER}/0"

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes."""
        for process in self._processes:
            process.kill()
            process.wait()
        self._stack.close()

    def raw(self, number: int) -> redis.Redis:
        """A plain client of one of the servers."""
        client = redis.Redis.from_url(
            self.servers[number].url, decode_responses=True, socket_timeout=2.0, **self.login
        )
        self._stack.callback(client.close)
        return client

    def ask(self, *command: Any) -> Any:
        """A reply of the first Sentinel that runs."""
        for port, process in zip(self.ports, self._processes, strict=True):
            if process.poll() is None:
                client: Any = redis.Redis(
                    port=port, decode_responses=True, protocol=2, **self.sentinel_login
                )
                with client:
                    client.response_callbacks.clear()
                    return client.execute_command("SENTINEL", *command)
        raise AssertionError("no Sentinel runs")

    def primary(self) -> int:
        """The number of the server that the Sentinels call the primary."""
        port = self.ask("GET-MASTER-ADDR-BY-NAME", MASTER)[1]
        return [place(server.url)[1] for server in self.servers].index(port)

    def kill_sentinel(self, number: int) -> None:
        """SIGKILL one Sentinel."""
        self._processes[number].kill()
        self._processes[number].wait()

    def wait_until_settled(self) -> None:
        """Wait until both servers are up and every Sentinel knows of both, and of the others."""
        self._wait(self._is_settled)

    def wait_for_primary(self, number: int) -> None:
        """Wait until the Sentinels have made this server the primary."""
        self._wait(lambda: self.primary() == number)

    def _start(self) -> None:
        for server in self.servers:
            self._stack.enter_context(server)
            with redis.Redis.from_url(server.url) as client:
                self._on_start(client)
        replica = self.raw(1)
        replica.replicaof(*place(self.servers[0].url))
        wait_for_replica(replica)
        for number, port in enumerate(self.ports):
            folder = self._folder / f"sentinel{number}"
            folder.mkdir()
            text = _CONFIGURATION.format(
                port=port,
                folder=folder,
                master=MASTER,
                primary=place(self.servers[0].url)[1],
                quorum=len(self.ports) // 2 + 1,
            )
            file = folder / "sentinel.conf"
            file.write_text("\n".join([text, *self._lines, ""]))
            with (folder / "log").open("wb") as log:
                command = [self._program, str(file), "--sentinel"]
                self._processes.append(subprocess.Popen(command, stdout=log, stderr=log))
        self.wait_until_settled()

    def _is_settled(self) -> bool:
        state = self.ask("MASTER", MASTER)
        known = dict(zip(state[::2], state[1::2], strict=True))
        running = sum(process.poll() is None for process in self._processes)
        if known["flags"] != "master" or int(known["num-other-sentinels"]) < running - 1:
            return False
        replicas = [
            dict(zip(one[::2], one[1::2], strict=True)) for one in self.ask("REPLICAS", MASTER)
        ]
        return any(
            one["flags"] == "slave" and one["master-link-status"] == "ok" for one in replicas
        )

    @staticmethod
    def _wait(condition: Callable[[], bool]) -> None:
        ends = time.monotonic() + START_SECONDS
        while True:
            with suppress(redis.RedisError):
                if condition():
                    return
            assert time.monotonic() < ends, "the Sentinels do not settle"
            time.sleep(0.05)


def _program() -> str:
    try:
        return find_program()
    except SystemExit:
        missing("redis-server")
