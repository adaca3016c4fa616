"""The check that compares the worker's stages with plainer ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner

from tests.bench.same.__main__ import main
from tests.bench.same.compared import Differences
from worker.anonymizer.anonymizer import Anonymized
from worker.anonymizer.offsets import OffsetMap, Span
from worker.classifier.classifier import Classification

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = (
    "Olumide from Leeds never writes back. He must hate me, and I always ruin everything!",
    "call me on +44 20 7946 0958, i was born on 3 March 1990. So it goes.",
    "It rained, and we stayed in.",
)


def test_the_worker_s_stages_give_what_plainer_ones_give(tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    result = CliRunner().invoke(main, [str(file)], catch_exceptions=False)
    told = json.loads(result.stdout)
    assert told.pop("largest_difference_of_a_score") < 1e-5
    assert told == {
        "texts_of": "texts.jsonl",
        "precision": "fp32",
        "texts": 3,
        "anonymized_differently": 0,
        "other_labels": 0,
        "other_evidence": 0,
    }


def test_every_difference_is_counted_once() -> None:
    text = Anonymized("<PERSON> left.", (Span(0, 3, "PERSON"),), OffsetMap([], []))
    found = Classification((0.5, 0.25), ("A",), (((0, 14),),))
    others = (
        (Anonymized("Ada left.", (), OffsetMap([], [])), found),
        (text, Classification((0.5, 0.75), ("B",), found.evidence)),
        (text, Classification((0.5, 0.25), ("A",), (((0, 8),),))),
        (text, found),
    )
    differences = Differences()
    for other in others:
        differences.add((text, found), other)
    assert differences.as_json() == {
        "texts": 4,
        "anonymized_differently": 1,
        "other_labels": 1,
        "other_evidence": 1,
        "largest_difference_of_a_score": 0.5,
    }
