"""The shipped models in reduced precision: how far their answers may be from those in fp32.

What a machine's arithmetic is changes speed, and scores only within the bounds stated here.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import torch

from worker.anonymizer.anonymizer import Anonymizer
from worker.anonymizer.taggers.bert import BertTagger
from worker.classifier.classifier import Classification, Classifier
from worker.models.compute import Compute
from worker.models.folder import SHIPPED_MODEL, SHIPPED_TAGGER, ModelFolder
from worker.models.precision import Precision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.anonymizer.taggers.tagged_span import TaggedSpan


ROOT = Path(__file__).parents[3]
#: How many texts of each file, evenly spaced; all of those that were written for the tests.
SOURCES = {
    "tests/data/journals_pii.jsonl": 120,
    "tests/data/journals_labels.jsonl": 130,
    "training/data/mental_health_journals.csv": 50,
    "training/data/thoughts.jsonl": 40,
    "training/data/entries.jsonl": 30,
    "training/data/everyday.jsonl": 30,
    "training/data/letters.jsonl": 15,
}
#: Without kernels for a precision torch takes a minute of CPU time for the shortest 300 texts, and
#: several times as long for all of them: there only these are tried.
FEW = 300
pytestmark = pytest.mark.timeout(600)


class Bound(NamedTuple):
    """How far a precision may be from fp32, over all texts.

    Attributes:
        same_spans: least share of texts with the same ranges of the same types.
        span_score: largest difference of a range's score.
        same_labels: least share of texts with the same labels. It is lower than that of spans:
            eleven scores stand near their thresholds more often than a name does.
        label_score: largest difference of a label's score.
    """

    same_spans: float
    span_score: float
    same_labels: float
    label_score: float


BOUNDS = {
    Precision.BF16: Bound(same_spans=0.99, span_score=0.04, same_labels=0.98, label_score=0.025),
    Precision.FP16: Bound(same_spans=0.99, span_score=0.01, same_labels=0.99, label_score=0.005),
}


class Answers(NamedTuple):
    """What both models say of the texts, and the same models to ask more."""

    spans: list[list[TaggedSpan]]
    classified: list[Classification]
    tagger: BertTagger


def read(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream) if path.suffix == ".csv" else map(json.loads, stream)
        return [row["text"] for row in rows]


def has_kernels(precision: Precision) -> bool:
    if precision is Precision.BF16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_fp16_supported())


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Other tests leave torch with more threads, which wait for one another on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    chosen = []
    for name, count in SOURCES.items():
        found = read(ROOT / name)
        chosen += found[:: len(found) // count][:count]
    assert len(chosen) == sum(SOURCES.values())
    return sorted(chosen, key=len)


def answers(texts: list[str], precision: Precision) -> Answers:
    compute = Compute("cpu", precision)
    tagger = BertTagger.load(SHIPPED_TAGGER, compute)
    classifier = Classifier.load(ModelFolder.open(SHIPPED_MODEL), compute)
    assert tagger.precision is classifier.precision is precision
    return Answers(tagger.tag(texts), classifier.classify(texts), tagger)


@pytest.fixture(scope="module")
def exact(texts: list[str]) -> Answers:
    return answers(texts, Precision.FP32)


@pytest.fixture(scope="module", params=BOUNDS)
def reduced(request: pytest.FixtureRequest, texts: list[str]) -> tuple[Precision, Answers]:
    precision: Precision = request.param
    return precision, answers(texts if has_kernels(precision) else texts[:FEW], precision)


def test_the_same_ranges_are_personal_data_of_the_same_types(
    exact: Answers, reduced: tuple[Precision, Answers]
) -> None:
    precision, found = reduced
    same = 0
    differences = [0.0]
    for hits, expected in zip(found.spans, exact.spans, strict=False):
        scores = {(hit.start, hit.end, hit.type): hit.score for hit in expected}
        ours = {(hit.start, hit.end, hit.type): hit.score for hit in hits}
        same += ours.keys() == scores.keys()
        differences += [abs(ours[key] - scores[key]) for key in ours.keys() & scores.keys()]
    assert same / len(found.spans) >= BOUNDS[precision].same_spans
    assert max(differences) <= BOUNDS[precision].span_score


def test_the_same_labels_are_given(exact: Answers, reduced: tuple[Precision, Answers]) -> None:
    precision, found = reduced
    pairs = list(zip(found.classified, exact.classified, strict=False))
    same = sum(set(one.labels) == set(other.labels) for one, other in pairs)
    assert same / len(pairs) >= BOUNDS[precision].same_labels
    differences = [
        abs(a - b) for one, other in pairs for a, b in zip(one.scores, other.scores, strict=True)
    ]
    assert max(differences) <= BOUNDS[precision].label_score


def test_numbered_placeholders_tell_who_did_what(reduced: tuple[Precision, Answers]) -> None:
    """By itself the first Olumide is a person or a place by a hair; the second is a person."""
    anonymizer = Anonymizer.around(reduced[1].tagger, numbered=True)
    (found,) = anonymizer.anonymize(["Priya hit Olumide, so Olumide left Priya in Lisbon."])
    assert found.text == "<PERSON_1> hit <PERSON_2>, so <PERSON_2> left <PERSON_1> in <LOCATION_1>."
