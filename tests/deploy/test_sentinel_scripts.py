"""A server that comes back is started as a replica of whichever the Sentinels call the primary."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deploy.local.server import free_port
from tests.sentinels import CLI, MASTER, SCRIPTS, SentinelGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

STAND_IN = f"{sys.executable} {Path(__file__).parents[1] / 'redis_cli.py'}"


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SentinelGroup]:
    with SentinelGroup(tmp_path_factory.mktemp("group"), sentinels=1) as running:
        yield running


def started(port: str, sentinels: str, cli: str = CLI) -> str:
    """The command by which a server at this port is started."""
    script = str(SCRIPTS / "start_redis.sh")
    command = [script, MASTER, sentinels, "127.0.0.1", port, "echo", "redis-server", "--port", port]
    environment = {**os.environ, "JOURNAL_CLI": cli}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.strip().removeprefix(f"redis-server --port {port}").strip()


@pytest.mark.parametrize("cli", [CLI, STAND_IN], ids=["cli", "stand-in"])
def test_a_server_starts_as_what_the_sentinels_call_it(group: SentinelGroup, cli: str) -> None:
    primary = str(group.ask("GET-MASTER-ADDR-BY-NAME", MASTER)[1])
    silent, answering = (f"127.0.0.1:{port}" for port in (free_port(), group.ports[0]))
    for sentinels in (answering, f"{silent},{answering}"):
        assert started(primary, sentinels, cli) == ""
        assert started("1", sentinels, cli) == f"--replicaof 127.0.0.1 {primary}"


def test_the_first_server_of_all_starts_as_a_primary() -> None:
    assert started("1", f"127.0.0.1:{free_port()}") == ""
