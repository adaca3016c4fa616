"""`journal-train evaluate`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from training.cli.common import (
    FILE,
    FOLDER,
    new_anonymizer,
    new_classifier,
    new_progress,
    one_line_errors,
    prepare_libraries,
    require,
)
from training.cli.reading import read_options, reading_options
from training.entries.files.notes import Notes
from training.entries.reading import read_plain
from training.entries.sources import read_told
from worker import extras

if TYPE_CHECKING:
    from pathlib import Path

    from training.evaluation.evaluate import Evaluation


@click.command()
@click.argument("model", type=FOLDER)
@click.argument("data", type=FILE)
@reading_options
@click.option("--out", type=FOLDER, help="Write plots (PNG) into this folder.")
@click.option("--negatives", type=FILE, help="Entries (`text`) to which no label applies.")
@click.option("--raw", is_flag=True, help="Do not anonymize first.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto")
@click.option(
    "--precision", type=click.Choice(["auto", "fp32", "bf16", "fp16", "int8"]), default="auto"
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Write JSON to stdout, as into a pipe, at a terminal too.",
)
def evaluate(
    model: Path,
    data: Path,
    out: Path | None,
    negatives: Path | None,
    *,
    raw: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Score the folder MODEL on DATA, files as `fit` reads them.

    Tables for people go to stderr; with --json, and into a pipe or a file, every figure goes to
    stdout as JSON.
    """
    require("faker", *(["matplotlib"] if out else []), *extras.MODELS)
    if not raw:
        require(*extras.ANONYMIZER)
    with one_line_errors(), new_progress() as progress:
        prepare_libraries(offline=True)
        from training.output.atomic_folder import make_folder
        from worker.models.folder import ModelFolder

        folder = ModelFolder.open(model)
        reading, notes = read_options(given), Notes(progress.note)
        records = read_told(data, folder.labels, options=reading, notes=notes)
        plain = read_plain(negatives, options=reading, notes=notes) if negatives else None
        if out:
            make_folder(out)  # what cannot be written is told before everything is scored
        progress.begin("loading the model")
        from training.evaluation.report import Report

        report = Report(
            folder,
            new_classifier(folder, device=given["device"], precision=given["precision"]),
            anonymizer=None if raw else new_anonymizer(),
            progress=progress,
            records=records,
            negatives=plain,
        )
        plots = _write_plots(report.evaluation, out) if out else []
    console = Console(stderr=True)
    report.print(console)
    for plot in plots:
        console.print(f"plot: {plot}", soft_wrap=True)
    if as_json or not sys.stdout.isatty():
        click.echo(json.dumps(report.to_json()))


def _write_plots(evaluation: Evaluation, out: Path) -> list[Path]:
    from training.errors import OutputError
    from training.evaluation.plots import write_plots  # brings matplotlib

    try:
        return write_plots(evaluation, out)
    except OSError as exc:
        raise OutputError(f"{out}: {exc.strerror or 'cannot be written'}") from None
