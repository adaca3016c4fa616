"""The two stages as filters over JSON lines, on all cores, in order."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from worker.errors import StartupError, WorkerError
from worker.settings import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from pathlib import Path
    from typing import BinaryIO

    from worker.models.compute import Compute

    Record = dict[str, Any]
    Stage = Callable[[list[Record]], list[Record]]

#: Lines that go to a process together.
CHUNK_LINES = 64
#: Up to this many chunks one process is done before a second would have loaded.
_FEW_CHUNKS = 2
#: Chunks a process may have waiting: input of any length takes the same memory.
_AHEAD = 4


class LineError(WorkerError):
    """A line of the input is not of the expected form; the message names its number only."""


def anonymize_lines(
    *, compute: Compute, tagger: Path | None = None, numbered: bool = False
) -> Stage:
    """The stage of `journal-worker anonymize`; call it in the process that will use it."""
    from worker.anonymizer.anonymizer import Anonymizer  # noqa: PLC0415 - brings spaCy

    anonymizer = Anonymizer.load(tagger, compute, numbered=numbered)

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


def classify_lines(
    *,
    model: Path,
    raw: bool,
    compute: Compute,
    tagger: Path | None = None,
    numbered: bool = False,
) -> Stage:
    """The stage of `journal-worker classify`; call it in the process that will use it."""
    from worker.classifier.classifier import Classifier  # noqa: PLC0415 - `anonymize` does without torch
    from worker.models.folder import ModelFolder  # noqa: PLC0415

    classifier = Classifier.load(ModelFolder.open(model), compute)
    anonymizer = None
    if not raw:
        from worker.anonymizer.anonymizer import Anonymizer  # noqa: PLC0415 - `--raw` does without spaCy

        anonymizer = Anonymizer.load(tagger, compute, numbered=numbered)

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
    items = _chunks(read_records(source or sys.stdin.buffer))
    first = list(islice(items, _FEW_CHUNKS + 1))
    cores = jobs or available_cores()
    spread = cores > 1 and len(first) > _FEW_CHUNKS
    if make_stage in (anonymize_lines, classify_lines):
        threads = max(1, available_cores() // cores) if spread else available_cores()
        options["compute"] = replace(options["compute"], threads=threads)
    build = partial(make_stage, **options)
    if spread:
        _spread(build, chain(first, items), cores)
        return
    stage = build() if first else None
    for item in chain(first, items):
        if isinstance(item, LineError):
            raise item
        assert stage is not None
        _write(stage(item))


def _spread(
    build: Callable[[], Stage], items: Iterable[list[Record] | LineError], cores: int
) -> None:
    """Pass chunks through a stage in other processes; a few more than these are ever read ahead."""
    # spawn: each process loads its own models, with no lock or thread of ours inherited.
    pool = ProcessPoolExecutor(
        cores, multiprocessing.get_context("spawn"), initializer=_start, initargs=(build,)
    )
    pending: deque[Future[list[Record]]] = deque()
    try:
        for item in items:
            if isinstance(item, LineError):
                while pending:
                    _write(pending.popleft().result())
                raise item
            pending.append(pool.submit(_work, item))
            while len(pending) > _AHEAD * cores or (pending and pending[0].done()):
                _write(pending.popleft().result())
        while pending:
            _write(pending.popleft().result())
    except BrokenProcessPool:
        raise WorkerError("a process of the filter was killed") from None
    finally:
        pool.shutdown(cancel_futures=True)


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
            (text + json.dumps(ident, ensure_ascii=False)).encode()  # a lone surrogate is no text
        except (ValueError, KeyError, TypeError, RecursionError):
            raise LineError(f'line {number}: expected JSON {{"id": ..., "text": "..."}}') from None
        yield {"id": ident, "text": text}


def _chunks(records: Iterable[Record]) -> Iterator[list[Record] | LineError]:
    """Records in chunks; a bad line comes as the last item, behind what was before it."""
    chunk: list[Record] = []
    try:
        for record in records:
            chunk.append(record)
            if len(chunk) == CHUNK_LINES:
                yield chunk
                chunk = []
    except LineError as exc:
        if chunk:
            yield chunk
        yield exc
        return
    if chunk:
        yield chunk


_stage: Stage | None = None
_failure: WorkerError | None = None


def _start(build: Callable[[], Stage]) -> None:
    global _stage, _failure  # noqa: PLW0603 - a pool process is one stage
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        _stage = build()
    except WorkerError as exc:  # told with the first chunk: here it would be a traceback
        _failure = exc
    except Exception as exc:  # noqa: BLE001 - the same, and nobody else catches it
        _failure = StartupError(f"a process of the filter cannot start ({type(exc).__name__})")


def _work(chunk: list[Record]) -> list[Record]:
    if _failure is not None:
        raise _failure
    assert _stage is not None
    return _stage(chunk)


def _write(records: list[Record]) -> None:
    # Always UTF-8, as JSON is, whatever the terminal's encoding.
    out = sys.stdout.buffer
    for record in records:
        out.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
    out.flush()
