"""`journal submit`: submit entries from arguments, a file or stdin."""

from __future__ import annotations

import json
import os
import sys
import uuid
from contextlib import nullcontext
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from producer.cli import rows
from producer.cli.options import keys_option, open_client, redis_option
from producer.cli.progress import SubmitProgress, report_wait
from producer.cli.submitter import Submitter
from producer.errors import JournalError, ValidationError
from producer.operations.submit import SUBMIT_CHUNK
from producer.schemas import JournalEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

STDIN = "-"


@click.command()
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@click.option(
    "--file",
    "source",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="A file of entries, or - for stdin.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(sorted(rows.READERS)),
    help="What the file is; by default told from its name, and JSON Lines on stdin. "
    "In text, every line is an entry.",
)
@click.option("--entry-id", metavar="ID", help="The id of the one TEXT; random by default.")
@click.option("--context", help="Comes back unchanged with each result, at most 256 characters.")
@click.option("--text-column", default="text", show_default=True, metavar="NAME")
@click.option(
    "--id-column",
    metavar="NAME",
    help="The field of the entry's id [default: entry_id, or else id, or else a random id].",
)
@click.option("--context-column", metavar="NAME", help="The field of the entry's own context.")
@click.option("--lane", metavar="NAME", help="One of JOURNAL_LANES; by default the first.")
@click.option("--tenant", metavar="NAME", help="Whom they belong to (JOURNAL_TENANT_BUCKETS).")
@click.option("--skip-invalid", is_flag=True, help="Count rows that break a rule, and go on.")
@click.option("--wait/--no-wait", default=True, help="Wait for room in a full queue, or exit 3.")
@redis_option
@keys_option
def submit(
    *,
    texts: tuple[str, ...],
    source: str | None,
    form: str | None,
    entry_id: str | None,
    context: str | None,
    text_column: str,
    id_column: str | None,
    context_column: str | None,
    lane: str | None,
    tenant: str | None,
    skip_invalid: bool,
    wait: bool,
    redis_url: str | None,
    keys_file: Path | None,
) -> None:
    """Hand over journal entries.

    \b
    Each TEXT is an entry; prints {"entry_id", "status"} a line. Arguments show in process lists:
    use a file or stdin for what people wrote.
      journal submit "I messed up, now everyone thinks I'm incompetent."
    A file is read row by row; prints {"queued", "duplicates", "invalid"} at the end.
      journal submit --file entries.jsonl
      journal submit --file export.csv --text-column body --id-column post_id
      zcat entries.jsonl.gz | journal submit --file -

    The first row that breaks a rule ends the run with exit code 2 and its line number, unless
    --skip-invalid is given. Running again is safe for entries with ids of their own: what was
    enqueued before is told as a duplicate.
    """
    if bool(texts) == bool(source):
        raise click.UsageError("give either TEXT arguments or --file (- reads stdin)")
    if entry_id is not None and len(texts) != 1:
        raise click.UsageError("--entry-id goes with exactly one TEXT")
    columns = rows.Columns(text_column, id_column, context_column)
    where = {"lane": lane, "tenant": tenant}
    with open_client(redis_url, keys_file) as client:
        if source is None:
            submitter = Submitter(client, wait=wait, on_wait=report_wait, **where)
            _submit_texts(submitter, texts, entry_id, context)
            return
        name = "stdin" if source == STDIN else source
        with _opened(source) as stream, SubmitProgress(_size(stream)) as progress:
            submitter = Submitter(client, wait=wait, on_wait=progress.waiting, **where)
            read = rows.read(stream, name, columns, context, form=form)
            _FileRun(submitter, name, progress).submit(stream, read, skip_invalid=skip_invalid)


def _submit_texts(
    submitter: Submitter, texts: Sequence[str], entry_id: str | None, context: str | None
) -> None:
    entries = [
        JournalEntry(entry_id=entry_id or uuid.uuid4().hex, text=text, context=context)
        for text in texts
    ]
    for receipt in submitter.send(entries):
        click.echo(json.dumps(asdict(receipt)))


class _FileRun:
    """Submits the rows of one file, and prints their counts however it ends.

    Args:
        submitter: submits the entries.
        name: of the file, for errors.
        progress: shows how much of the file is read.
    """

    def __init__(self, submitter: Submitter, name: str, progress: SubmitProgress) -> None:
        self._submitter = submitter
        self._name = name
        self._progress = progress
        self._invalid = 0
        self._without_id = 0

    def submit(self, stream: BinaryIO, source: Iterator[rows.Row], *, skip_invalid: bool) -> None:
        """Submit all rows.

        Args:
            stream: the file; tells how far it is read.
            source: its rows.
            skip_invalid: whether to count and skip rows that break a rule.

        Raises:
            JournalError: submitting failed, or a row breaks a rule that is not to be skipped; the
                message says how many entries were enqueued before.
        """
        try:
            while chunk := self._chunk(source, skip_invalid=skip_invalid):
                for _ in self._submitter.send([row.entry for row in chunk if row.entry]):
                    pass
                self._without_id += sum(not row.own_id for row in chunk if row.entry)
                self._progress.advance(stream, self._submitter.queued + self._submitter.duplicates)
        except JournalError as exc:
            raise type(exc)(self._so_far(str(exc))) from None
        finally:
            self._progress.stop()
            click.echo(
                json.dumps(
                    {
                        "queued": self._submitter.queued,
                        "duplicates": self._submitter.duplicates,
                        "invalid": self._invalid,
                    }
                )
            )

    def _chunk(self, source: Iterator[rows.Row], *, skip_invalid: bool) -> list[rows.Row]:
        chunk = []
        for row in islice(source, SUBMIT_CHUNK):
            chunk.append(row)
            if row.entry is None:
                self._invalid += 1
                if not skip_invalid:
                    raise ValidationError(f"{self._name}:{row.line}: {row.problem}")
                self._progress.line(f"journal: {self._name}:{row.line}: {row.problem}; skipped")
        return chunk

    def _so_far(self, problem: str) -> str:
        line = f"{problem}; {self._submitter.queued} enqueued before; running again is safe"
        if self._without_id:
            line += f", except for {self._without_id} rows without an id, which would come twice"
        return line


def _opened(source: str) -> AbstractContextManager[BinaryIO]:
    if source == STDIN:
        return nullcontext(sys.stdin.buffer)
    return Path(source).open("rb")


def _size(stream: BinaryIO) -> int | None:
    """Bytes of a regular file; None for a pipe or a terminal."""
    try:
        return os.fstat(stream.fileno()).st_size or None
    except OSError:
        return None
