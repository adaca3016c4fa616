"""The two stages as filters: JSON lines from stdin to stdout, in order, on all cores."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from worker.errors import StartupError, WorkerError
from worker.settings import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from typing import BinaryIO

    from worker.anonymizer.offsets import OffsetMap
    from worker.anonymizer.taggers.thresholds import Privacy
    from worker.classifier.classifier import Classification
    from worker.models.compute import Compute

    Record = dict[str, Any]
    Stage = Callable[[list[Record]], list[Record]]

#: Lines that a process is given at a time.
CHUNK_LINES = 64
#: Input of up to this many chunks stays in this process: others would have loaded too late.
_FEW_CHUNKS = 2
#: Chunks that wait for each process at most, so that input of any length takes the same memory.
_AHEAD = 4


class LineError(WorkerError):
    """A line of the input is no record; the message holds its number and none of its text."""


def anonymize_lines(
    *,
    compute: Compute,
    tagger: Path | None = None,
    numbered: bool = False,
    privacy: Privacy = "balanced",
) -> Stage:
    """The stage of `journal-worker anonymize`; build it in the process that uses it."""
    from worker.anonymizer.anonymizer import Anonymizer  # brings spaCy

    anonymizer = Anonymizer.load(tagger, compute, numbered=numbered, privacy=privacy)

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
    privacy: Privacy = "balanced",
) -> Stage:
    """The stage of `journal-worker classify`; build it in the process that uses it."""
    from worker.classifier.classifier import Classifier  # `anonymize` does without torch
    from worker.models.folder import ModelFolder

    classifier = Classifier.load(ModelFolder.open(model), compute)
    anonymizer = None
    if not raw:
        from worker.anonymizer.anonymizer import Anonymizer  # `--raw` does without spaCy

        anonymizer = Anonymizer.load(tagger, compute, numbered=numbered, privacy=privacy)

    def stage(records: list[Record]) -> list[Record]:
        texts = [record["text"] for record in records]
        cleaned = anonymizer.anonymize(texts) if anonymizer else None
        found = classifier.classify([c.text for c in cleaned] if cleaned else texts)
        return [
            {
                "id": record["id"],
                **_labels_and_scores(
                    item, classifier.label_names, cleaned[index].offsets if cleaned else None
                ),
            }
            for index, (record, item) in enumerate(zip(records, found, strict=True))
        ]

    return stage


def _labels_and_scores(
    item: Classification, names: Sequence[str], offsets: OffsetMap | None
) -> Record:
    """A result with evidence as ranges of the submitted text, onto which `offsets` maps."""
    scores = dict(zip(names, (round(score, 6) for score in item.scores), strict=True))
    labels = []
    for name, ranges in zip(item.labels, item.evidence, strict=True):
        submitted = [offsets.to_submitted(*found) if offsets else found for found in ranges]
        evidence = [{"start": start, "end": end} for start, end in submitted]
        labels.append({"label": name, "score": scores[name], "evidence": evidence})
    return {"labels": labels, "scores": scores}


def run_filter(
    make_stage: Callable[..., Stage],
    *,
    jobs: int | None = None,
    source: BinaryIO | None = None,
    **options: Any,
) -> None:
    """Read records from stdin, pass them through a stage, write its records to stdout in order.

    Args:
        make_stage: builds the stage; each process that long input is spread over calls it once.
        jobs: most processes; one for each available core by default.
        source: where to read; stdin by default.
        options: what `make_stage` is called with.

    Raises:
        LineError: a line is no JSON object with an `id` and a text; lines before it are written.
        WorkerError: the stage cannot be built, or failed.
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
    """Pass chunks through a stage in `cores` other processes, reading a few chunks ahead."""
    # Spawned processes load their own models, and inherit no lock or thread.
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
    """Records of `id` and `text` from JSON lines of `{"id", "text", ...}`; skips blank lines.

    Raises:
        LineError: a line is something else; the message holds its number.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            text, ident = record["text"], record["id"]
            (text + json.dumps(ident, ensure_ascii=False)).encode()  # raises for lone surrogates
        except (ValueError, KeyError, TypeError, RecursionError):
            raise LineError(f'line {number}: expected JSON {{"id": ..., "text": "..."}}') from None
        yield {"id": ident, "text": text}


def _chunks(records: Iterable[Record]) -> Iterator[list[Record] | LineError]:
    """Records in chunks; the error of a bad line is the last item, behind the lines before it."""
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


@dataclass
class _PoolProcess:
    """What a process of the pool holds: its stage, or the reason why it has none."""

    stage: Stage | None = None
    failure: WorkerError | None = None


_process = _PoolProcess()


def _start(build: Callable[[], Stage]) -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        _process.stage = build()
    except WorkerError as exc:  # raised with the first chunk: here it would be a traceback
        _process.failure = exc
    except Exception as exc:  # noqa: BLE001 - raised with the first chunk too, in one line
        reason = f"a process of the filter cannot start ({type(exc).__name__})"
        _process.failure = StartupError(reason)


def _work(chunk: list[Record]) -> list[Record]:
    if _process.failure is not None:
        raise _process.failure
    assert _process.stage is not None
    return _process.stage(chunk)


def _write(records: list[Record]) -> None:
    # Always UTF-8, as JSON is, whatever the terminal's encoding.
    out = sys.stdout.buffer
    for record in records:
        out.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
    out.flush()
