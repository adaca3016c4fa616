"""`make bench`: the tutorial's way, stock Celery, the worker, and the bound, side by side.

    python -m tests.bench.run [--data FILE.jsonl] [--rounds N] [--quick] [--json FILE]
    python -m tests.bench.run --noop | --gateway
    python -m tests.bench.run --start [--beside FOLDER]
    python -m tests.bench.run --lanes | --shards | --fleet
    python -m tests.bench.run --peers [NAME,NAME]

The same texts, model and settings (`JOURNAL_*`) for all of them; rounds in turn; medians.
"""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from producer.errors import JournalError
from tests.bench import noop, table
from tests.bench.errors import BenchError
from tests.bench.fleet import measure as fleet
from tests.bench.footprint import start
from tests.bench.gateway import measure as gateway
from tests.bench.lanes import measure as lanes
from tests.bench.latency import IdleLatency, LoadLatency, idle_latency, load_latency
from tests.bench.machine import describe
from tests.bench.peers import catalogue
from tests.bench.peers.run import compare_with_peers
from tests.bench.rounds import Measured, Plan, measure
from tests.bench.setting import Setting
from tests.bench.shards import measure as shards
from tests.bench.table import progress, write
from tests.bench.texts import deal, read_texts, sample
from tests.bench.variants import CHUNK, Plain, StockCelery, Tutorial, Worker
from worker.errors import WorkerError
from worker.models.folder import SHIPPED_MODEL, ModelFolder
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.peers.catalogue import Peer
    from tests.bench.variants import Variant

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
_QUICK_ROUNDS, _ROUNDS = 1, 3
_QUICK_SECONDS, _SECONDS = 3.0, 12.0
#: There are many peers, and the worker takes a turn after each of their rounds.
_PEER_SECONDS = 6.0
_QUICK_SINGLES, _SINGLES = 10, 40
_QUICK_LOAD_SECONDS, _LOAD_SECONDS = 5.0, 20.0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON lines with a `text` field each; the shipped entries by default.",
)
@click.option("--rounds", type=click.IntRange(1), help="Rounds of each variant (3).")
@click.option(
    "--seconds", type=click.FloatRange(0, min_open=True), help="Length of a round, about (12)."
)
@click.option("--entries", type=click.IntRange(1), help="Entries in every round instead.")
@click.option("--only", default="abcd", show_default=True, help="Variants to measure.")
@click.option("--quick", is_flag=True, help="One short round: does it work at all?")
@click.option("--noop", "without_models", is_flag=True, help="The queue alone, without models.")
@click.option("--gateway", "by_http", is_flag=True, help="The gateway beside `journal load`.")
@click.option("--start", "starts", is_flag=True, help="Time to ready, and memory.")
@click.option(
    "--beside",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="With --start: another checkout, in turn with this one.",
)
@click.option("--lanes", "what", flag_value="lanes", help="A lane beside a flood in another.")
@click.option("--shards", "what", flag_value="shards", help="One Redis beside three.")
@click.option("--fleet", "what", flag_value="fleet", help="Submits beside 540 workers.")
@click.option(
    "--peers",
    is_flag=False,
    flag_value=catalogue.ALL,
    callback=lambda _, __, names: catalogue.chosen(names) if names else [],
    metavar="NAME,NAME",
    help=f"Other ways of serving the stages, in turn ({catalogue.listed(catalogue.PEERS)}).",
)
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write all here."
)
def main(
    *,
    data: Path | None,
    rounds: int | None,
    seconds: float | None,
    entries: int | None,
    only: str,
    quick: bool,
    without_models: bool,
    by_http: bool,
    starts: bool,
    beside: Path | None,
    what: str | None,
    peers: list[Peer],
    json_file: Path | None,
) -> None:
    """Measure the worker beside plainer ways of doing the same work."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    rounds = rounds or (_QUICK_ROUNDS if quick else _ROUNDS)
    try:
        if without_models:
            size = entries or (noop.QUICK_ENTRIES if quick else noop.ENTRIES)
            with progress() as tell:
                figures = noop.measure(size, rounds, tell)
            show_noop(figures)
            write(json_file, asdict(figures))
            return
        if starts:
            compare_starts(beside, rounds, json_file)
            return
        if what:
            kind: Any = {"lanes": lanes, "shards": shards, "fleet": fleet}[what]
            extent = kind.Size.of(entries, seconds, quick=quick)
            measure_and_show(kind, extent, rounds, json_file)
            return
        settings = WorkerSettings.load()
        check_model(settings)
        plan = Plan(
            rounds=rounds,
            seconds=seconds or (_QUICK_SECONDS if quick else _PEER_SECONDS if peers else _SECONDS),
            entries=entries,
            multiple=CHUNK * settings.children,
        )
        if peers:
            compare_with_peers(peers, data, plan, settings, quick=quick, json_file=json_file)
        elif by_http:
            compare_gateway(data, plan, settings, quick=quick, json_file=json_file)
        else:
            compare(data, plan, settings, only=only, quick=quick, json_file=json_file)
    except (WorkerError, JournalError) as exc:
        fail(exc, EXIT_USAGE)
    except BenchError as exc:
        fail(exc, EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def show_noop(figures: noop.Figures) -> None:
    """Print what `--noop` measured, and the machine."""
    out = table.console()
    for one in table.noop_tables(figures):
        out.print(one)
    out.print(table.machine_line(describe(), "none"))


def compare_starts(beside: Path | None, rounds: int, json_file: Path | None) -> None:
    """Measure how soon a worker is ready and what it holds, and show it."""
    with progress() as tell:
        measured = start.measure(start.trees(beside), rounds, tell)
    out = table.console()
    out.print(start.shown(measured, rounds))
    out.print(table.machine_line(describe(), "auto"))
    write(json_file, {"machine": describe(), **{one.name: one.as_json() for one in measured}})


def measure_and_show(kind: Any, size: tuple[Any, ...], rounds: int, json_file: Path | None) -> None:
    """Measure what a module does that has `measure`, `shown` and `as_json`, and show it."""
    with Setting() as setting, progress() as tell:
        figures = kind.measure(setting, *size, rounds, tell)
    table.console().print(kind.shown(figures, rounds), table.machine_line(describe(), "none"))
    write(json_file, kind.as_json(figures))


def compare(
    data: Path | None,
    plan: Plan,
    settings: WorkerSettings,
    *,
    only: str,
    quick: bool,
    json_file: Path | None,
) -> None:
    """Start every variant, measure, show."""
    texts = sample(read_texts(data))
    with Setting(settings.model) as setting, progress() as tell, ExitStack() as stack:
        variants = {
            key: stack.enter_context(variant)
            for key, variant in make_variants(setting, settings.children).items()
            if key in only
        }
        for key, variant in variants.items():
            tell(f"({key}) loading models")
            variant.wait_ready()
        measured = measure(list(variants.values()), texts, plan, tell)
        idle, load = latencies(variants, measured, texts, quick=quick, tell=tell)
        bound = variants.get("d")
        precision = bound.precision if isinstance(bound, Plain) else settings.precision
    name = data.name if data else "the shipped entries"
    machine = describe()
    title = f"{name}, {plan.rounds} rounds, medians \\[min - max]"
    out = table.console()
    out.print(table.variants_table(title, measured))
    for line in table.latency_lines(idle, load):
        out.print(line)
    out.print(table.machine_line(machine, precision))
    figures = table.as_json(measured, idle, load)
    write(json_file, {"texts": name, "machine": {**machine, "precision": precision}, **figures})


def compare_gateway(
    data: Path | None,
    plan: Plan,
    settings: WorkerSettings,
    *,
    quick: bool,
    json_file: Path | None,
) -> None:
    """Measure the worker fed on Redis and through the gateway, and show it."""
    texts = sample(read_texts(data))
    seconds = _QUICK_LOAD_SECONDS if quick else _LOAD_SECONDS
    with Setting(settings.model) as setting, progress() as tell:
        figures = gateway.measure(setting, texts, plan, latency_seconds=seconds, tell=tell)
    name, machine = data.name if data else "the shipped entries", describe()
    out = table.console()
    out.print(gateway.shown(figures, name))
    out.print(table.machine_line(machine, settings.precision))
    write(json_file, {"texts": name, "machine": machine, **gateway.as_json(figures)})


def make_variants(setting: Setting, children: int) -> dict[str, Variant]:
    """All four, not started yet."""
    environment = setting.environment(0)
    return {
        "a": Tutorial(environment, setting.log("a")),
        "b": StockCelery(
            "models",
            setting.environment(1),
            setting.log("b"),
            setting.stream(1),
            children=children,
        ),
        "c": Worker(environment, setting.log("c"), setting.stream(0), children=children),
        "d": Plain(environment, setting.log("d"), processes=children),
    }


def latencies(
    variants: dict[str, Variant],
    measured: dict[str, Measured],
    texts: list[str],
    *,
    quick: bool,
    tell: Callable[[str], None],
) -> tuple[IdleLatency | None, LoadLatency | None]:
    """Latencies of the worker; in an idle system only where the plain loop (d) runs beside it."""
    worker, bound = variants.get("c"), variants.get("d")
    idle = load = None
    if isinstance(worker, Worker):
        if isinstance(bound, Plain):
            tell("latency in an idle system")
            singles = deal(texts, _QUICK_SINGLES if quick else _SINGLES)
            idle = idle_latency(worker.stream, bound.processes[0], singles)
        tell("(c) latency at 20% load")
        seconds = _QUICK_LOAD_SECONDS if quick else _LOAD_SECONDS
        throughput = measured["c"].median
        dealt = deal(texts, len(texts))
        load = load_latency(
            worker.stream, dealt, throughput=throughput, seconds=seconds, pids=worker.pids
        )
    return idle, load


def check_model(settings: WorkerSettings) -> None:
    """Open the model folder once, so that a bad one is told in one line and not by four processes.

    Raises:
        ModelFolderError: the folder is missing, incomplete or altered.
    """
    ModelFolder.open(settings.model or SHIPPED_MODEL)


def fail(error: Exception, code: int) -> NoReturn:
    """Print one line on stderr and exit with `code`."""
    click.echo(f"bench: {error}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
