"""`make bench ARGS=--shards`: what an entry costs the servers on one shard and on three."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from rich.table import Table

from deploy.local.processes import Process
from deploy.local.server import Server
from producer import JournalClient, JournalEntry, KeySet, Settings, Unavailable
from producer.load.texts import random_texts
from tests.bench.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bench.setting import Setting

ENTRIES, QUICK_ENTRIES = 30_000, 3_000
NAMES = ("a", "b", "c")
DOWN = "b"
#: How long entries come with all shards, and then with one that was killed.
SECONDS, QUICK_SECONDS = 15.0, 3.0
_BATCH = 256
_WARM_UP = 600
_PATIENCE_SECONDS = 120.0
_LIGHT_WORKER = "tests.chaos.light_worker"
_TICKS = os.sysconf("SC_CLK_TCK")


class Size(NamedTuple):
    """How much to measure: entries in a round, and seconds of load with a shard and without."""

    entries: int
    seconds: float

    @classmethod
    def of(cls, entries: int | None, seconds: float | None, *, quick: bool) -> Size:
        """What is asked for, else as much as is usual."""
        usual = cls(QUICK_ENTRIES, QUICK_SECONDS) if quick else cls(ENTRIES, SECONDS)
        return cls(entries or usual.entries, seconds or usual.seconds)


@dataclass(slots=True)
class Figures:
    """What was measured.

    Attributes:
        entries: in a round.
        cpu: microseconds of server CPU an entry, by the number of shards, by round.
        shares: how much of all entries each of three shards got.
        up, down: entries of the other shards answered a second, before and after one was killed.
    """

    entries: int
    cpu: dict[int, list[float]] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    up: float = 0.0
    down: float = 0.0

    def cpu_ratio(self) -> float:
        """Server CPU of an entry on three shards, as a multiple of that on one."""
        return statistics.median(self.cpu[3]) / statistics.median(self.cpu[1])

    def others(self) -> float:
        """How much of their throughput the other shards keep when one is killed."""
        return self.down / self.up


class System:
    """So many servers and a light worker for each, and a client of all.

    Args:
        setting: where it runs.
        number: how many shards.
    """

    def __init__(self, setting: Setting, number: int) -> None:
        self.names = NAMES[:number]
        self.servers = {name: Server(appendonly=True) for name in self.names}
        told = " ".join(f"{name}={server.url}" for name, server in self.servers.items())
        self.settings = Settings.load(shards=told, keys_file=setting.keys_file, timeout_seconds=2.0)
        self.keys = KeySet.load(setting.keys_file)
        self._workers = [
            Process(
                "run",
                {
                    "JOURNAL_SHARDS": told,
                    "JOURNAL_SHARD": name,
                    "JOURNAL_KEYS_FILE": str(setting.keys_file),
                    "JOURNAL_CONCURRENCY": "1",
                    "CHAOS_SECONDS_PER_ENTRY": "0",
                },
                log=setting.log(f"shard-{number}-{name}"),
                module=_LIGHT_WORKER,
            )
            for name in self.names
        ]
        self._stack = ExitStack()
        self._entry = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for server in self.servers.values():
                stack.enter_context(server)
            for worker in self._workers:
                worker.start()
                stack.callback(worker.kill)
            for worker in self._workers:
                worker.wait_ready()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def entries(self, texts: Iterator[str], count: int) -> list[JournalEntry]:
        """Entries with ids that were never used before."""
        first, self._entry = self._entry, self._entry + count
        ids = range(first, first + count)
        return [
            JournalEntry(entry_id=f"e{i}", text=text)
            for i, text in zip(ids, islice(texts, count), strict=True)
        ]

    def shard_of(self, entry_id: str) -> str:
        """The shard of an entry."""
        assert self.settings.shard_set is not None
        return self.settings.shard_set.owners(entry_id)[0]

    def round(self, batch: list[JournalEntry]) -> float:
        """Submit all and read all results; returns seconds of server CPU.

        Raises:
            BenchError: one was lost or answered twice.
        """
        before = self._cpu()
        with JournalClient(self.settings, self.keys) as client:
            submitting = threading.Thread(target=client.submit_many, args=(batch,))
            submitting.start()
            found = client.results(limit=len(batch), timeout=_PATIENCE_SECONDS)
            seen = Counter(result.entry_id for result in found)
            submitting.join()
        check({entry.entry_id for entry in batch}, seen)
        return self._cpu() - before

    def _cpu(self) -> float:
        stats = [Path(f"/proc/{server.pid}/stat").read_text() for server in self.servers.values()]
        times = [stat.rpartition(")")[2].split()[11:13] for stat in stats]
        return sum(int(user) + int(system) for user, system in times) / _TICKS


class Load:
    """Entries that come as fast as they are taken, and their answers, by shard.

    Args:
        system: where they go.
    """

    def __init__(self, system: System) -> None:
        self._system = system
        self._reading = JournalClient(system.settings, system.keys)
        self._stop = threading.Event()
        self._submitted: set[str] = set()
        self.answered: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._submit), threading.Thread(target=self._read)]
        for thread in self._threads:
            thread.start()

    def others(self) -> int:
        """How many entries of the shards that are not killed were answered."""
        return sum(self._system.shard_of(one) != DOWN for one in list(self.answered))

    def end(self) -> None:
        """Submit what is missing, and wait for all answers; raises as `check` does."""
        self._stop.set()
        self._threads[0].join()
        ends = time.monotonic() + _PATIENCE_SECONDS
        while len(self.answered) < len(self._submitted) and time.monotonic() < ends:
            time.sleep(0.01)
        self._reading.close()
        self._threads[1].join()
        check(self._submitted, self.answered)

    def _submit(self) -> None:
        texts = random_texts(2)
        missing: list[JournalEntry] = []
        with JournalClient(self._system.settings, self._system.keys) as client:
            while not (ending := self._stop.is_set()) or missing:
                if ending:
                    batch, missing = missing, []
                else:
                    batch = self._system.entries(texts, _BATCH)
                    self._submitted.update(entry.entry_id for entry in batch)
                try:
                    client.submit_many(batch)
                except Unavailable as exc:
                    taken = {receipt.entry_id for receipt in exc.receipts}
                    missing += [entry for entry in batch if entry.entry_id not in taken]
                    if self._stop.wait(0.001):
                        time.sleep(0.1)

    def _read(self) -> None:
        for result in self._reading.results():
            self.answered[result.entry_id] += 1


def measure(
    setting: Setting, entries: int, seconds: float, rounds: int, tell: Callable[[str], None]
) -> Figures:
    """Rounds on one shard and on three, in turn; then one of three is killed under load.

    Args:
        setting: where it runs.
        entries: in a round.
        seconds: with all shards, and with one killed.
        rounds: of each.
        tell: told what comes next.

    Raises:
        BenchError: something was lost or answered twice.
    """
    figures, texts = Figures(entries, cpu={1: [], 3: []}), random_texts(1)
    for _ in range(rounds):
        for number in (1, 3):
            tell(f"{entries} entries on {number} shards")
            with System(setting, number) as system:
                system.round(system.entries(texts, _WARM_UP))
                batch = system.entries(texts, entries)
                figures.cpu[number].append(system.round(batch) / entries * 1e6)
            if number > 1:
                owned = Counter(system.shard_of(entry.entry_id) for entry in batch)
                figures.shares = {name: owned[name] / entries for name in NAMES}
    tell("one of three shards is killed")
    with System(setting, len(NAMES)) as system:
        system.round(system.entries(texts, _WARM_UP))
        load = Load(system)
        figures.up = _rate(load, seconds)
        system.servers[DOWN].kill()
        figures.down = _rate(load, seconds)
        system.servers[DOWN].start()
        load.end()
    return figures


def check(submitted: set[str], answered: Counter[str]) -> None:
    """See that every entry was answered once.

    Raises:
        BenchError: one was lost or answered twice.
    """
    lost, twice = len(submitted - set(answered)), answered.total() - len(answered)
    if lost or twice:
        raise BenchError(f"{lost} entries of {len(submitted)} were lost, {twice} answered twice")


def _rate(load: Load, seconds: float) -> float:
    began, before = time.monotonic(), load.others()
    time.sleep(seconds)
    return (load.others() - before) / (time.monotonic() - began)


def shown(figures: Figures, rounds: int) -> Table:
    """The figures as a table."""
    title = f"Server CPU of an entry, {figures.entries:,} entries, {rounds} rounds"
    table = Table("shards", "us an entry", title=title, title_justify="left")
    for number, cpu in figures.cpu.items():
        table.add_row(str(number), f"{statistics.median(cpu):.0f}")
    shares = ", ".join(f"{name} {share:.1%}" for name, share in figures.shares.items())
    table.caption = (
        f"three cost {figures.cpu_ratio():.2f} times as much as one; shares: {shares}; with {DOWN} "
        f"killed the others answer {figures.others():.0%} of what they did"
    )
    return table


def as_json(figures: Figures) -> dict[str, Any]:
    """Everything measured; CPU in microseconds an entry, rates a second."""
    return {
        "entries": figures.entries,
        "cpu": {str(number): cpu for number, cpu in figures.cpu.items()},
        "cpu_ratio": figures.cpu_ratio(),
        "shares": figures.shares,
        "others_up": figures.up,
        "others_down": figures.down,
        "others_ratio": figures.others(),
    }
