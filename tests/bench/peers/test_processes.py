"""Peers as processes: they take turns with the worker, and end as a whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from deploy.local.server import free_port
from tests.bench.errors import BenchError
from tests.bench.peers.answers import Agreement
from tests.bench.peers.catalogue import Peer
from tests.bench.peers.contenders import Contenders
from tests.bench.peers.environment import Environment
from tests.bench.peers.measure import IN_FLIGHT, Killer
from tests.bench.peers.over_http import HttpBackend
from tests.bench.peers.processes import PeerProcess, is_loopback
from tests.bench.peers.run import measure_all
from tests.bench.peers.showing import as_json, shown
from tests.bench.rounds import Plan
from tests.bench.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Iterator


MODULE = "tests.bench.peers.fake_peer"
FAKE = Peer(name="fake", package="celery", command=(MODULE, "{port}"), path="/")
ABSENT = Peer(name="absent", package="celery", command=("tests.bench.no_such_module",), path="/")


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[tuple[PeerProcess, int]]:
    port = free_port()
    command = (MODULE, str(port))
    process = PeerProcess(command, python=None, environment={}, log=tmp_path / "log", workers=2)
    with process:
        process.wait_ready()
        yield process, port


def test_peer_and_worker_take_turns_and_only_the_peer_loses_what_a_killed_process_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHAOS_BURN", "1")
    monkeypatch.setenv("CHAOS_SECONDS_PER_ENTRY", "0.005")
    told: list[str] = []
    with Setting() as setting:
        figures = measure_all(
            Contenders(setting, 2, worker="tests.chaos.light_worker"),
            [ABSENT, FAKE],
            Environment(tmp_path / "never-made"),
            [f"Text {number}." for number in range(40)],
            Plan(rounds=2, seconds=1.0, entries=64, multiple=64),
            latency_seconds=0.5,
            tell=told.append,
        )
    absent, pair = figures.pairs
    assert (absent.peer.rates, pair.name) == ([], "fake")
    assert list(figures.failures) == ["absent"]
    assert len(pair.peer.rates) == len(pair.worker.rates) == 2
    assert pair.agreement == Agreement(40, 0, 0.0)
    assert pair.peer.latency
    assert pair.worker.latency
    assert pair.peer.peak > 0
    assert pair.peer.loss
    assert 0 < pair.peer.loss.lost < IN_FLIGHT
    assert figures.worker_loss
    assert (figures.worker_loss.lost, figures.worker_loss.twice) == (0, 0)
    json.dumps(as_json(figures))
    assert shown(figures, "texts").row_count == 3


def test_no_process_of_a_peer_outlives_it(fake: tuple[PeerProcess, int]) -> None:
    process, _ = fake
    parent, *children = process.all()
    assert sorted(one.pid for one in children) == sorted(process.ready())
    parent.kill()  # they belong to nobody now
    process.stop()
    assert not any(map(psutil.pid_exists, process.ready()))
    assert process.all() == []


def test_a_stopped_peer_stands_still_and_goes_on(fake: tuple[PeerProcess, int]) -> None:
    process, port = fake
    backend = HttpBackend(FAKE, port)
    with process.stopped():
        states = {one.status() for one in process.all()}
    assert states == {psutil.STATUS_STOPPED}
    assert backend.round(["A text."] * 3) > 0
    process.check_loopback()


def test_a_peer_that_others_could_reach_is_refused(tmp_path: Path) -> None:
    command = (MODULE, str(free_port()), "0.0.0.0")
    process = PeerProcess(command, python=None, environment={}, log=tmp_path / "log", workers=2)
    with process:
        process.wait_ready()
        with pytest.raises(BenchError, match=r"listens on 0\.0\.0\.0"):
            process.check_loopback()


def test_a_peer_that_has_died_leaves_its_entries_unanswered(fake: tuple[PeerProcess, int]) -> None:
    process, port = fake
    for pid in process.ready():
        os.kill(pid, signal.SIGKILL)
    process.stop()
    with pytest.raises(BenchError, match="not answered"):
        HttpBackend(FAKE, port).round(["A text."])


@pytest.mark.parametrize(
    ("address", "ours"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("::", False)],
)
def test_loopback_is_told_however_it_is_written(address: str, ours: bool) -> None:
    assert is_loopback(address) is ours


def test_the_process_that_works_on_what_is_in_flight_is_killed() -> None:
    idle, busy = "import time; time.sleep(600)", "while True: pass"
    with ExitStack() as stack:
        pair = [
            stack.enter_context(subprocess.Popen([sys.executable, "-c", code]))
            for code in (idle, busy)
        ]
        Killer([one.pid for one in pair], busy=0.2)()
        assert pair[1].wait(timeout=30) == -signal.SIGKILL
        assert pair[0].poll() is None
        pair[0].kill()
