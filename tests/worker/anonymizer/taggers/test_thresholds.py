"""The least scores of entity types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from worker.anonymizer.taggers.thresholds import (
    FLOORS,
    OTHER_FLOOR,
    floor,
    share_of_threshold,
)
from worker.anonymizer.taggers.words import token_type

if TYPE_CHECKING:
    from worker.anonymizer.anonymizer import Anonymizer


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


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("He walked up from the coast at seventeen and never said he was scared.", "seventeen"),
        ("My counsellor is a bald man of fifty-five with a bad back.", "fifty-five"),
        ("Drove with my cousin, who is all of twenty-nine, told me to rest.", "twenty-nine"),
        ("I weighed forty-one kilos, page seventeen, row fifty-five.", None),
    ],
)
def test_the_tagger_tells_ages_that_no_pattern_words(
    anonymizer: Anonymizer, text: str, age: str | None
) -> None:
    (found,) = anonymizer.anonymize([text])
    assert [text[one.start : one.end] for one in found.spans] == ([age] if age else [])
