from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from celery.exceptions import Reject
from click.testing import CliRunner

from tests.bench import run, table
from tests.bench.errors import BenchError
from tests.bench.machine import Usage, tree
from tests.bench.processes import stock_worker
from tests.bench.processes.pipes import PipeProcess
from tests.bench.rounds import Measured, Plan, measure
from tests.bench.stream import Stream
from tests.bench.texts import deal, read_texts, sample
from tests.bench.variants import StockCelery
from worker.child import process
from worker.protocol import BatchReport, Failure

if TYPE_CHECKING:
    from pathlib import Path

    from producer import KeySet, Settings


def test_long_and_short_rounds_have_the_same_lengths() -> None:
    texts = sample(read_texts(None))
    means = [statistics.mean(map(len, deal(texts, count))) for count in (128, 512, 2048)]
    assert means == pytest.approx([means[1]] * 3, rel=0.02)
    assert deal(texts, 128) == deal(texts, 128)
    assert sorted(deal(texts, 512)) == sorted(texts)


@pytest.mark.parametrize("content", ["", "CANARY\n", '{"no": "CANARY"}\n', '{"text": "  "}\n'])
def test_a_useless_file_is_told_without_its_text(tmp_path: Path, content: str) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text(content)
    with pytest.raises(BenchError) as caught:
        read_texts(path)
    assert "CANARY" not in str(caught.value)


def test_a_missing_model_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(run.main, env={"JOURNAL_MODEL": str(tmp_path / "none")})
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "not found" in result.stderr


def test_an_answer_for_nobody_fails_the_bench(settings: Settings, keys: KeySet) -> None:
    stream = Stream(settings, keys)
    try:
        stream._ask("XADD", settings.results, "*", "entry_id", "stray", "sealed", "x")
        with pytest.raises(BenchError, match="twice"):
            stream.collect({"expected"})
    finally:
        stream.close()


def test_an_entry_without_an_answer_fails_the_bench(settings: Settings, keys: KeySet) -> None:
    stream = Stream(settings, keys)
    try:
        with pytest.raises(BenchError, match="1 entries not answered"):
            stream.round(["Nobody works here."], patience=0.0)
    finally:
        stream.close()


def test_usage_counts_what_a_process_holds() -> None:
    code = "block = bytearray(80_000_000)\nprint(flush=True)\ninput()\nsum(range(10**7))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        with Usage([process.pid]) as usage:
            assert process.pid in tree([os.getpid()])
        process.stdin.write(b"\n")
    assert 80e6 < usage.peak < 160e6
    assert usage.cpu >= 0


def test_a_process_that_cannot_start_is_told(tmp_path: Path) -> None:
    process = PipeProcess("tests.bench.no_such_module", {}, log=tmp_path / "log")
    with process, pytest.raises(BenchError, match="ended"):
        process.wait_ready()


def test_the_peer_answers_every_entry_and_logs_no_text(
    settings: Settings, keys: KeySet, redis_url: str, keys_file: Path, tmp_path: Path
) -> None:
    environment = {
        "JOURNAL_REDIS_URL": redis_url,
        "JOURNAL_KEYS_FILE": str(keys_file),
        "JOURNAL_CONCURRENCY": "2",
    }
    stream, log = Stream(settings, keys), tmp_path / "log"
    with StockCelery("stand-in", environment, log, stream, children=2) as peer:
        peer.wait_ready()
        assert peer.round([f"Text {i}." for i in range(50)]) > 0
        (entry,) = stream.entries(["One more."])
        stream.answer(entry)  # it opens under our keys
    assert "Text" not in log.read_text()


@pytest.mark.parametrize(
    ("failure", "error"), [(Failure.UNSETTLED, Reject), (Failure.BROKEN, RuntimeError)]
)
def test_the_peer_puts_back_only_what_could_not_be_published(
    monkeypatch: pytest.MonkeyPatch, failure: Failure, error: type[Exception]
) -> None:
    report = BatchReport(failure=failure)
    monkeypatch.setattr(process, "run_batch", lambda _: report)
    with pytest.raises(error) as caught:
        stock_worker.answer("e1", "sealed", None)
    assert getattr(caught.value, "requeue", False) is (failure is Failure.UNSETTLED)


def test_a_peer_that_cannot_load_its_stages_is_told(
    settings: Settings, keys: KeySet, redis_url: str, tmp_path: Path
) -> None:
    environment = {
        "JOURNAL_REDIS_URL": redis_url,
        "JOURNAL_KEYS_FILE": str(tmp_path / "none"),
        "JOURNAL_CONCURRENCY": "1",
    }
    peer = StockCelery(
        "stand-in", environment, tmp_path / "log", Stream(settings, keys), children=1
    )
    with pytest.raises(BenchError, match="ended"), peer:
        peer.wait_ready()


def test_rounds_take_turns_and_are_summed_up() -> None:
    order: list[str] = []

    def variant(key: str, seconds: float) -> SimpleNamespace:
        def one_round(texts: list[str]) -> float:
            order.append(key)
            return seconds * len(texts)

        return SimpleNamespace(key=key, title=key, warm_up=64, round=one_round, pids=[os.getpid()])

    plan = Plan(rounds=2, seconds=12.8, entries=None, multiple=128)
    variants = [variant("a", 0.1), variant("d", 0.01)]
    measured = measure(variants, ["some text"], plan)
    assert order == ["a", "a", "d", "d", "a", "d", "a", "d"]
    assert (measured["a"].entries, measured["d"].entries) == (128, 1280)
    assert measured["d"].median == pytest.approx(100)
    figures = table.as_json(measured, None, None)
    assert figures["variants"]["d"]["to_a"] == pytest.approx(10)
    json.dumps(figures)


def test_a_table_needs_no_bound() -> None:
    one = Measured("c", "the worker", entries=1, rates=[1.0], cpu=[0.001])
    assert table.variants_table("", {"c": one}).row_count == 1
