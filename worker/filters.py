"""The two stages as filters over JSON lines, on all cores, in order."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from worker.anonymizer import Anonymizer
from worker.errors import WorkerError
from worker.settings import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    Record = dict[str, Any]
    Stage = Callable[[list[Record]], list[Record]]

#: Lines that go to a process together.
CHUNK_LINES = 64
#: Below this many lines one process is done before a second would have loaded.
_FEW_LINES = 2 * CHUNK_LINES


class LineError(WorkerError):
    """A line of the input is not of the expected form; the message names its number only."""


def anonymize_lines() -> Stage:
    """The stage of `journal-worker anonymize`; call it in the process that will use it."""
    anonymizer = Anonymizer.load()

    def stage(records: list[Record]) -> list[Record]:
        found = anonymizer.anonymize([record["text"] for record in records])
        return [
            {
                "id": record["id"],
                "anonymized": item.text,
                "spans": [{"start": s.start, "end": s.end, "type": s.type} for s in item.spans],
            }
            for record, item in zip(records, found, strict=True)
        ]

    return stage


def classify_lines(*, model: Path, raw: bool, device: str, precision: str, threads: int) -> Stage:
    """The stage of `journal-worker classify`; call it in the process that will use it."""
    from worker.classifier import Classifier  # noqa: PLC0415 - `anonymize` does without torch
    from worker.model_folder import ModelFolder  # noqa: PLC0415

    classifier = Classifier.load(
        ModelFolder.open(model), device=device, precision=precision, threads=threads
    )
    anonymizer = None if raw else Anonymizer.load()

    def stage(records: list[Record]) -> list[Record]:
        texts = [record["text"] for record in records]
        cleaned = anonymizer.anonymize(texts) if anonymizer else None
        found = classifier.classify([c.text for c in cleaned] if cleaned else texts)
        lines = []
        for index, (record, item) in enumerate(zip(records, found, strict=True)):
            scores = dict(
                zip(classifier.label_names, (round(s, 6) for s in item.scores), strict=True)
            )
            locate = (
                cleaned[index].offsets.to_submitted if cleaned else lambda start, end: (start, end)
            )
            labels = []
            for name, ranges in zip(item.labels, item.evidence, strict=True):
                where = [locate(start, end) for start, end in ranges]
                evidence = [{"start": start, "end": end} for start, end in where]
                labels.append({"label": name, "score": scores[name], "evidence": evidence})
            lines.append({"id": record["id"], "labels": labels, "scores": scores})
        return lines

    return stage


def run_filter(
    make_stage: Callable[..., Stage],
    *,
    jobs: int | None = None,
    source: BinaryIO | None = None,
    **options: Any,
) -> None:
    """Read records from stdin, pass them through a stage, write its records to stdout.

    Long input is spread over processes; each loads the stage once. Lines come out in order.

    Raises:
        LineError: a line is no JSON object with an `id` and a text; lines before it are written.
        WorkerError: the stage cannot be loaded, or failed.
    """
    records = read_records(source or sys.stdin.buffer)
    first = list(islice(records, _FEW_LINES + 1))
    cores = jobs or available_cores()
    spread = cores > 1 and len(first) > _FEW_LINES
    if make_stage is classify_lines:
        options["threads"] = max(1, available_cores() // cores) if spread else available_cores()
    build = partial(make_stage, **options)
    chunks = _chunks(chain(first, records))
    if not spread:
        stage = build() if first else None
        for chunk in chunks:
            assert stage is not None
            _write(stage(chunk))
        return
    # spawn: each process loads its own models, with no lock or thread of ours inherited.
    context = multiprocessing.get_context("spawn")
    with context.Pool(cores, initializer=_start, initargs=(build,)) as pool:
        for result in pool.imap(_work, _until_error(chunks)):
            if isinstance(result, Exception):
                raise result
            _write(result)


def read_records(lines: Iterable[bytes]) -> Iterator[Record]:
    """Records of `{"id", "text", ...}` from JSON lines; blank lines are skipped.

    Raises:
        LineError: names the number of the first line that is something else.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            text, ident = record["text"], record["id"]
            text.encode()  # a lone surrogate is no text
        except (ValueError, KeyError, TypeError, AttributeError):
            raise LineError(f'line {number}: expected JSON {{"id": ..., "text": "..."}}') from None
        yield {"id": ident, "text": text}


def _chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    iterator = iter(records)
    while True:
        chunk: list[Record] = []
        try:
            for record in islice(iterator, CHUNK_LINES):
                chunk.append(record)  # noqa: PERF402 - what came before a bad line must not be lost
        except LineError:
            if chunk:
                yield chunk
            raise
        if not chunk:
            return
        yield chunk


def _until_error(chunks: Iterator[list[Record]]) -> Iterator[list[Record] | LineError]:
    """An error as the last item: raised inside `imap`'s thread it would be lost."""
    try:
        yield from chunks
    except LineError as exc:
        yield exc


_stage: Stage | None = None


def _start(build: Callable[[], Stage]) -> None:
    global _stage  # noqa: PLW0603 - a pool process is one stage
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    _stage = build()


def _work(chunk: list[Record] | Exception) -> list[Record] | Exception:
    if isinstance(chunk, Exception):
        return chunk
    assert _stage is not None
    try:
        return _stage(chunk)
    except WorkerError as exc:
        return exc


def _write(records: list[Record]) -> None:
    for record in records:
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
    sys.stdout.flush()
