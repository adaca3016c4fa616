"""Which of a tagger's likely words are taken for personal data."""

from __future__ import annotations

import pytest

from worker.anonymizer.taggers.decisions import Candidate, begins_sentence, decide
from worker.anonymizer.taggers.tagged_span import TaggedSpan
from worker.anonymizer.taggers.words import token_type

USUAL = 0.4


def decided(text: str, scores: dict[str, float], kind: str = "PERSON", **options: float) -> str:
    """The words that are taken, given the score of each; other words are not likely."""
    candidates, at = [], 0
    for word, score in scores.items():
        at = text.index(word, at)
        candidates.append(Candidate(TaggedSpan(at, at + len(word), kind, score), token_type(word)))
    found = decide(text, candidates, options.get("threshold", USUAL), USUAL, cased=True)
    return " ".join(text[span.start : span.end] for span in found)


@pytest.mark.parametrize(
    ("text", "scores", "expected"),
    [
        ("so Tarnika came", {"Tarnika": 0.3}, "Tarnika"),
        ("so tarnika came", {"tarnika": 0.3}, ""),
        ("Bank said no.", {"Bank": 0.3}, ""),
        ("It rained. Bank said no.", {"Bank": 0.3}, ""),
        ("the Bank said no.", {"Bank": 0.3}, "Bank"),
        ("Jessica said no.", {"Jessica": 0.3}, "Jessica"),
        ("Bank said no.", {"Bank": 0.5}, "Bank"),
    ],
)
def test_a_capital_counts_where_it_tells_something(
    text: str, scores: dict[str, float], expected: str
) -> None:
    assert decided(text, scores) == expected


@pytest.mark.parametrize(
    ("text", "scores", "expected"),
    [
        ("saw Jessica Short there", {"Jessica": 0.9, "Short": 0.15}, "Jessica Short"),
        ("saw jessica qualber there", {"jessica": 0.9, "qualber": 0.15}, "jessica qualber"),
        ("saw jessica short there", {"jessica": 0.9, "short": 0.15}, "jessica"),
        ("saw Jessica, Short there", {"Jessica": 0.9, "Short": 0.15}, "Jessica"),
        ("saw Jessica and Short", {"Jessica": 0.9, "Short": 0.15}, "Jessica"),
        (
            "saw Jessica Short Brand",
            {"Jessica": 0.9, "Short": 0.2, "Brand": 0.2},
            "Jessica Short Brand",
        ),
        ("saw Ola Short Brand", {"Ola": 0.2, "Short": 0.2, "Brand": 0.9}, "Ola Short Brand"),
        ("Poor Jessica wept", {"Poor": 0.2, "Jessica": 0.9}, "Jessica"),
        ("saw Jessica 44 there", {"Jessica": 0.9, "44": 0.2}, "Jessica"),
    ],
)
def test_a_name_takes_in_what_stands_beside_it(
    text: str, scores: dict[str, float], expected: str
) -> None:
    assert decided(text, scores) == expected


def test_what_is_taken_in_has_the_type_of_the_name() -> None:
    text = "at Clean Power"
    candidates = [
        Candidate(TaggedSpan(3, 8, "PERSON", 0.12), token_type("Clean")),
        Candidate(TaggedSpan(9, 14, "ORGANIZATION", 0.9), token_type("Power")),
    ]
    found = decide(text, candidates, USUAL, USUAL, cased=True)
    assert [(span.start, span.type) for span in found] == [
        (3, "ORGANIZATION"),
        (9, "ORGANIZATION"),
    ]


def test_other_types_take_in_nothing() -> None:
    assert decided("it is 44 Brand", {"44": 0.99, "Brand": 0.2}, "AGE") == "44"


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("Wind took it.", "Wind", True),
        ("Gone. Wind took it.", "Wind", True),
        ("gone!\n\n- Wind", "Wind", True),
        ('he said: "Gone." Wind took it', "Wind", True),
        ("the Wind", "Wind", False),
        ("gone, Wind", "Wind", False),
    ],
)
def test_the_first_word_of_a_sentence_is_told(text: str, word: str, expected: bool) -> None:
    assert begins_sentence(text, text.index(word)) is expected
