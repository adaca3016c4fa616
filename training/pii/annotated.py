"""Texts with their personal data marked, from JSON lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from training.errors import DataError
from training.pii.examples import Example
from worker.offsets import Span

if TYPE_CHECKING:
    from pathlib import Path


def read_annotated(path: Path) -> list[tuple[Example, str]]:
    """Lines of `{"text", "spans": [{"start", "end", "type"}], "style"}`; returns text and style.

    Spans are ranges of characters of `text`; `style`, if there is one, sets texts apart that were
    written differently (title, lower, upper). Other fields are ignored.

    Raises:
        DataError: names the first line that is something else; never its content.
    """
    rows = []
    try:
        with path.open(encoding="utf-8-sig") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    rows.append(_row(line, f"{path}:{number}"))
    except UnicodeDecodeError:
        raise DataError(f"{path}: not UTF-8") from None
    except OSError as exc:
        raise DataError(f"{path}: {exc.strerror or 'cannot be read'}") from None
    if not rows:
        raise DataError(f"{path}: no texts")
    return rows


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
