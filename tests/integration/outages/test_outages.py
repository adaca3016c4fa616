"""A worker through outages of Redis: it lives, says so once, obeys SIGTERM and answers everything."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import redis

from deploy.local.processes import Process
from deploy.local.server import Server
from producer import KeySet, Settings
from tests.chaos.proxy import SilencingProxy
from tests.integration.conftest import Backend, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

#: After an outage all entries must be answered in so long.
RECOVERY_SECONDS = 10.0
#: Of which a worker may take most before it is told to stop for good.
GRACE_SECONDS = 30.0
BEGUN, ENDED = "trying again until it works", "Redis works again"


class Stand:
    """A server of its own, a light worker on it, and a backend that is connected directly."""

    def __init__(self, server: Server, keys_file: Path, log: Path) -> None:
        self.server = server
        self.keys_file = keys_file
        self.log = log
        self.admin = redis.Redis.from_url(server.url)
        settings = Settings.load(redis_url=server.url, keys_file=keys_file)
        self.backend = Backend(settings, KeySet.load(keys_file))
        self.worker = self.worker_at(server.url)

    def worker_at(self, url: str, **extra: str) -> Process:
        environment = {
            "JOURNAL_REDIS_URL": url,
            "JOURNAL_KEYS_FILE": str(self.keys_file),
            "JOURNAL_CONCURRENCY": "2",
            "JOURNAL_LOG_LEVEL": "INFO",
            "CHAOS_LOOP_SECONDS": "3",
            **extra,
        }
        return Process("run", environment, log=self.log, module="tests.chaos.light_worker")

    def lines(self, words: str) -> int:
        return self.log.read_text().count(words)

    def answers(self, count: int, prefix: str, seconds: float = RECOVERY_SECONDS) -> None:
        """Submit entries and wait for their results."""
        self.backend.ask(["x"] * count, prefix=prefix)
        assert len(self.backend.answers(count, seconds=seconds)) == count

    def close(self) -> None:
        self.worker.kill()
        self.backend.client.close()
        self.admin.close()
        self.server.kill()
        self.server.close()


@pytest.fixture
def stand(keys_file: Path, tmp_path: Path) -> Iterator[Stand]:
    server = Server()
    server.start()
    with closing(Stand(server, keys_file, tmp_path / "worker.log")) as one:
        yield one


@pytest.fixture(scope="module")
def tried(keys_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """One worker that goes through one refusal after the other."""
    server = Server(directory=tmp_path_factory.mktemp("server"))
    server.start()
    log = tmp_path_factory.mktemp("log") / "worker.log"
    with closing(Stand(server, keys_file, log)) as one:
        one.worker.start()
        one.worker.wait_ready()
        yield one


@contextmanager
def refusing(stand: Stand, how: str) -> Iterator[None]:
    """Let the server refuse what it refuses in this state."""
    admin = stand.admin
    if how == "MISCONF":
        name = admin.config_get("dbfilename")["dbfilename"]
        in_the_way = Path(admin.config_get("dir")["dir"], name)
        in_the_way.mkdir()  # so that no snapshot can be written
        admin.config_set("save", "3600 1")
        admin.bgsave()
        wait_until(
            lambda: admin.info("persistence")["rdb_last_bgsave_status"] == "err", "a lost snapshot"
        )
    elif how in {"READONLY", "MASTERDOWN"}:
        admin.config_set("replica-serve-stale-data", "yes" if how == "READONLY" else "no")
        admin.execute_command("REPLICAOF", "127.0.0.1", "1")
    else:
        name = "maxmemory" if how == "OOM" else "min-replicas-to-write"
        admin.config_set(name, 1)
    yield
    if how == "MISCONF":
        in_the_way.rmdir()
        admin.config_set("save", "")
        admin.bgsave()
        wait_until(
            lambda: admin.info("persistence")["rdb_last_bgsave_status"] == "ok", "a snapshot"
        )
    elif how in {"READONLY", "MASTERDOWN"}:
        admin.execute_command("REPLICAOF", "NO", "ONE")
    else:
        admin.config_set(name, 0)


@pytest.mark.parametrize("how", ["READONLY", "MASTERDOWN", "NOREPLICAS", "OOM", "MISCONF"])
def test_worker_lives_while_redis_refuses_idle_and_at_every_connection(
    tried: Stand, how: str
) -> None:
    begun, ended = tried.lines(BEGUN), tried.lines(ENDED)
    with refusing(tried, how):
        wait_until(lambda: tried.lines(BEGUN) > begun, "the outage to be told")
        tried.admin.client_kill_filter(_type="normal", skipme=True)
        time.sleep(1.0)  # several tries, which must all fail
        assert tried.worker.poll() is None
        assert tried.worker.page("healthz")[0] == 200
        if how != "OOM":
            status, text = tried.worker.page("readyz")
            assert (status, "Redis" in text) == (503, True)
    tried.answers(20, how)
    wait_until(lambda: tried.lines(ENDED) > ended, "the end to be told")
    assert (tried.lines(BEGUN) - begun, tried.lines(ENDED) - ended) == (1, 1)
    assert "Traceback" not in tried.log.read_text()
    wait_until(lambda: tried.worker.page("readyz")[0] == 200, "the worker to be ready")


def test_worker_starts_at_a_full_redis_and_drains_it(stand: Stand) -> None:
    stand.backend.ask(["x"] * 50)
    stand.admin.config_set("maxmemory", 1)
    stand.worker.start()
    wait_until(lambda: stand.admin.xlen("journal.results") == 50, "every entry to be answered")
    assert stand.backend.client.status().claimed == 0
    wait_until(lambda: stand.worker.page("readyz")[0] == 200, "the worker to be ready")
    assert stand.worker.stop() == 0
    assert "Traceback" not in stand.log.read_text()


def test_a_child_that_dies_before_its_worker_is_connected_is_replaced(stand: Stand) -> None:
    stand.worker.start()
    wait_until(lambda: _children(stand.worker), "a child")
    with hung(stand.server):
        for child in _children(stand.worker):
            child.kill()
            wait_until(lambda child=child: child.status() == psutil.STATUS_ZOMBIE, "its end")
    stand.answers(20, "after")
    assert "Traceback" not in stand.log.read_text()


def _children(process: Process) -> list[psutil.Process]:
    return psutil.Process(process.pid).children()


def test_a_missing_permission_is_one_line_and_exit_code_2(stand: Stand) -> None:
    rights = ("~*", "&*", "+@all", "-psubscribe")
    stand.admin.execute_command("ACL", "SETUSER", "w", "on", ">p", *rights)
    worker = stand.worker = stand.worker_at(stand.server.url.replace("redis://", "redis://w:p@"))
    worker.start()
    wait_until(lambda: worker.poll() is not None, "the worker to leave", seconds=20)
    assert worker.poll() == 2
    assert stand.lines("lacks a permission") == 1
    assert "Traceback" not in stand.log.read_text()


def test_worker_whose_connections_fell_silent_answers_again_and_obeys_sigterm(
    stand: Stand,
) -> None:
    with SilencingProxy(stand.admin.connection_pool.connection_kwargs["port"]) as proxy:
        worker = stand.worker = stand.worker_at(f"redis://127.0.0.1:{proxy.port}/0")
        worker.start()
        worker.wait_ready()
        stand.answers(20, "before")
        assert proxy.silence() > 0
        stand.answers(20, "after", seconds=30)
        assert worker.page("healthz")[0] == 200
        proxy.silence()
        assert worker.stop(GRACE_SECONDS) == 0
    assert "Traceback" not in stand.log.read_text()


def test_worker_stays_alive_while_redis_hangs_and_says_why_it_is_not_ready(
    stand: Stand,
) -> None:
    stand.worker = stand.worker_at(stand.server.url, CHAOS_SECONDS_PER_ENTRY="0.02")
    stand.worker.start()
    stand.worker.wait_ready()
    stand.backend.ask(["x"] * 400)
    wait_until(lambda: stand.backend.client.status().results > 20, "the worker to be at work")
    with hung(stand.server):
        until = time.monotonic() + 7
        while time.monotonic() < until:
            assert stand.worker.page("healthz") == (200, "ok\n")
            time.sleep(0.1)
        wait_until(
            lambda: "Redis cannot be reached" in stand.worker.page("readyz")[1], "the reason", 15
        )
        assert stand.worker.page("readyz")[0] == 503
    assert len(stand.backend.answers(400, seconds=30)) == 400
    with hung(stand.server):
        assert stand.worker.stop(GRACE_SECONDS) == 0


@contextmanager
def hung(server: Server) -> Iterator[None]:
    """A server that does not answer, though its connections stay open."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)
