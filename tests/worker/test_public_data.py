"""On real journal entries: the anonymizer leaves everyday words, the classifier takes any length."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests import needs

if TYPE_CHECKING:
    from worker.anonymizer.anonymizer import Anonymizer

pytestmark = pytest.mark.data


def texts(name: str, most: int) -> list[str]:
    """Texts of a public data set."""
    with (needs.data_folder() / name).open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for _, line in zip(range(most), lines, strict=False)]


def test_few_entries_without_personal_data_are_altered(anonymizer: Anonymizer) -> None:
    entries = texts("neutral/lemotif_journal_dev.jsonl", 300)
    anonymized = anonymizer.anonymize(entries)
    altered = sum(item.text != text for item, text in zip(anonymized, entries, strict=True))
    # Presidio's default with this spaCy model alters 60% of these, mostly for "today".
    assert altered / len(entries) < 0.25


def test_long_real_questions_keep_every_character_outside_spans(anonymizer: Anonymizer) -> None:
    entries = texts("neutral/counselchat_questions.jsonl", 100)
    for item, text in zip(anonymizer.anonymize(entries), entries, strict=True):
        position = len(item.text)
        assert item.offsets.to_submitted(0, position) == (0, len(text))
