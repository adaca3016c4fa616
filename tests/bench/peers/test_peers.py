"""What the runner of the peers counts, compares, shows and refuses, without the peers."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import click
import pytest
from click.testing import CliRunner

from producer import JournalResult
from tests.bench import run
from tests.bench.errors import BenchError
from tests.bench.latency import LoadLatency
from tests.bench.peers import run as peers_run
from tests.bench.peers.answers import Agreement, compare
from tests.bench.peers.backends import Loss, QueueBackend, until_quiet
from tests.bench.peers.catalogue import PEERS, Peer, chosen
from tests.bench.peers.contenders import Contenders
from tests.bench.peers.environment import CONSTRAINTS, STAGES, Environment, pinned
from tests.bench.peers.measure import Figures, Pair, Side
from tests.bench.peers.over_http import read_body
from tests.bench.peers.run import installed, measure_all
from tests.bench.peers.showing import as_json, shown
from tests.bench.rounds import Plan
from tests.bench.setting import Setting
from tests.bench.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from producer import KeySet, Settings

COMMAND = ("tests.bench.peers.fake_peer", "{port}")
FAKE = Peer(name="fake", package="celery", command=COMMAND, path="/")


def result(entry_id: str = "e1", score: float = 0.5, **others: object) -> JournalResult:
    found = {
        "entry_id": entry_id,
        "labels": [],
        "scores": {"Even": score},
        "redactions": {},
        "model": "m@1",
        "submitted_at": "2026-11-29T10:00:00Z",
        "completed_at": "2026-11-29T10:00:01Z",
        "deliveries": 1,
        **others,
    }
    return JournalResult.model_validate_json(json.dumps(found))


def test_what_hangs_and_what_fails_counts_as_lost() -> None:
    async def answer(after: float, good: bool) -> bool:
        await asyncio.sleep(after)
        return good

    async def count() -> tuple[int, float]:
        asked = [(0.0, True), (0.0, False), (60.0, True), (0.0, True)]
        tasks = [asyncio.create_task(answer(*how)) for how in asked]
        return await until_quiet(tasks, patience=0.01)

    answered, seconds = asyncio.run(count())
    assert answered == 2
    assert seconds < 60


def test_entries_lost_and_answered_twice_are_counted(
    settings: Settings, keys: KeySet, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Stream(settings, keys)
    entries = stream.entries(["One.", "Two.", "Three."])
    monkeypatch.setattr(stream, "entries", lambda _: entries)

    def kill() -> None:
        for entry in [*entries[:2], entries[0]]:
            stream._ask("XADD", settings.results, "*", "entry_id", entry.entry_id, "sealed", "x")

    backend = QueueBackend(stream, patience=0.01)
    try:
        found = backend.loss(["any"] * 3, kill)
    finally:
        backend.close()
    assert (found.entries, found.lost, found.twice) == (3, 1, 1)


def test_a_body_in_chunks_is_read() -> None:
    async def read() -> bytes:
        reader = asyncio.StreamReader()
        reader.feed_data(b'4\r\n["on\r\n3\r\ne"]\r\n0\r\n\r\n')
        return await read_body(reader, b"http/1.1 200 ok\r\ntransfer-encoding: chunked\r\n\r\n")

    assert asyncio.run(read()) == b'["one"]'


def test_answers_with_other_labels_or_redactions_are_told_from_other_scores() -> None:
    label = {"label": "Even", "score": 0.5, "evidence": [{"start": 0, "end": 1}]}
    ours = [result(), result(labels=[label]), result()]
    theirs = [result(score=0.51), result(), result(score=0.9, redactions={"PERSON": 1})]
    found = compare(ours, theirs)
    assert (found.entries, found.different) == (3, 2)
    assert found.score == pytest.approx(0.01)
    with pytest.raises(BenchError, match="2 of 3 answers"):
        found.check()
    Agreement(100, 5, 0.1).check()


def test_a_ratio_is_of_rounds_side_by_side() -> None:
    """A noisy minute hits a round of both: the medians of each alone would tell 0.5."""
    pair = Pair(
        "p", "p 1", peer=Side(rates=[90.0, 45.0, 30.0]), worker=Side(rates=[90.0, 50.0, 90.0])
    )
    assert pair.ratio == pytest.approx(0.9)


def test_what_could_not_be_measured_is_shown_as_such() -> None:
    latency = LoadLatency(20.0, 100, 0.03, 0.09)
    side = Side(entries=64, rates=[10.0], cpu=[0.01], peak=2**30, latency=latency)
    whole = Pair("a", "a 1", side, Side(rates=[20.0], cpu=[0.02]), Agreement(9, 0, 0.0))
    whole.peer.loss = Loss(200, 64, 1, 2.0)
    figures = Figures(1, [whole, Pair("b", "b 2")], failures={"b": "it ended"})
    table = shown(figures, "texts")
    cells = [list(column.cells) for column in table.columns]
    assert [column[0] for column in cells[1:]] == [
        "0.50",
        "10 / 20",
        "10.0 / 20.0",
        "1024 / -",
        "30, 90 / -",
        "64, 1 twice (2.0)",
        "0/9",
    ]
    assert {column[1] for column in cells[1:]} == {"-"}
    assert as_json(figures)["peers"]["b"]["ratio"] is None


def test_names_choose_peers() -> None:
    assert [peer.name for peer in chosen("ray, mosec,ray")] == ["ray", "mosec"]
    assert chosen("all") == list(PEERS.values())
    with pytest.raises(click.BadParameter, match="no such peer: moses; there are mosec, "):
        chosen("mosec,moses")
    assert CliRunner().invoke(run.main, ["--peers", "moses"]).exit_code == 2


def test_every_peer_is_pinned() -> None:
    known = pinned(CONSTRAINTS)
    assert all(peer.package in known for peer in PEERS.values())
    assert {peer.title for peer in PEERS.values()} >= {f"mosec {known['mosec']}"}


def test_the_stages_have_the_versions_of_the_project() -> None:
    ours, theirs = pinned(CONSTRAINTS.parents[3] / "constraints.txt"), pinned(CONSTRAINTS)
    stages = ("numpy", "presidio_analyzer", "regex", "safetensors", "tokenizers", "torch")
    for name in (*stages, "transformers"):
        assert theirs[name.replace("_", "-")] == ours[name]


def stub_environment(folder: Path, script: str) -> Environment:
    """An environment whose Python is a shell script."""
    environment = Environment(folder)
    environment.python.parent.mkdir(parents=True)
    environment.python.write_text(f"#!/bin/sh\n{script}\n")
    environment.python.chmod(0o755)
    environment._note("stages", STAGES)
    return environment


def test_a_peer_that_cannot_be_installed_is_told_and_the_others_are_measured(
    tmp_path: Path,
) -> None:
    script = 'case "$*" in *ray*) echo "ERROR: No matching distribution" >&2; exit 1;; esac'
    environment = stub_environment(tmp_path / "environment", script)
    failures: dict[str, str] = {}
    told: list[str] = []
    able = installed(environment, chosen("mosec,ray,celery"), failures, told.append)
    assert [peer.name for peer in able] == ["mosec", "celery"]
    assert failures == {
        "ray": "ERROR: No matching distribution (a package index must be reachable)"
    }
    assert len(told) == 2
    installed(environment, chosen("mosec"), failures, told.append)
    assert len(told) == 2, "installed twice"


def test_without_any_peer_no_worker_is_started(tmp_path: Path) -> None:
    environment = stub_environment(tmp_path / "environment", "exit 3")
    expected = pytest.raises(BenchError, match=r"mosec was not measured.* pip ended with 3")
    with Setting() as setting, expected:
        measure_all(
            Contenders(setting, 2),
            chosen("mosec"),
            environment,
            ["A text."],
            Plan(rounds=1, seconds=1.0, entries=None, multiple=1),
            latency_seconds=0.0,
            tell=lambda _: None,
        )


def test_figures_of_the_others_outlive_a_kill_that_did_not_work(tmp_path: Path) -> None:
    class Contending:
        @contextmanager
        def worker(self) -> Iterator[Any]:
            backend = SimpleNamespace(results=lambda texts: [])
            yield SimpleNamespace(warm_up=lambda texts: 1.0, backend=backend, loss=self.fail)

        @contextmanager
        def peer(self, *_: object) -> Iterator[Any]:
            self.fail()
            yield

        def fail(self, *_: object) -> None:
            raise BenchError("no room")

    figures = measure_all(
        cast("Any", Contending()),
        [FAKE],
        Environment(tmp_path),
        ["A text."],
        Plan(rounds=1, seconds=1.0, entries=None, multiple=1),
        latency_seconds=0.0,
        tell=lambda _: None,
    )
    assert figures.failures == {"fake": "no room", "the worker": "no room"}


def test_a_bench_that_left_a_peer_out_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    figures = Figures(1, failures={"ray": "it ended: no room"})
    monkeypatch.setattr(peers_run, "measure_all", lambda *_, **__: figures)
    written = tmp_path / "figures.json"
    answer = CliRunner().invoke(run.main, ["--peers", "ray", "--json", str(written)])
    assert answer.exit_code == 1
    line = answer.stderr.splitlines()[-1]
    assert line == "bench: ray was not measured, or not whole: it ended: no room"
    assert json.loads(written.read_text())["failures"] == figures.failures
