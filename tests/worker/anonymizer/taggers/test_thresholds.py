"""The least scores of entity types."""

from __future__ import annotations

from worker.anonymizer.taggers.thresholds import FLOORS, OTHER_FLOOR, floor


def test_the_floors_of_types_move_with_the_threshold() -> None:
    floors = {
        threshold: [floor(name, threshold, 0.4) for name in ("PERSON", "ORGANIZATION", "AGE")]
        for threshold in (0.2, 0.4, 0.9)
    }
    assert floors[0.4] == [0.0, FLOORS["ORGANIZATION"], OTHER_FLOOR]
    assert floors[0.2][1:] < floors[0.4][1:] < floors[0.9][1:]
    assert [found[0] for found in floors.values()] == [0.0, 0.0, 0.0]
    assert max(floors[0.9]) < 1.0
