"""Whole workers with so many children: entries a second, how busy the device is, what a death costs."""

from __future__ import annotations

import statistics
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import psutil

from deploy.local.latency import read_value
from deploy.local.processes import READY_SECONDS, Process
from tests.bench.errors import BenchError
from tests.bench.texts import deal
from worker.cuda import device_states

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.bench.setting import Setting
    from tests.bench.stream import Stream

INSTANT = "tests.bench.gpu.instant_worker"
_POLL_SECONDS = 0.1
_SAMPLE_SECONDS = 0.2
#: How far into a round a child is killed.
_KILL_AT = 0.3


def measure(
    setting: Setting,
    texts: Sequence[str],
    *,
    children: int,
    seconds: float,
    environment: Mapping[str, str],
    module: str = "worker.cli",
) -> dict[str, Any]:
    """Measure a worker, and what it costs to lose a child under load.

    Args:
        setting: the server and the keys.
        texts: of the entries.
        children: how many it has.
        seconds: how long a round is, about.
        environment: further settings.
        module: a stand-in for `worker.cli`.

    Raises:
        BenchError: the worker is not ready in time, or an entry is lost or answered twice.
    """
    before = _memory_used()
    told: dict[str, Any] = {"children": children}
    settings = {**setting.environment(0), **environment, "JOURNAL_CONCURRENCY": str(children)}
    with (
        Process("run", settings, log=setting.log("gpu"), module=module) as worker,
        closing(setting.stream(0)) as stream,
    ):
        started = time.perf_counter()
        _wait_ready(worker, children)
        told["ready_seconds"] = round(time.perf_counter() - started, 2)
        stream.skip()
        stream.round(deal(texts, 64 * children))
        rate = 64 * children / stream.round(deal(texts, 64 * children))
        entries = max(64, round(rate * seconds))
        with _busy() as busy:
            told["entries_per_second"] = round(entries / stream.round(deal(texts, entries)), 1)
        told["entries"] = entries
        if busy:
            told["device_busy_ratio"] = round(statistics.mean(busy), 3)
        after = _memory_used()
        if before is not None and after is not None:
            told["device_bytes_a_child"] = (after - before) // children
        told["child_killed_under_load"] = _kill_one(worker, stream, deal(texts, entries), seconds)
    return told


def _kill_one(
    worker: Process, stream: Stream, texts: Sequence[str], seconds: float
) -> dict[str, Any]:
    """Kill a child during a round; all entries must be answered once."""

    def kill() -> None:
        children = psutil.Process(worker.pid).children()
        if children:
            children[0].kill()

    timer = threading.Timer(_KILL_AT * seconds, kill)
    timer.start()
    try:
        took = stream.round(texts)
    finally:
        timer.cancel()
    redelivered = read_value(worker.page("metrics")[1], "journal_redeliveries_total")
    return {"lost": 0, "seconds": round(took, 2), "redelivered": round(redelivered)}


@contextmanager
def _busy() -> Iterator[list[float]]:
    """Samples of how busy the devices are, while the block runs."""
    samples: list[float] = []
    stopping = threading.Event()

    def sample() -> None:
        while not stopping.wait(_SAMPLE_SECONDS):
            samples.extend(one.busy for one in device_states() if one.busy is not None)

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        stopping.set()
        thread.join()


def _memory_used() -> int | None:
    used = [one.memory_used for one in device_states() if one.memory_used is not None]
    return sum(used) if used else None


def _wait_ready(worker: Process, children: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while read_value(worker.page("metrics")[1], "journal_worker_children") < children:
        if not worker.running or time.monotonic() > deadline:
            raise BenchError(f"a worker is not ready: {worker.last_line()}")
        time.sleep(_POLL_SECONDS)
