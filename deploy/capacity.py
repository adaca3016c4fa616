"""Compute what a load takes, from what was measured; write the tables of `deploy/CAPACITY.md`.

    python -m deploy.capacity

A test compares the document with what this computes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from producer.settings import Settings

DOCUMENT = Path(__file__).with_name("CAPACITY.md")
LOADS = (1_000, 10_000, 100_000)
_BEGIN = "<!-- computed by python -m deploy.capacity: {name} -->\n"
_END = "<!-- end -->\n"


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured constant.

    Attributes:
        value: in `unit`.
        unit: of the value.
        what: what it is.
        source: the command that measures it, or where it was measured.
    """

    value: float
    unit: str
    what: str
    source: str


CORE = Figure(
    28.9,
    "entries/s",
    "a core and its child, shipped models, fp32, AMD EPYC without AVX-512",
    "`make bench`, 57.8 on two cores",
)
BF16 = Figure(
    1.5, "times", "the same on cores that multiply bf16", "one thread, 24.6 and 16.1 ms an entry"
)
CHILD = Figure(
    548,
    "entries/s",
    "a child on one core that feeds a device",
    "with a stand-in for the device that answers at once",
)
PARENT = Figure(
    0.127,
    "ms of CPU an entry",
    "the parent of a worker",
    "`make bench ARGS=--noop`, Intel Xeon",
)
REDIS = Figure(
    12_500,
    "entries/s",
    "a server: submit, claim, settle; AOF `always`",
    "two cores, AMD EPYC, Valkey 9.1",
)
SUBMIT = Figure(
    6_437, "entries/s", "a process that calls `submit_many`", "`make bench ARGS=--noop`"
)
GATEWAY = Figure(
    2.8,
    "ms of CPU an entry",
    "a gateway process, one entry a request with `?wait`",
    "`make bench ARGS=--gateway`, 2.3 to 2.8",
)
WORKER_MIB = Figure(
    511, "MiB", "a worker without its children", "`python -m tests.bench.footprint`"
)
CHILD_MIB = Figure(
    150,
    "MiB",
    "each child more, on CPU",
    "the same: 586 with one, 661 with two; 150 after 1,300 long entries",
)
CUDA_MIB = Figure(
    2_500,
    "MiB",
    "each child on a GPU (estimate)",
    "not measured: libraries of CUDA, and the models",
)
WORKER_CONNECTIONS = Figure(
    8, "connections", "a worker without its children", "`python -m tests.bench.footprint`"
)
CHILD_CONNECTIONS = Figure(1, "connections", "each child more", "the same")
GATEWAY_CONNECTIONS = Figure(2, "connections", "a gateway; each wait holds one more", "the same")
WAITING_BYTES = Figure(
    2_200, "bytes", "an entry of 400 characters that waits", "Valkey 9.1, `MEMORY USAGE`"
)
ID_BYTES = Figure(144, "bytes", "an entry id that a second submit is told by", "the same")
RESULT_BYTES = Figure(
    962, "bytes", "a result that is not read yet", "`python -m tests.bench.footprint`"
)
REPLY_BYTES = Figure(
    4_400,
    "bytes",
    "an entry with a reply, as all through the gateway",
    "Valkey 9.1, `MEMORY USAGE`",
)
FIGURES = (
    CORE,
    BF16,
    CHILD,
    PARENT,
    REDIS,
    SUBMIT,
    GATEWAY,
    WORKER_MIB,
    CHILD_MIB,
    CUDA_MIB,
    WORKER_CONNECTIONS,
    CHILD_CONNECTIONS,
    GATEWAY_CONNECTIONS,
    WAITING_BYTES,
    ID_BYTES,
    RESULT_BYTES,
    REPLY_BYTES,
)

#: What is planned, and not measured: how full a part may be so that bursts and a lost part fit in.
WORKER_SHARE = 0.7
REDIS_SHARE = 0.5
#: Cores of a worker. On CPU a child each; with a GPU one is left to the parent.
CORES = 8
#: For so long entries may wait, and results stay unread, before anything is refused.
BACKLOG_SECONDS = 300
#: The shorter window for a second submit; the longer one is the default of the setting.
SHORT_WINDOW_SECONDS = 3_600
#: A decimal is told of smaller numbers only.
_SHORT = 10
_WINDOW_SECONDS: int = Settings.model_fields["idempotency_seconds"].default
_REPLY_SECONDS: int = Settings.model_fields["reply_seconds"].default
_POOL: int = Settings.model_fields["max_connections"].default


