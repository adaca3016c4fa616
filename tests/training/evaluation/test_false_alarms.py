"""False alarms by length and by kind."""

from __future__ import annotations

import numpy as np

from training.entries.record import Record
from training.entries.styles import REFRAME, kinds
from training.evaluation.false_alarms import described, false_alarms


def test_only_entries_known_to_be_plain_count() -> None:
    texts = ["soup", "rain", "word " * 70, "a label"]
    plain, given = np.array([True, True, True, False]), np.array([True, False, False, True])
    found = false_alarms(texts, ["list", "ordinary", "ordinary", "ordinary"], plain, given)
    assert found == {
        "by_length": {
            "up to 20 words": {"entries": 2, "labelled": 0.5},
            "up to 150 words": {"entries": 1, "labelled": 0.0},
        },
        "by_kind": {
            "list": {"entries": 1, "labelled": 1.0},
            "ordinary": {"entries": 2, "labelled": 0.0},
        },
    }
    assert described(found)[0] == "| up to 20 words | 2 | 50.0% |"


def test_a_reframe_is_a_kind_of_its_own() -> None:
    records = [
        Record("They hate me.", ("Alpha",), group="a:1"),
        Record("They were tired.", (), group="a:1"),
        Record("Soup.", (), group="a:2"),
    ]
    assert kinds(records) == ["ordinary", REFRAME, "ordinary"]
