"""The shipped models on journal entries written for the purpose (`tests/data`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from worker.classifier.classifier import Classifier
from worker.models.compute import EXACT
from worker.models.folder import SHIPPED_MODEL, ModelFolder

if TYPE_CHECKING:
    from worker.anonymizer.anonymizer import Anonymized, Anonymizer

DATA = Path(__file__).parent.parent / "data"


def read(name: str) -> list[dict[str, Any]]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def in_batches(anonymizer: Anonymizer, texts: list[str]) -> list[Anonymized]:
    return [
        found for i in range(0, len(texts), 32) for found in anonymizer.anonymize(texts[i : i + 32])
    ]


def covered(found: Anonymized) -> set[int]:
    return {i for span in found.spans for i in range(span.start, span.end)}


def test_little_leaks_and_little_is_taken_for_personal(anonymizer: Anonymizer) -> None:
    """An entity is protected if every letter and digit of it is replaced."""
    rows = read("journals_pii.jsonl")
    found = in_batches(anonymizer, [row["text"] for row in rows])
    leaks = entities = 0
    for row, one in zip(rows, found, strict=True):
        hidden = covered(one)
        for span in row["spans"]:
            entities += 1
            leaks += any(
                row["text"][i].isalnum() and i not in hidden
                for i in range(span["start"], span["end"])
            )
    assert entities > 300
    assert leaks / entities <= 0.08
    clean = [one for row, one in zip(rows, found, strict=True) if not row["spans"]]
    assert sum(bool(one.spans) for one in clean) / len(clean) <= 0.10


@pytest.fixture(scope="module")
def shipped() -> Classifier:
    return Classifier.load(ModelFolder.open(SHIPPED_MODEL), EXACT)


def test_labels_are_found_and_evidence_points_at_them(
    anonymizer: Anonymizer, shipped: Classifier
) -> None:
    rows = read("journals_labels.jsonl")
    found = in_batches(anonymizer, [row["text"] for row in rows])
    given = shipped.classify([one.text for one in found])
    right = wrong = missed = hits = 0
    for row, one, item in zip(rows, found, given, strict=True):
        gold, labels = set(row["labels"]), set(item.labels)
        right += len(gold & labels)
        wrong += len(labels - gold)
        missed += len(gold - labels)
        for label, ranges in zip(item.labels, item.evidence, strict=True):
            if label not in gold:
                continue
            mapped = [one.offsets.to_submitted(*r) for r in ranges]
            quotes = [e["quote"] for e in row["evidence"] if e["label"] == label]
            places = [(row["text"].index(q), row["text"].index(q) + len(q)) for q in quotes]
            hits += any(a < d and c < b for a, b in mapped for c, d in places)
    assert 2 * right / (2 * right + wrong + missed) >= 0.75
    assert hits / right >= 0.90
