"""How words that a tagger found become names."""

from __future__ import annotations

import re

import pytest

from worker.anonymizer.taggers.tagged_span import TaggedSpan, aggregate


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("I saw Anna. Bob was late.", ["Anna", "Bob"]),
        ("i saw anna.bob was late.", ["anna", "bob"]),
        ("Dear Anna\nBob was late.", ["Anna", "Bob"]),
        ("J. R. Smith came", ["J. R. Smith"]),
        ("Dr. Anna Smith came", ["Dr. Anna Smith"]),
        ("Ann-Marie O'Neil came", ["Ann-Marie O'Neil"]),
    ],
)
def test_two_people_stay_two_across_the_end_of_a_sentence(text: str, parts: list[str]) -> None:
    inside = {i for part in parts for i in range(text.index(part), text.index(part) + len(part))}
    hits = [
        TaggedSpan(m.start(), m.end(), "PERSON", 0.9)
        for m in re.finditer(r"\w+|[^\w\s]", text)
        if m.start() in inside and m[0].isalnum()
    ]
    assert [text[h.start : h.end] for h in aggregate(text, hits)] == parts


def spans(text: str, *words: tuple[str, str, float]) -> list[TaggedSpan]:
    """Words of a text in order, each with its type and score."""
    found: list[TaggedSpan] = []
    for word, entity_type, score in words:
        start = text.index(word, found[-1].end if found else 0)
        found.append(TaggedSpan(start, start + len(word), entity_type, score))
    return found


def test_words_of_one_name_are_aggregated_and_its_edges_trimmed() -> None:
    text = "'Ann-Marie O'Neil', Bo"
    words = ("'Ann", "Marie", "O", "Neil'", "Bo")
    hits = spans(text, *((word, "PERSON", 0.9) for word in words))
    assert [text[h.start : h.end] for h in aggregate(text, hits)] == ["Ann-Marie O'Neil", "Bo"]


def test_mentions_of_a_name_have_the_type_of_the_best_score() -> None:
    text = "Ravi called Ghent. ravi is 9; Ravi left RAVI in Ghent."
    hits = spans(
        text,
        ("Ravi", "LOCATION", 0.4),
        ("Ghent", "LOCATION", 0.9),
        ("ravi", "PERSON", 0.9),
        ("9", "AGE", 0.99),
        ("Ravi", "ORGANIZATION", 0.7),
        ("RAVI", "PERSON", 0.5),
        ("Ghent", "PERSON", 0.5),
    )
    types = [hit.type for hit in aggregate(text, hits)]
    assert types == ["PERSON", "LOCATION", "PERSON", "AGE", "PERSON", "PERSON", "LOCATION"]


def test_parts_of_figures_are_no_ages() -> None:
    text = "7:55 and 5.50 at 8pm for $65"
    figures = (("55", "AGE"), ("5.", "ID"), ("8pm", "AGE"), ("65", "AGE"))
    hits = spans(text, *((word, entity_type, 0.99) for word, entity_type in figures))
    assert aggregate(text, hits) == []


@pytest.mark.parametrize(
    ("text", "words", "name"),
    [
        ("at Medplus and it was shut", "Medplus and", "Medplus"),
        ("Kerrigan & Sons, who rang", "Kerrigan & Sons, who", "Kerrigan & Sons"),
        ("Salt and Sea was full", "Salt and Sea", "Salt and Sea"),
        ("and then", "and", "and"),
    ],
)
def test_a_name_ends_with_none_of_the_words_that_follow_names(
    text: str, words: str, name: str
) -> None:
    end = text.index(words) + len(words)
    (found,) = aggregate(text, [TaggedSpan(text.index(words), end, "ORGANIZATION", 0.9)])
    assert text[found.start : found.end] == name
