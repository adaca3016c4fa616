"""The whole system on this machine: `make demo`.

Starts a server, a worker with the shipped model, the exporter and the gateway, submits entries,
shows what comes back, tells throughput and latency from the worker's own metrics, ends cleanly.
With `--stay` it keeps running until Ctrl-C, and its page can be written on.
"""

from __future__ import annotations

import csv
import itertools
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import uuid
from importlib.resources import as_file, files
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from deploy.local.latency import Histogram, read_histogram, read_value
from deploy.local.processes import Process, ServingProcess
from deploy.local.server import Server, free_port
from producer import JournalClient, JournalEntry, JournalResult, KeySet, Settings
from producer.gateway import api_keys
from producer.sealing import new_key, write_key_file
from worker.errors import ModelFolderError
from worker.models.folder import ModelFolder, classifier_path

_WANTED = os.environ.get("JOURNAL_MODEL")
MODEL = classifier_path(Path(_WANTED) if _WANTED else None)
LOAD_ENTRIES = 600
ANSWER_SECONDS = 120.0
SAMPLES = (
    "I messed up the project, now everyone at work thinks I'm incompetent.",
    "Today was a good day, I felt productive and calm.",
    "My name is Jane Doe, and I live in New York. I had a tough day at work.",
    "One typo in the invitation. It's ruined, I may as well bin all forty of them.",
    "Maria hasn't texted back since noon. She has obviously had enough of me.",
    "The rain kept us in, so we played cards and ate the good biscuits.",
    "I feel like a fraud at the clinic, so I must be one.",
    "They clapped, but only because my cousin started it.",
    "If the scan shows anything at all, that will be the end of the shop and of us.",
    "A grown man ought to have his own place by now. I should be ashamed.",
    "My son got a cold after the picnic. I picked the day, so that's on me.",
    "I was nervous before the talk, one slide was wrong, and people still asked good questions.",
)
console = Console(stderr=False, highlight=False)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--stay", is_flag=True, help="Keep running until Ctrl-C, with the page to write on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Of the gateway and its page [default: a free one].",
)
def main(*, stay: bool, port: int | None) -> None:
    """Run the whole system on this machine, show what it finds, and stop it."""
    started = time.monotonic()
    console.rule("[bold]journal-stream")
    show_model()
    work = Path(tempfile.mkdtemp(prefix="journal-demo-"))
    try:
        play(work, port=port or free_port(), stay=stay)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    console.print(f"Done in {time.monotonic() - started:.0f} s, everything stopped and removed.")


def show_model() -> None:
    """Tell which model will answer.

    Raises:
        SystemExit: JOURNAL_MODEL is no sound model folder.
    """
    try:
        folder = ModelFolder.open(MODEL)
    except ModelFolderError as exc:
        raise SystemExit(f"demo: {exc}") from None
    console.print(f"Model [bold]{folder.name}@{folder.version}[/], {len(folder.labels)} labels")


def play(work: Path, *, port: int, stay: bool) -> None:
    """Start the stack, show the samples, measure a load; keep it running if it is to stay."""
    keys_file, api_keys_file = work / "keys.json", work / "api-keys.json"
    write_key_file(keys_file, [new_key()])
    token, stored = api_keys.new_key("demo", rate="none")
    api_keys.write(api_keys_file, (stored,))
    with Server(os.environ.get("JOURNAL_REDIS_URL")) as server:
        run = uuid.uuid4().hex[:6]
        environment = {
            "JOURNAL_REDIS_URL": server.url,
            "JOURNAL_KEYS_FILE": str(keys_file),
            "JOURNAL_MODEL": str(MODEL),
            # Queues of this run alone, should the server be one that others use.
            "JOURNAL_QUEUE": f"journal.demo.{run}.entries",
            "JOURNAL_RESULTS": f"journal.demo.{run}.results",
            "JOURNAL_DEAD": f"journal.demo.{run}.dead",
        }
        settings = Settings.load(
            redis_url=server.url,
            keys_file=keys_file,
            queue=environment["JOURNAL_QUEUE"],
            results=environment["JOURNAL_RESULTS"],
            dead=environment["JOURNAL_DEAD"],
        )
        with (
            Process("exporter", environment, log=work / "exporter.log") as exporter,
            Process("run", environment, log=work / "worker.log") as worker,
            gateway_on(port, environment, api_keys_file, work / "gateway.log") as gateway,
        ):
            with console.status("Starting a worker (it loads its models and warms up) ..."):
                exporter.wait_ready()
                worker.wait_ready()
                gateway.wait_ready()
            console.print(
                f"Worker ready: http://127.0.0.1:{worker.port}/metrics, "
                f"exporter: http://127.0.0.1:{exporter.port}/metrics"
            )
            page = f"http://127.0.0.1:{gateway.port}/#key={token}"
            console.print(f"Gateway ready: http://127.0.0.1:{gateway.port}/openapi.json\n")
            with JournalClient(settings, KeySet.load(keys_file)) as client:
                show_samples(client, run)
                before = read_histogram(worker.page("metrics")[1], "end_to_end")
                seconds = measure_load(client, run)
                after = worker.page("metrics")[1]
                report(after, read_histogram(after, "end_to_end").since(before), seconds)
            if stay:
                console.print("\nThe page to write on, with its API key (Ctrl-C ends it all):")
                console.print(f"  [bold]{page}[/]", soft_wrap=True)
                wait_for_the_end()


