"""`journal submit`: hand over entries from arguments, a file or stdin."""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from contextlib import nullcontext
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from producer.cli import rows
from producer.cli.options import keys_option, open_client, redis_option
from producer.cli.progress import SubmitProgress
from producer.errors import JournalError, QueueFull, ValidationError
from producer.operations.submit import SUBMIT_CHUNK
from producer.schemas import JournalEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from producer.client import JournalClient
    from producer.receipts import Receipt

FIRST_WAIT_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 2.0
STDIN = "-"


class Submitter:
    """Submits chunk after chunk and waits while the queue is full.

    Args:
        client: where to.
        wait: whether to wait for room; else the first `QueueFull` is raised.
        on_wait: called with True before the first wait for room, with False when there is some.
    """

    def __init__(
        self, client: JournalClient, *, wait: bool, on_wait: Callable[[bool], None]
    ) -> None:
        self._client = client
        self._wait = wait
        self._on_wait = on_wait
        self.queued = 0
        self.duplicates = 0

    def send(self, entries: Sequence[JournalEntry]) -> Iterator[Receipt]:
        """Submit these entries; the receipts come as there is room.

        Raises:
            QueueFull: no room and not to wait.
            JournalError: as `JournalClient.submit_many`.
        """
        pause = 0.0
        while True:
            try:
                receipts: Sequence[Receipt] = self._client.submit_many(entries)
                full = None
            except QueueFull as exc:
                receipts, full = exc.receipts, exc
            taken = {receipt.entry_id for receipt in receipts}
            for receipt in receipts:
                self.queued += receipt.status == "queued"
                self.duplicates += receipt.status == "duplicate"
                yield receipt
            if full is None:
                if pause:
                    self._on_wait(False)
                return
            if not self._wait:
                raise full
            if not pause:
                self._on_wait(True)
            # Receipts may come from the middle: duplicates are known without room.
            entries = [entry for entry in entries if entry.entry_id not in taken]
            pause = FIRST_WAIT_SECONDS if taken else min(2 * pause, LONGEST_WAIT_SECONDS)
            pause = pause or FIRST_WAIT_SECONDS
            time.sleep(pause)


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
    """  # noqa: D301 - \b tells click not to rewrap
    if bool(texts) == bool(source):
        raise click.UsageError("give either TEXT arguments or --file (- reads stdin)")
    if entry_id is not None and len(texts) != 1:
        raise click.UsageError("--entry-id goes with exactly one TEXT")
    with open_client(redis_url, keys_file) as client:
        if source is None:
            _submit_texts(
                Submitter(client, wait=wait, on_wait=_tell_wait), texts, entry_id, context
            )
            return
        columns = rows.Columns(text_column, id_column, context_column)
        with _opened(source) as stream, SubmitProgress(_size(stream)) as progress:
            run = _FileRun(
                Submitter(
                    client, wait=wait, on_wait=progress.waiting if progress.shown else _tell_wait
                ),
                "stdin" if source == STDIN else source,
                progress,
            )
            reader = rows.READERS[form or rows.SUFFIXES.get(Path(source).suffix.lower(), "jsonl")]
            run.submit(stream, reader(stream, columns, context), skip_invalid=skip_invalid)


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
    """One file on its way into the queue, and what to say of it however it ends."""

    def __init__(self, submitter: Submitter, name: str, progress: SubmitProgress) -> None:
        self._submitter = submitter
        self._name = name
        self._progress = progress
        self._invalid = 0
        self._without_id = 0

    def submit(self, stream: BinaryIO, source: Iterator[rows.Row], *, skip_invalid: bool) -> None:
        try:
            while chunk := self._chunk(source, skip_invalid=skip_invalid):
                for _ in self._submitter.send([row.entry for row in chunk if row.entry]):
                    pass
                self._without_id += sum(not row.own_id for row in chunk if row.entry)
                self._progress.advance(stream, self._submitter.queued + self._submitter.duplicates)
        except rows.BadFile as exc:
            raise ValidationError(self._so_far(f"{self._name}:{exc.line}: {exc}")) from None
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


def _tell_wait(waiting: bool) -> None:
    if waiting:
        click.echo("journal: queue full, waiting", err=True)


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
