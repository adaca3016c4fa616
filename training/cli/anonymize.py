"""`journal-train anonymize`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from training.cli.common import FILE, new_anonymizer, new_progress, one_line_errors, require
from training.entries.files.options import TEXT
from worker import extras

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("source", type=FILE)
@click.argument("target", type=FILE)
@click.option("--column", default=TEXT, help="The column to anonymize.")
@click.option(
    "--encoding",
    metavar="NAME",
    help="Encoding of SOURCE, such as cp1252.",
    show_default="what it begins with, or UTF-8",
)
def anonymize(source: Path, target: Path, column: str, encoding: str | None) -> None:
    """Copy the CSV file SOURCE to TARGET with one column anonymized.

    All other columns stay as they are. TARGET has commas and is UTF-8, whatever SOURCE is; it is
    readable by its owner only.
    """
    require(*extras.ANONYMIZER)
    with one_line_errors(), new_progress() as progress:
        from training.entries.anonymize import anonymize_csv

        progress.begin("loading the anonymizer")
        anonymizer = new_anonymizer()
        entries = anonymize_csv(
            source,
            target,
            column=column,
            encoding=encoding,
            anonymizer=anonymizer,
            begin=lambda total: progress.begin("anonymizing", total),
            advance=progress.advance,
        )
        progress.note(f"{entries:,} entries written to {target}")