@dataclass(frozen=True, slots=True)
class Plan:
    """What one load takes.

    Attributes:
        load: entries a second, all day.
    """

    load: int

    @property
    def shards(self) -> int:
        """Redis primaries."""
        return _parts(self.load, REDIS.value * REDIS_SHARE)

    def workers(self, rate: float) -> int:
        """Workers that answer `rate` entries/s each when busy, and one to spare."""
        return _parts(self.load, min(rate, 1_000 / PARENT.value) * WORKER_SHARE) + 1

    @property
    def cpu_workers(self) -> int:
        """Workers of `CORES` cores without a GPU, fp32."""
        return self.workers(CORES * CORE.value)

    @property
    def bf16_workers(self) -> int:
        """The same on cores that multiply bf16."""
        return self.workers(CORES * CORE.value * BF16.value)

    @property
    def gpu_workers(self) -> int:
        """Workers of `CORES` cores with a GPU each, which the cores bound and not the device."""
        return self.workers((CORES - 1) * CHILD.value)

    @property
    def clients(self) -> int:
        """Processes that submit by `submit_many`."""
        return _parts(self.load, SUBMIT.value * WORKER_SHARE)

    @property
    def gateways(self) -> int:
        """Processes of the gateway, if every entry comes by HTTP, one a request."""
        return _parts(self.load, 1_000 / GATEWAY.value * WORKER_SHARE)

    def redis_gib(self, window_seconds: int, *, replies: bool) -> float:
        """GiB of a shard's memory with a backlog, ids of so many seconds and, or not, replies."""
        each = (
            BACKLOG_SECONDS * (WAITING_BYTES.value + RESULT_BYTES.value)
            + window_seconds * ID_BYTES.value
            + (_REPLY_SECONDS * REPLY_BYTES.value if replies else 0)
        )
        return self.load / self.shards * each / 2**30

    def connections(self, workers: int, children: int) -> int:
        """To one shard: its workers, the exporter, and the clients with full pools."""
        of_workers = workers * (WORKER_CONNECTIONS.value + children * CHILD_CONNECTIONS.value)
        return math.ceil((of_workers + self.clients * _POOL) / self.shards) + 1

    @property
    def backlog(self) -> int:
        """Entries of a shard that wait before anything is refused."""
        return math.ceil(self.load * BACKLOG_SECONDS / self.shards)

    @property
    def disk_mb(self) -> float:
        """MB that a shard writes a second: what is pushed, and what is answered."""
        return self.load / self.shards * (WAITING_BYTES.value + RESULT_BYTES.value) / 1e6


def _parts(load: float, rate: float) -> int:
    return math.ceil(load / rate)


def _number(value: float) -> str:
    short = abs(value) < _SHORT and value != int(value)
    return f"{value:.1f}" if short else f"{value:,.0f}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def loads() -> str:
    """The table of what each load takes."""
    plans = [Plan(load) for load in LOADS]
    cpu_gib = (WORKER_MIB.value + CORES * CHILD_MIB.value) / 1024
    gpu_gib = (WORKER_MIB.value + (CORES - 1) * CUDA_MIB.value) / 1024
    rows: list[tuple[str, list[float]]] = [
        (f"CPU workers of {CORES} cores, {cpu_gib:.1f} GiB; fp32", [p.cpu_workers for p in plans]),
        ("or the same on cores with bf16", [p.bf16_workers for p in plans]),
        (
            f"or GPU workers: a GPU, {CORES} cores, {gpu_gib:.0f} GiB (estimate)",
            [p.gpu_workers for p in plans],
        ),
        ("Redis primaries (shards), each with a replica", [p.shards for p in plans]),
        (
            f"GiB a shard, ids for {_WINDOW_SECONDS // 3600} hours (the default)",
            [p.redis_gib(_WINDOW_SECONDS, replies=False) for p in plans],
        ),
        (
            f"GiB a shard, ids for {SHORT_WINDOW_SECONDS // 3600} hour",
            [p.redis_gib(SHORT_WINDOW_SECONDS, replies=False) for p in plans],
        ),
        (
            "the same, every entry through the gateway",
            [p.redis_gib(SHORT_WINDOW_SECONDS, replies=True) for p in plans],
        ),
        ("MB/s that a shard writes to disk, at least", [p.disk_mb for p in plans]),
        ("processes that call `submit_many`", [p.clients for p in plans]),
        ("or gateway processes, an entry a request", [p.gateways for p in plans]),
        (
            "connections of a shard, CPU workers (fp32)",
            [p.connections(p.cpu_workers, CORES) for p in plans],
        ),
        (
            "connections of a shard, GPU workers",
            [p.connections(p.gpu_workers, CORES - 1) for p in plans],
        ),
        (
            "`JOURNAL_MAX_QUEUE_ENTRIES`, `JOURNAL_MAX_RESULTS` of a shard",
            [p.backlog for p in plans],
        ),
        (
            "`JOURNAL_MAX_QUEUE_BYTES` of a shard, MiB",
            [math.ceil(p.backlog * WAITING_BYTES.value / 2**20) for p in plans],
        ),
    ]
    head = ["", *(f"{load:,} entries/s" for load in LOADS)]
    return _table(head, [[name, *map(_number, values)] for name, values in rows])


def figures() -> str:
    """The table of what was measured."""
    rows = [[f.what, f"{f.value:,g} {f.unit}", f.source] for f in FIGURES]
    return _table(["measured", "figure", "by"], rows)


def render(document: str) -> str:
    """The document with its tables as they are computed now.

    Raises:
        ValueError: the document has no place for a table.
    """
    for name, table in (("loads", loads()), ("figures", figures())):
        begin = _BEGIN.format(name=name)
        start = document.index(begin) + len(begin)
        end = document.index(_END, start)
        document = document[:start] + table + document[end:]
    return document


if __name__ == "__main__":
    DOCUMENT.write_text(render(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
