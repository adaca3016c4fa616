"""A worker finds the primary by Sentinels, and goes on with the next one when that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.local.processes import Process
from producer import KeySet, Settings, Unavailable
from tests.integration.conftest import Backend, wait_until
from tests.sentinels import SentinelGroup

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECOVERY_SECONDS = 15.0


class Stand:
    """A worker, an exporter and a backend, all given the one URL of the Sentinels."""

    def __init__(self, group: SentinelGroup, keys_file: Path, folder: Path) -> None:
        self.group = group
        environment = {
            "JOURNAL_REDIS_URL": group.url,
            "JOURNAL_KEYS_FILE": str(keys_file),
            "JOURNAL_CONCURRENCY": "2",
            "JOURNAL_LEASE_SECONDS": "5",
            "JOURNAL_MIN_REPLICAS": "1",
        }
        self.log = folder / "worker.log"
        light = "tests.chaos.light_worker"
        self.worker = Process("run", environment, log=self.log, module=light)
        self.exporter = Process("exporter", environment, log=folder / "exporter.log")
        settings = Settings.load(
            redis_url=group.url, keys_file=keys_file, min_replicas=1, timeout_seconds=2.0
        )
        self.backend = Backend(settings, KeySet.load(keys_file))

    def ask(self, prefix: str) -> None:
        """Submit entries, until they are acknowledged."""

        def acknowledged() -> bool:
            try:
                self.backend.ask(["x"] * 50, prefix=prefix)
            except Unavailable:
                return False
            return True

        wait_until(acknowledged, "the entries to be acknowledged", RECOVERY_SECONDS)

    def answered(self, prefix: str) -> None:
        """The stream holds exactly one answer to each entry."""
        raw = self.group.raw(self.group.primary())

        def ids() -> list[str]:
            found = [fields["entry_id"] for _, fields in raw.xrange("journal.results")]
            return sorted(entry_id for entry_id in found if entry_id.startswith(prefix))

        wanted = sorted(f"{prefix}{i}" for i in range(50))
        wait_until(lambda: {*ids()} >= {*wanted}, f"all {prefix} to be answered", RECOVERY_SECONDS)
        assert ids() == wanted


@pytest.fixture(scope="module")
def stand(keys_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with SentinelGroup(tmp_path_factory.mktemp("group"), follow=True) as group:
        one = Stand(group, keys_file, tmp_path_factory.mktemp("log"))
        with one.worker, one.exporter:
            one.worker.wait_ready()
            one.exporter.wait_ready()
            yield one
        one.backend.client.close()


def test_worker_survives_a_kill_of_the_primary(stand: Stand) -> None:
    stand.ask("before")
    old = stand.group.primary()
    stand.group.servers[old].kill()
    stand.group.wait_for_another_primary(old)
    stand.group.bring_back(old)
    stand.ask("after")
    for prefix in ("before", "after"):
        stand.answered(prefix)
    wait_until(lambda: stand.worker.page("readyz")[0] == 200, "the worker to be ready")
    assert "journal_redis_up 1.0" in stand.exporter.page("metrics")[1]
    assert "Traceback" not in stand.log.read_text()


def test_worker_follows_a_planned_failover(stand: Stand) -> None:
    stand.group.wait_until_settled()
    stand.ask("first")
    old = stand.group.primary()
    stand.group.fail_over()
    stand.ask("second")
    stand.group.wait_for_another_primary(old)
    stand.ask("third")
    for prefix in ("first", "second", "third"):
        stand.answered(prefix)
    assert stand.worker.running
    assert "Traceback" not in stand.log.read_text()


def test_worker_stops_while_no_primary_is_up(stand: Stand) -> None:
    for server in stand.group.servers:
        server.kill()
    assert stand.worker.stop(30) == 0
