"""Records without personal data: their texts, and the quotes that mark their evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from training.entries.anonymize import BATCH_TEXTS
from training.entries.prepared.redactions import digest, recorded, replaced
from training.errors import DataError
from worker.errors import AnonymizationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from training.entries.record import Record
    from worker.anonymizer.anonymizer import Anonymizer
    from worker.anonymizer.offsets import Span


def anonymized_records(
    records: Sequence[Record], anonymizer: Anonymizer, *, advance: Callable[[int], None]
) -> list[Record]:
    """The records with placeholders in texts and evidence, in the same order.

    Args:
        records: as they were written.
        anonymizer: the worker's own; it is not asked about what is recorded in
            `training.entries.prepared.redactions`.
        advance: called with the number of records done since its last call.

    Raises:
        DataError: a text could not be anonymized; nothing goes on without that.
    """
    known = recorded()
    spans: dict[str, Sequence[Span]] = {}
    for start in range(0, len(records), BATCH_TEXTS):
        batch = [record.text for record in records[start : start + BATCH_TEXTS]]
        asked = [text for text in batch if digest(text) not in known]
        try:
            answers = anonymizer.anonymize(asked) if asked else []
        except AnonymizationError as exc:
            raise DataError(
                f"entries {start + 1} to {start + len(batch)} could not be anonymized ({exc})"
            ) from None
        spans |= {text: answer.spans for text, answer in zip(asked, answers, strict=True)}
        spans |= {text: known[digest(text)] for text in batch if text not in spans}
        advance(len(batch))
    return [_without(record, spans[record.text]) for record in records]


def _without(record: Record, spans: Sequence[Span]) -> Record:
    if not spans:
        return record
    text = replaced(record.text, spans)
    evidence = []
    for label, quote in record.evidence:
        start = record.text.index(quote)
        first, last = (
            _moved(position, spans, after=after)
            for position, after in ((start, False), (start + len(quote), True))
        )
        evidence.append((label, text[first:last]))
    return replace(record, text=text, evidence=tuple(evidence))


def _moved(position: int, spans: Sequence[Span], *, after: bool) -> int:
    """Where a position of the text is in the anonymized one; inside a span, at an end of it."""
    shift = 0
    for span in spans:
        length = len(f"<{span.type}>")
        if position >= span.end:
            shift += length - (span.end - span.start)
        elif position > span.start:
            return span.start + shift + (length if after else 0)
    return position + shift
