"""Annotations: what JSON lines may hold about an entry besides its labels.

- `votes`: {label: number} and `annotators` (5 if it is left out): how many readers gave each label,
- `mask`: labels of which it is not known whether they apply,
- `evidence`: [{label, quote}], or `distorted_part`, a quote for all labels of the entry,
- `weight`: how much the entry counts in training,
- `style`: how it is written, for `evaluate`,
- `reframes`: texts on the same matter with nothing distorted: each becomes an entry without labels.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from training.entries.files.label_cell import parse_labels
from training.entries.files.label_name import label_name
from training.errors import DataError

if TYPE_CHECKING:
    from training.entries.record import Record

#: As many annotators as in the data sets this format comes from.
ANNOTATORS = 5
#: Of more reframes of one entry none adds much to the others.
MOST_REFRAMES = 2
#: A reframe shares its subject with a distorted text, so it is a harder negative than other texts.
REFRAME_WEIGHT = 1.5


def annotated(record: Record, row: dict[str, Any]) -> Record:
    """The record with the annotations of its row.

    Raises:
        DataError: a field is not of the expected form; the message does not repeat it.
    """
    if not row.keys() & {"votes", "mask", "evidence", "distorted_part", "weight", "style"}:
        return record
    return replace(
        record,
        shares={**record.shares, **_shares(row.get("votes"), row.get("annotators", ANNOTATORS))},
        unknown=frozenset(parse_labels(row.get("mask") or [])),
        evidence=_evidence(record, row),
        weight=_weight(row.get("weight", 1.0)),
        style=_style(row.get("style")),
    )


def reframes(row: dict[str, Any]) -> list[str]:
    """Texts without any distortion that come with a row.

    Raises:
        DataError: they are no list of texts.
    """
    found = row.get("reframes") or ([row["reframe"]] if row.get("reframe") else [])
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise DataError("'reframes' is no list of texts")
    return [text for text in found if text.strip()][:MOST_REFRAMES]


def _shares(votes: Any, annotators: Any) -> dict[str, float]:
    if votes is None:
        return {}
    numbers = isinstance(votes, dict) and all(
        isinstance(count, (int, float)) and not isinstance(count, bool) and count >= 0
        for count in votes.values()
    )
    if not numbers or not isinstance(annotators, int) or annotators < 1:
        raise DataError("'votes' is no object of numbers, or 'annotators' no number")
    return {label_name(label): min(1.0, count / annotators) for label, count in votes.items()}


def _weight(value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < math.inf:
        raise DataError("'weight' is no number above 0")
    return float(value)


def _style(value: Any) -> str:
    if value is None or value == "":
        return ""
    try:
        return parse_labels([value])[0]
    except DataError:
        raise DataError("'style' is no word or two") from None


def _evidence(record: Record, row: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    items = row.get("evidence") or []
    if part := row.get("distorted_part"):
        items = [{"label": label, "quote": part} for label in record.labels]
    try:
        pairs = [(item["label"], item["quote"]) for item in items]
    except (TypeError, KeyError):
        raise DataError("'evidence' is no list of labels and quotes") from None
    if not all(isinstance(word, str) for pair in pairs for word in pair):
        raise DataError("'evidence' is no list of labels and quotes")
    pairs = [(label_name(label), quote) for label, quote in pairs]
    voted = {label_name(label) for label in row.get("votes") or ()}
    if not {label for label, _ in pairs} <= {*record.labels, *voted}:
        raise DataError("'evidence' names a label that the entry was not given")
    return tuple((label, quote) for label, quote in pairs if quote and quote in record.text)
