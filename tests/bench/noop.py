"""What the queue costs by itself: from claim to settled answer, and submitting. `--noop`.

A worker with two children that publish a fixed answer, beside stock Celery with two children that
publish the same, one task an entry; and `submit_many` (which seals) beside Celery's own `send_task`
(given a text that is sealed already).
"""

from __future__ import annotations

import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import celery

from producer import JournalClient
from producer.connection import connect
from producer.keys import keys_of
from producer.load.texts import random_texts
from producer.message import TASK
from producer.sealing import ENTRY
from tests.bench.errors import BenchError
from tests.bench.latency import REST_SECONDS
from tests.bench.machine import cpu_seconds, tree
from tests.bench.setting import Setting
from tests.bench.stream import PATIENCE_SECONDS
from tests.bench.variants import StockCelery, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from producer import JournalEntry
    from tests.bench.stream import Stream

ENTRIES = 100_000
QUICK_ENTRIES = 10_000
CHILDREN = 2
NOOP_WORKER = "tests.bench.processes.noop_worker"
#: The databases of the server that the workers and `send_task` have to themselves.
_CLAIM, _STOCK, _SENDING = 0, 1, 2
_BATCH = 64
_WARM_UP = 1_000
#: Entries that are answered one at a time, in a round.
SINGLES = 40
#: `send_task` is slow and its time per entry does not depend on how many there are.
_SENT = 10_000
_STAGED = "journal.bench.staged"
_POLL_SECONDS = 0.02


@dataclass(slots=True)
class Handled:
    """What one of the workers did, a figure for each round.

    Attributes:
        rates: entries a second.
        parent: CPU seconds an entry, of the process that receives the messages.
        children: the same of its children.
        server: the same of Redis.
        idle: seconds from submitting one entry to reading its result while nothing else is under
            way: a median.
    """

    rates: list[float] = field(default_factory=list)
    parent: list[float] = field(default_factory=list)
    children: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Figures:
    """Everything `--noop` measures; rates in entries a second.

    Attributes:
        entries: entries in a round.
        handled: by transport, `claim` for the worker and `stock` for stock Celery.
    """

    entries: int
    handled: dict[str, Handled]
    submit_many: list[float] = field(default_factory=list)
    send_task: list[float] = field(default_factory=list)


def measure(entries: int, rounds: int, tell: Callable[[str], None]) -> Figures:
    """Rounds of both workers in turn.

    Args:
        entries: entries in a round.
        rounds: rounds of each worker.
        tell: told what comes next.

    Raises:
        BenchError: something was lost or answered twice.
    """
    with Setting() as setting, ExitStack() as stack:
        workers = make_workers(setting)
        figures = Figures(entries, {transport: Handled() for transport in workers})
        for transport, worker in workers.items():
            tell(f"starting a worker, transport {transport}")
            stack.enter_context(worker)
            worker.wait_ready()
            worker.round(list(islice(random_texts(0), _WARM_UP)))
        texts = random_texts(1)
        for number in range(rounds):
            for transport, worker in workers.items():
                tell(f"{transport}, round {number + 1} of {rounds}")
                batch = worker.stream.entries(list(islice(texts, entries)))
                figures.submit_many.append(stage(worker.stream, batch))
                handle(worker, batch, figures.handled[transport], setting.server_pid)
            tell(f"one entry in an idle system, round {number + 1} of {rounds}")
            answer_singles(workers, figures, islice(texts, SINGLES))
            tell(f"send_task, round {number + 1} of {rounds}")
            figures.send_task.append(send(workers["claim"].stream, setting.url(_SENDING)))
    return figures


def make_workers(setting: Setting) -> dict[str, Worker | StockCelery]:
    """Both workers by transport, not started yet."""
    claim, stock = (
        {**setting.environment(database), "JOURNAL_CONCURRENCY": str(CHILDREN)}
        for database in (_CLAIM, _STOCK)
    )
    return {
        "claim": Worker(
            {**claim, "JOURNAL_MAX_BATCH_ENTRIES": str(_BATCH)},
            setting.log("claim"),
            setting.stream(_CLAIM),
            children=CHILDREN,
            module=NOOP_WORKER,
        ),
        "stock": StockCelery(
            "noop", stock, setting.log("stock"), setting.stream(_STOCK), children=CHILDREN
        ),
    }


def stage(stream: Stream, batch: Sequence[JournalEntry]) -> float:
    """Submit to a list that no worker reads; returns entries a second."""
    settings = stream.settings.model_copy(update={"queue": _STAGED})
    with JournalClient(settings, stream.keys) as client:
        started = time.perf_counter()
        client.submit_many(batch)
        return len(batch) / (time.perf_counter() - started)


def handle(
    worker: Worker | StockCelery, batch: Sequence[JournalEntry], handled: Handled, server: int
) -> None:
    """Let an idle worker have all staged entries at once, and wait until no claim is left.

    Raises:
        BenchError: it took too long, or something was lost or answered twice.
    """
    stream = worker.stream
    parent, *children = tree(worker.pids)
    groups = ([parent], children, [server])
    redis: Any = connect(stream.settings.redis_url)
    before = [cpu_seconds(group) for group in groups]
    started = time.perf_counter()
    redis.execute_command("RENAME", _STAGED, stream.settings.queue)
    settled, progressed = 0, started
    claims = keys_of(stream.settings.queue).claims
    while settled < len(batch) or redis.execute_command("HLEN", claims) > 0:
        time.sleep(_POLL_SECONDS)
        now, before_now = time.perf_counter(), settled
        settled = redis.execute_command("XLEN", stream.settings.results)
        if settled > before_now:
            progressed = now
        elif now - progressed > PATIENCE_SECONDS:
            raise BenchError(f"{len(batch) - settled} entries were not settled")
    handled.rates.append(len(batch) / (time.perf_counter() - started))
    figures = (handled.parent, handled.children, handled.server)
    for figure, group, earlier in zip(figures, groups, before, strict=True):
        figure.append((cpu_seconds(group) - earlier) / len(batch))
    redis.close()
    stream.collect({entry.entry_id for entry in batch})
    stream.clear()


def answer_singles(
    workers: Mapping[str, Worker | StockCelery], figures: Figures, texts: Iterable[str]
) -> None:
    """One entry at a time, through both workers in turn while both are idle.

    Raises:
        BenchError: one was not answered, or answered twice.
    """
    seconds: dict[str, list[float]] = {transport: [] for transport in workers}
    for text in texts:
        for transport, worker in workers.items():
            seconds[transport].append(worker.stream.round([text]))
            time.sleep(REST_SECONDS)
    for transport in workers:
        figures.handled[transport].idle.append(statistics.median(seconds[transport]))


def send(stream: Stream, url: str) -> float:
    """Celery's own `send_task` of texts sealed before; returns entries a second."""
    (entry,) = stream.entries(list(islice(random_texts(2), 1)))
    sealed = stream.keys.seal(entry.encode(), kind=ENTRY, entry_id=entry.entry_id)
    application = celery.Celery("bench", broker=url, set_as_current=False)
    application.conf.task_ignore_result = True
    started = time.perf_counter()
    for number in range(_SENT):
        application.send_task(TASK, args=(sealed,), task_id=f"{entry.entry_id}-{number}")
    seconds = time.perf_counter() - started
    application.close()
    return _SENT / seconds
