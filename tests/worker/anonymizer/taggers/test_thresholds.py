"""The least scores of entity types."""

from __future__ import annotations

from worker.anonymizer.taggers.thresholds import (
    FLOORS,
    OTHER_FLOOR,
    floor,
    share_of_threshold,
)
from worker.anonymizer.taggers.words import token_type


def test_the_floors_of_types_move_with_the_threshold() -> None:
    floors = {
        threshold: [floor(name, threshold, 0.4) for name in ("PERSON", "ORGANIZATION", "ID")]
        for threshold in (0.2, 0.4, 0.9)
    }
    assert floors[0.4] == [0.0, FLOORS["ORGANIZATION"], OTHER_FLOOR]
    assert floors[0.2][1:] < floors[0.4][1:] < floors[0.9][1:]
    assert [found[0] for found in floors.values()] == [0.0, 0.0, 0.0]
    assert max(floors[0.9]) < 1.0


def test_a_word_must_be_the_surer_the_less_its_capital_tells() -> None:
    """Least for a known name, more for another capital, most for an ordinary word."""
    name, other = token_type("Jessica"), token_type("Tarnik")
    ordinary = token_type("Bank")
    inside = [share_of_threshold(kind, first=False) for kind in (name, other, ordinary)]
    first = [share_of_threshold(kind, first=True) for kind in (name, other, ordinary)]
    assert inside[0] < inside[1] == inside[2] < 1.0
    assert inside[0] < first[0] == first[1] < first[2]
    assert first[2] >= 1.0
    assert share_of_threshold(token_type("bank"), first=False) >= 1.0
    assert share_of_threshold(token_type("BANK"), first=False) < 1.0
