"""The texts of a run: one fixed sample, dealt so that every variant gets the same lengths."""

from __future__ import annotations

import csv
import io
import json
import random
from importlib.resources import files
from typing import TYPE_CHECKING

from producer.schemas import MAX_TEXT_CHARACTERS
from tests.bench.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SAMPLE = 512
SEED = 7


def read_texts(path: Path | None) -> list[str]:
    """The shipped entries, or the `text` fields of a JSON-lines file.

    Raises:
        BenchError: the file cannot be read or holds no usable text.
    """
    if path is None:
        shipped = files("training").joinpath("data", "mental_health_journals.csv")
        rows = csv.DictReader(io.StringIO(shipped.read_text(encoding="utf-8"), newline=""))
        return [row["text"] for row in rows]
    try:
        with path.open(encoding="utf-8") as stream:
            texts = [json.loads(line)["text"] for line in stream if line.strip()]
    except OSError as exc:
        raise BenchError(f"{path}: {exc.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise BenchError(f"{path}: not JSON lines with a `text` field each") from None
    usable = [
        text
        for text in texts
        if isinstance(text, str) and text.strip() and len(text) <= MAX_TEXT_CHARACTERS
    ]
    if not usable:
        raise BenchError(f"{path}: no usable text")
    return usable


def sample(texts: Sequence[str], size: int = SAMPLE) -> list[str]:
    """The same `size` of these texts every time (all of them, if there are fewer)."""
    source = random.Random(SEED)
    return source.sample(list(texts), min(size, len(texts)))


def deal(texts: Sequence[str], count: int) -> list[str]:
    """`count` texts with the lengths of the whole sample, in an order that is always the same.

    Variants differ in how many entries fill a round. Taking every k-th text by length gives the
    short round of a slow variant the same mix as the long round of a fast one.
    """
    ordered = sorted(texts, key=len)
    dealt = [ordered[(2 * i + 1) * len(ordered) // (2 * count)] for i in range(count)]
    random.Random(SEED).shuffle(dealt)
    return dealt
