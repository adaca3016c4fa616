"""Texts with their personal data marked, from JSON lines."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from training.errors import DataError
from training.pii.generation.example import Example
from worker.anonymizer.offsets import Span
from worker.anonymizer.taggers.entity_types import ENTITY_TYPES, entity_type

if TYPE_CHECKING:
    from pathlib import Path


def read_annotated(path: Path) -> list[tuple[Example, str]]:
    """Lines of `{"text", "spans": [{"start", "end", "type"}], "style"}`; returns text and style.

    Spans are ranges of characters of `text`; `style`, if there is one, sets texts apart that were
    written differently (title, lower, upper). Other fields are ignored.

    Raises:
        DataError: names the first line that is something else; never its content.
    """
    return [(example, style) for _, example, style in _numbered(path)]


def _numbered(path: Path) -> list[tuple[int, Example, str]]:
    """The lines with their numbers."""
    rows = []
    try:
        with path.open(encoding="utf-8-sig") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    rows.append((number, *_row(line, f"{path}:{number}")))
    except UnicodeDecodeError:
        raise DataError(f"{path}: not UTF-8") from None
    except OSError as exc:
        raise DataError(f"{path}: {exc.strerror or 'cannot be read'}") from None
    if not rows:
        raise DataError(f"{path}: no texts")
    return rows


def read_for_training(path: Path) -> list[Example]:
    """The same lines as examples to learn from, with the types that the tagger tells apart.

    Types that go by another name (`GPE`, `EMAIL_ADDRESS`, `STREET_ADDRESS`) are renamed.

    Raises:
        DataError: as above; or names the first line with a type that the tagger does not have.
    """
    return [_renamed(example, f"{path}:{number}") for number, example, _ in _numbered(path)]


def _renamed(example: Example, place: str) -> Example:
    spans = []
    for span in example.spans:
        # Who marks a date by hand does not mark "today", as some taggers do.
        kind = "DATE_TIME" if span.type.upper() == "DATE" else entity_type(span.type)
        if kind is None:
            raise DataError(f"{place}: unknown type; the tagger knows {', '.join(ENTITY_TYPES)}")
        spans.append(replace(span, type=kind))
    return replace(example, spans=tuple(spans))


def _row(line: str, place: str) -> tuple[Example, str]:
    try:
        row = json.loads(line)
        text = row["text"]
        spans = [_span(item, len(text)) for item in row.get("spans") or ()]
        style = row.get("style") or ""
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError(
            f'{place}: expected JSON {{"text", "spans": [{{"start", "end", "type"}}]}}'
        ) from None
    if not isinstance(text, str) or not isinstance(style, str):
        raise DataError(f"{place}: text and style must be strings")
    return Example(text, tuple(sorted(spans, key=lambda span: span.start))), style


def _span(item: Any, length: int) -> Span:
    start, end = int(item["start"]), int(item["end"])
    if not 0 <= start < end <= length:
        raise ValueError
    return Span(start, end, str(item["type"]))