def gateway_on(
    port: int, environment: dict[str, str], api_keys_file: Path, log: Path
) -> ServingProcess:
    """The gateway, not started yet."""
    settings = {**environment, "JOURNAL_GATEWAY_API_KEYS_FILE": str(api_keys_file)}
    command = ("producer.gateway.cli", "run", "--port", str(port))
    return ServingProcess(*command, port=port, environment=settings, log=log)


def wait_for_the_end() -> None:
    """Wait for Ctrl-C or SIGTERM."""
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    end.wait()
    console.print("Stopping ...")


def show_samples(client: JournalClient, run: str) -> None:
    """Submit the samples and print each answer as it arrives."""
    entries = {
        f"sample-{run}-{i}": JournalEntry(entry_id=f"sample-{run}-{i}", text=text)
        for i, text in enumerate(SAMPLES)
    }
    client.submit_many(entries.values())
    waiting = set(entries)
    for result in client.results(group="demo", timeout=ANSWER_SECONDS):
        if result.entry_id in waiting:
            print_answer(entries[result.entry_id].text, result)
            waiting.discard(result.entry_id)
        if not waiting:
            break
    if waiting:
        raise SystemExit(f"{len(waiting)} entries were not answered")
    console.print()


def print_answer(text: str, result: JournalResult) -> None:
    """One answer: the text (which this demo owns), its evidence underlined, and its labels."""
    line = Text("  " + text)
    for label in result.labels:
        for evidence in label.evidence:
            line.stylize("underline", evidence.start + 2, evidence.end + 2)
    console.print(line)
    labels = ", ".join(f"{label.label} {label.score:.2f}" for label in result.labels)
    removed = ", ".join(f"{count} {kind}" for kind, count in result.redactions.items())
    note = f"   [dim](read without {removed})[/]" if removed else ""
    console.print(f"    [bold cyan]→ {labels or '[green]no distortion[/]'}[/]{note}")


def measure_load(client: JournalClient, run: str) -> float:
    """Submit many entries at once and wait for all answers; returns the seconds it took."""
    data = files("training").joinpath("data", "mental_health_journals.csv")
    with as_file(data) as path, path.open(encoding="utf-8", newline="") as stream:
        texts = [row["text"] for row in csv.DictReader(stream)]
    entries = [
        JournalEntry(entry_id=f"load-{run}-{i}", text=text)
        for i, text in enumerate(itertools.islice(itertools.cycle(texts), LOAD_ENTRIES))
    ]
    waiting = {entry.entry_id for entry in entries}
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"{LOAD_ENTRIES} more entries at once", total=LOAD_ENTRIES)
        started = time.monotonic()
        client.submit_many(entries)
        for result in client.results(group="demo", timeout=ANSWER_SECONDS):
            waiting.discard(result.entry_id)
            progress.update(task, completed=LOAD_ENTRIES - len(waiting))
            if not waiting:
                break
    if waiting:
        raise SystemExit(f"{len(waiting)} entries were not answered")
    return time.monotonic() - started


def report(metrics: str, latency: Histogram, seconds: float) -> None:
    """What the worker's own metrics say of the load."""
    table = Table(title=f"{LOAD_ENTRIES} entries submitted at once", title_justify="left")
    table.add_column("from the worker's metrics")
    table.add_column("", justify="right")
    batches = read_value(metrics, "journal_batch_entries_count")
    entries = read_value(metrics, "journal_batch_entries_sum")
    table.add_row("throughput", f"{latency.count / seconds:.0f} entries/s")
    table.add_row("entries in a batch, mean", f"{entries / max(1.0, batches):.1f}")
    for share in (0.5, 0.95, 0.99):
        table.add_row(f"end to end, p{share * 100:.0f}", f"{latency.quantile(share):.2f} s")
    for stage in ("anonymize", "classify", "settle"):
        total = read_value(metrics, f'journal_stage_seconds_sum{{stage="{stage}"}}')
        table.add_row(f"{stage}, mean an entry", f"{1000 * total / max(1.0, entries):.2f} ms")
    console.print(table)


if __name__ == "__main__":
    try:
        main(standalone_mode=False)
    except click.ClickException as exc:
        exc.show()
        sys.exit(exc.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)
