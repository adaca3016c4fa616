"""`journal load`: put load on the system and measure what it does with it."""

from __future__ import annotations

import json
import signal
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from producer.cli import rows
from producer.cli.options import EXIT_CHECK_FAILED, keys_option, redis_option
from producer.cli.progress import LoadProgress
from producer.errors import ConfigurationError, ValidationError
from producer.load.run import LoadRun
from producer.load.schedule import Schedule
from producer.load.texts import random_texts
from producer.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_ENTRIES = 1000
#: Texts kept in memory; of a longer file, the rows after these are not sent.
MOST_TEXTS = 100_000
_TERMINATED = 128 + signal.SIGTERM


@click.command()
@click.option(
    "--entries", type=click.IntRange(1), metavar="N", help="How many to send [default: 1000]."
)
@click.option(
    "--duration", type=click.FloatRange(0, min_open=True), metavar="S", help="Send for S seconds."
)
@click.option(
    "--rate",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    metavar="R",
    help="Entries a second; 0 is as fast as possible.",
)
@click.option(
    "--file",
    "source",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Texts to send, JSON Lines or CSV [default: made up, 10 to 150 words].",
)
@click.option("--text-column", default="text", show_default=True, metavar="NAME")
@click.option("--lane", metavar="NAME", help="One of JOURNAL_LANES; by default the first.")
@click.option("--tenant", metavar="NAME", help="Whom they belong to (JOURNAL_TENANT_BUCKETS).")
@click.option("--group", help="The consumer group of this run [default: load-<random>].")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="What is unanswered after so long without any progress is lost.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the made-up texts.")
@redis_option
@keys_option
def load(
    *,
    entries: int | None,
    duration: float | None,
    rate: float,
    source: Path | None,
    text_column: str,
    lane: str | None,
    tenant: str | None,
    group: str | None,
    timeout: float,
    seed: int,
    redis_url: str | None,
    keys_file: Path | None,
) -> None:
    """Send entries on a schedule and measure how they are answered.

    \b
      journal load --entries 5000
      journal load --duration 60 --rate 200
      journal load --lane bulk --entries 20000

    Ends with one JSON line: entries, seconds, throughput (answers a second), p50, p95, p99, mean
    and max latency in seconds from the moment an entry was due (from_submit: from the moment it
    was handed over), lost, duplicated, dead. Exits with 1 if any was lost or answered twice.
    """
    settings = Settings.load(redis_url=redis_url, keys_file=keys_file)
    if entries is None and duration is None:
        entries = DEFAULT_ENTRIES
    schedule = Schedule(entries=entries, duration=duration, rate=rate)
    texts = random_texts(seed) if source is None else _file_texts(source, text_column)
    how: dict[str, Any] = {"timeout": timeout, "group": group, "lane": lane, "tenant": tenant}
    run = LoadRun(settings, settings.key_set(), texts, schedule, **how)
    # The group of this run has to be removed even if a signal ends it, as timeout(1) sends one.
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        with LoadProgress(schedule.total) as progress:
            report = run.run(progress.show)
    finally:
        signal.signal(signal.SIGTERM, before)
    click.echo(json.dumps(report.as_dict()))
    if report.failure is not None:
        raise report.failure
    if report.lost or report.duplicated:
        raise click.exceptions.Exit(EXIT_CHECK_FAILED)


def _terminate(*_: Any) -> NoReturn:
    raise click.exceptions.Exit(_TERMINATED)


def _file_texts(source: Path, text_column: str) -> Iterator[str]:
    """The texts of a file, over and over; ids in the file are ignored."""
    columns = rows.Columns(text=text_column, entry_id=None)
    texts = []
    with source.open("rb") as stream:
        for row in islice(rows.read(stream, str(source), columns), MOST_TEXTS):
            if row.entry is None:
                raise ValidationError(f"{source}:{row.line}: {row.problem}")
            texts.append(row.entry.text)
    if not texts:
        raise ConfigurationError(f"{source} holds no text")
    return cycle(texts)
