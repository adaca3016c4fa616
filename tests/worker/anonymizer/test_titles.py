"""Titles of works, which stay, and people and places that have the same names."""

from __future__ import annotations

import pytest

from worker.anonymizer.false_positives import drop_false_positives
from worker.anonymizer.taggers.tagged_span import TaggedSpan
from worker.anonymizer.titles import is_in_title, titles


def in_title(text: str, name: str) -> bool:
    start = text.index(name)
    return is_in_title(text, start, start + len(name))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Forty pages of Middlemarch and then bed", "Middlemarch"),
        ("reading Crime and Punishment on the bus", "Punishment"),
        ("The Great Gatsby for book club", "The Great Gatsby"),
        ("finished norwegian wood", "norwegian"),
        ("Howl\u2019s Moving Castle with the children", "Howl"),
        ("Watched Casablanca again.", "Casablanca"),
        ("an episode of Vera and a biscuit", "Vera"),
        ("pages of Emma", "Emma"),
        ("sang 'Jerusalem' at the end", "Jerusalem"),
        ("Rebecca, the film, scared me", "Rebecca"),
        ("the film Casablanca on a loop", "Casablanca"),
        ("For Noche Buena we make it with bibingka", "Noche Buena"),
        ("Caught her with ouchi gari twice", "ouchi gari"),
        ("Pruned the Madame Hardy and sat down", "Madame Hardy"),
        ("the Tisha B'Av fast", "Tisha"),
    ],
)
def test_a_title_is_nobodys_name(text: str, name: str) -> None:
    assert in_title(text, name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("We flew to Casablanca.", "Casablanca"),
        ("Emma read to me.", "Emma"),
        ("watched Emma play the cello", "Emma"),
        ("sat with Emma by the window", "Emma"),
        ("met Emma at the cinema", "Emma"),
        ("Emma's book was on the table", "Emma"),
        ("read two pages to Emma", "Emma"),
        ("the film Emma chose was long", "Emma"),
        ("a recording from Emma", "Emma"),
        ("saw Emma on stage", "Emma"),
        ("Vera came on Sunday", "Vera"),
        ("my cat Encanto sat on me", "Encanto"),
        ("Encanto texted twice", "Encanto"),
        ("Middlemarches", "Middlemarch"),
        ("the Great Gatsby Cafe", "Great Gatsby Cafe"),
        ("Punishment Ltd and crime and", "Punishment"),
    ],
)
def test_somebody_or_somewhere_is_no_title(text: str, name: str) -> None:
    assert not in_title(text, name)


def test_strictly_every_name_goes() -> None:
    text = "Forty pages of Middlemarch."
    spans = [TaggedSpan(15, 26, "ORGANIZATION", 0.99)]
    assert drop_false_positives(text, spans) == []
    assert drop_false_positives(text, spans, strict=True) == spans


def test_a_part_of_a_title_is_dropped_beside_its_other_parts() -> None:
    text = "Played Clair de Lune until two."
    spans = [TaggedSpan(7, 12, "PERSON", 0.9), TaggedSpan(16, 20, "LOCATION", 0.9)]
    assert drop_false_positives(text, spans) == []


def test_the_list_is_in_lower_case_and_without_articles() -> None:
    listed = [title.title for same in titles().values() for title in same]
    assert len(listed) == len(set(listed)) > 3_000
    for title in listed:
        assert title == title.lower() == " ".join(title.split())
        assert not title.startswith("the ")
