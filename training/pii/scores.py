"""How much personal data an anonymizer lets pass, and how much else it takes.

An entity counts as protected only if every letter and digit of it is covered, whatever the type
given. Over-redaction is counted in letters and digits outside all entities.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from worker.anonymizer.offsets import Span


@dataclass(slots=True)
class PiiScores:
    """Counts over a set of texts.

    Attributes:
        texts: how many.
        entities, leaked: by type.
        characters, characters_leaked: letters and digits of entities.
        documents, documents_leaked: texts with an entity, and with one that leaked.
        clean, clean_altered: texts without an entity, and those of them that were changed.
        outside, outside_redacted: characters outside of entities, and letters and digits redacted.
    """

    texts: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    leaked: Counter[str] = field(default_factory=Counter)
    characters: int = 0
    characters_leaked: int = 0
    documents: int = 0
    documents_leaked: int = 0
    clean: int = 0
    clean_altered: int = 0
    outside: int = 0
    outside_redacted: int = 0

    def add(self, text: str, gold: Sequence[Span], found: Sequence[Span]) -> None:
        """Count one text."""
        covered, wanted = _mask(text, found), _mask(text, gold)
        leaks = 0
        for span in gold:
            missed = 0
            for at in range(span.start, span.end):
                if text[at].isalnum():
                    self.characters += 1
                    missed += not covered[at]
            self.characters_leaked += missed
            self.entities[span.type] += 1
            self.leaked[span.type] += bool(missed)
            leaks += bool(missed)
        extra = sum(
            1 for at, c in enumerate(text) if covered[at] and not wanted[at] and c.isalnum()
        )
        self.texts += 1
        self.documents += bool(gold)
        self.documents_leaked += bool(leaks)
        self.clean += not gold
        self.clean_altered += not gold and bool(extra)
        self.outside += len(text) - sum(wanted)
        self.outside_redacted += extra

    @property
    def leak_rate(self) -> float | None:
        """The share of entities that leaked; None without any."""
        return _ratio(self.leaked.total(), self.entities.total())

    @property
    def over_redaction(self) -> float | None:
        """Characters redacted outside entities, per 1,000 characters outside entities."""
        rate = _ratio(self.outside_redacted, self.outside)
        return None if rate is None else 1000 * rate

    def to_json(self) -> dict[str, Any]:
        """Rates between 0 and 1 (over-redaction per 1,000 characters), rounded."""
        rates = {
            "leak": self.leak_rate,
            "characters_leak": _ratio(self.characters_leaked, self.characters),
            "documents_leak": _ratio(self.documents_leaked, self.documents),
            "over_redaction_per_1000": self.over_redaction,
            "clean_altered": _ratio(self.clean_altered, self.clean),
        }
        return {
            "texts": self.texts,
            "entities": self.entities.total(),
            **{name: None if r is None else round(r, 4) for name, r in rates.items()},
            "types": {
                kind: {"entities": count, "leak": round(self.leaked[kind] / count, 4)}
                for kind, count in self.entities.most_common()
            },
        }


def score(
    rows: Iterable[tuple[str, Sequence[Span], Sequence[Span]]], *, skip: frozenset[str]
) -> PiiScores:
    """Score texts with their true and their found spans.

    Args:
        rows: text, true spans, found spans.
        skip: types that need not be found; finding them is no over-redaction either.
    """
    scores = PiiScores()
    for text, gold, found in rows:
        skipped = [span for span in gold if span.type in skip]
        wanted = [span for span in gold if span.type not in skip]
        if skipped:
            hidden = _mask(text, skipped)
            text = "".join(" " if h else c for c, h in zip(text, hidden, strict=True))  # noqa: PLW2901
        scores.add(text, wanted, found)
    return scores


def _mask(text: str, spans: Iterable[Span]) -> bytearray:
    mask = bytearray(len(text))
    for span in spans:
        end = min(span.end, len(text))
        mask[span.start : end] = b"\1" * max(0, end - span.start)
    return mask


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
