"""A text that the tagger learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.anonymizer.offsets import Span


@dataclass(frozen=True, slots=True)
class Example:
    """A text and its personal data, in order and disjoint."""

    text: str
    spans: tuple[Span, ...]
