"""A primary and its replicas under Sentinels, as real processes on free ports."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import redis

from deploy.local.server import Server, find_program, free_port
from tests.needs import missing
from tests.producer.connection.support import QUICK, wait_for_replica

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MASTER = "mymaster"
SCRIPTS = Path(__file__).parents[1] / "deploy/redis"
#: What the scripts of `deploy/redis` ask servers by.
CLI = shutil.which("redis-cli") or f"{sys.executable} {Path(__file__).with_name('redis_cli.py')}"
START_SECONDS = 30.0
_CONFIGURATION = """
{port}
bind 127.0.0.1
dir {folder}
sentinel monitor {master} 127.0.0.1 {primary} {quorum}
sentinel down-after-milliseconds {master} {down_after_ms}
sentinel failover-timeout {master} 3000
"""


class SentinelGroup:
    """Servers, the first of which is the primary, and Sentinels that watch them.

    Args:
        folder: where all of them keep their files.
        sentinels: how many Sentinels.
        replicas: how many replicas.
        program: the server's program, which is also a Sentinel's; by default what there is.
        certificates: a folder of `make_certificates`; with it, servers and Sentinels speak TLS.
        sentinel_lines: further lines of the Sentinels' configuration.
        down_after_ms: for how long a server is silent before it counts as gone, in milliseconds.
        follow: whether an old primary is made a replica at once, by `deploy/redis`.
        on_start: given each server once it runs, to set passwords.
        told_port: from a server's port makes the one that everybody is told, as of a proxy.

    Attributes:
        servers: the servers.
        ports: those of the Sentinels.
        login: what clients of the servers need.
        sentinel_login: what clients of the Sentinels need.
    """

    def __init__(
        self,
        folder: Path,
        *,
        sentinels: int = 3,
        replicas: int = 1,
        program: str | None = None,
        certificates: Path | None = None,
        sentinel_lines: Sequence[str] = (),
        down_after_ms: int = 500,
        follow: bool = False,
        on_start: Callable[[redis.Redis], None] = lambda _: None,
        told_port: Callable[[int], int] = lambda port: port,
    ) -> None:
        self._folder = folder
        self._program = program or _program()
        self._lines = list(sentinel_lines)
        if follow:
            self._lines.append(
                f"sentinel client-reconfig-script {MASTER} {SCRIPTS / 'follow_primary.sh'}"
            )
        self._down_after_ms = down_after_ms
        self._on_start = on_start
        self._told_port = told_port
        self._stack = ExitStack()
        self._processes: list[subprocess.Popen[bytes]] = []
        self.login: dict[str, Any] = {}
        self.sentinel_login: dict[str, Any] = {}
        self.ports = [free_port() for _ in range(sentinels)]
        self._server_ports: list[str] = []  # those that the Sentinels tell
        self._tls = {} if certificates is None else _tls_options(certificates)
        self.servers = [self._server(number) for number in range(1 + replicas)]
        if certificates is not None:
            self.sentinel_login = {"ssl": True, "ssl_ca_certs": str(certificates / "ca.crt")}

    @property
    def sentinel_pids(self) -> list[int]:
        """The process ids of the Sentinels."""
        return [process.pid for process in self._processes]

    @property
    def url(self) -> str:
        """The URL of the group for the project."""
        places = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        return f"redis{'s' if self._tls else ''}+sentinel://{places}/{MASTER}/0"

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
        return self._ask(self._running()[0], *command)

    def tell_all(self, *command: Any) -> None:
        """Tell all Sentinels that run, as each is configured by itself."""
        for port in self._running():
            self._ask(port, *command)

    def primary(self) -> int:
        """The number of the server that the Sentinels call the primary."""
        port = self.ask("GET-MASTER-ADDR-BY-NAME", MASTER)[1]
        return self._server_ports.index(port)

    def bring_back(self, number: int) -> None:
        """Start a server that was killed: as a replica, if another one is the primary by now.

        It does what `deploy/redis/start_redis.sh` does.
        """
        primary = self.primary()
        if primary == number:
            self.servers[number].start()
        else:
            self.servers[number].start(replicaof=f"127.0.0.1 {self._server_ports[primary]}")

    def fail_over(self, *, coordinated: bool = False) -> None:
        """Let the Sentinels make another server the primary.

        Args:
            coordinated: the old primary hands over; only Valkey's Sentinels know how.

        Raises:
            redis.ResponseError: they will not, such as while another failover is under way.
        """
        self.ask("FAILOVER", MASTER, *(["COORDINATED"] if coordinated else []))

    @contextmanager
    def lagging(self, number: int) -> Iterator[None]:
        """A replica takes nothing, though its connection stays."""
        os.kill(self.servers[number].pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.servers[number].pid, signal.SIGCONT)

    def kill_sentinel(self, number: int) -> None:
        """SIGKILL one Sentinel."""
        self._processes[number].kill()
        self._processes[number].wait()

    def flags(self) -> str:
        """What the first Sentinel says of the primary: `master` where nothing is the matter."""
        return str(self._state()["flags"])

    def is_settled(self) -> bool:
        """Whether all servers are up and a Sentinel knows of them, and of the others."""
        known = self._state()
        running = len(self._running())
        if known["flags"] != "master" or int(known["num-other-sentinels"]) < running - 1:
            return False
        replicas = [
            dict(zip(one[::2], one[1::2], strict=True)) for one in self.ask("REPLICAS", MASTER)
        ]
        up = [one["flags"] == "slave" and one["master-link-status"] == "ok" for one in replicas]
        return bool(sum(up) == len(self.servers) - 1)

    def wait_until_settled(self) -> None:
        """Wait until all servers are up and a Sentinel knows of them, and of the others."""
        self._wait(self.is_settled)

    def wait_for_another_primary(self, before: int) -> int:
        """Wait until the Sentinels have made another server the primary; returns its number."""
        self._wait(lambda: self.primary() != before)
        return self.primary()

    def _start(self) -> None:
        for server in self.servers:
            self._stack.enter_context(server)
            with redis.Redis.from_url(server.url) as client:
                self._on_start(client)
        for number in range(1, len(self.servers)):
            replica = self.raw(number)
            replica.replicaof("127.0.0.1", self._server_ports[0])
            wait_for_replica(replica)
        for number, port in enumerate(self.ports):
            folder = self._folder / f"sentinel{number}"
            folder.mkdir()
            text = _CONFIGURATION.format(
                port=f"port 0\ntls-port {port}" if self._tls else f"port {port}",
                folder=folder,
                master=MASTER,
                primary=self._server_ports[0],
                quorum=len(self.ports) // 2 + 1,
                down_after_ms=self._down_after_ms,
            )
            file = folder / "sentinel.conf"
            tls = [f"{name.replace('_', '-')} {value}" for name, value in self._tls.items()]
            file.write_text("\n".join([text, *tls, *self._lines, ""]))
            with (folder / "log").open("wb") as log:
                command = [self._program, str(file), "--sentinel"]
                environment = {**os.environ, "JOURNAL_CLI": CLI}
                self._processes.append(
                    subprocess.Popen(command, stdout=log, stderr=log, env=environment)
                )
        self.wait_until_settled()

    def _server(self, number: int) -> Server:
        port, tls_port = free_port(), free_port()
        told = self._told_port(tls_port if self._tls else port)
        self._server_ports.append(str(told))
        tls = {**self._tls, "tls_port": str(tls_port)} if self._tls else {}
        return Server(
            directory=self._folder / f"server{number}",
            appendonly=True,
            program=self._program,
            port=port,
            replica_announce_port=str(told),
            **QUICK,
            **tls,
        )

    def _state(self) -> dict[str, str]:
        state = self.ask("MASTER", MASTER)
        return dict(zip(state[::2], state[1::2], strict=True))

    def _running(self) -> list[int]:
        """The ports of the Sentinels that run."""
        pairs = zip(self.ports, self._processes, strict=True)
        return [port for port, process in pairs if process.poll() is None]

    def _ask(self, port: int, *command: Any) -> Any:
        client: Any = redis.Redis(
            host="127.0.0.1", port=port, decode_responses=True, protocol=2, **self.sentinel_login
        )
        with client:
            client.response_callbacks.clear()
            return client.execute_command("SENTINEL", *command)

    @staticmethod
    def _wait(condition: Callable[[], bool]) -> None:
        ends = time.monotonic() + START_SECONDS
        while True:
            with suppress(redis.RedisError):
                if condition():
                    return
            assert time.monotonic() < ends, "the Sentinels do not settle"
            time.sleep(0.05)


def _tls_options(certificates: Path) -> dict[str, str]:
    return {
        "tls_cert_file": str(certificates / "redis.crt"),
        "tls_key_file": str(certificates / "redis.key"),
        "tls_ca_cert_file": str(certificates / "ca.crt"),
        "tls_auth_clients": "no",
        "tls_replication": "yes",
    }


def _program() -> str:
    try:
        return find_program()
    except SystemExit:
        missing("redis-server")
