"""Words beside a name that belong to it: titles, ages, the rest of an organization's name."""

from __future__ import annotations

import itertools

import pytest

from worker.anonymizer.name_context import with_neighbours
from worker.anonymizer.offsets import Span


def extended(text: str, found: str, entity_type: str = "PERSON") -> list[tuple[str, str]]:
    start = text.index(found)
    spans = with_neighbours(text, [Span(start, start + len(found), entity_type)])
    return [(text[span.start : span.end], span.type) for span in spans]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("saw Dr. Okafor today", "Okafor", "Dr. Okafor"),
        ("then AUNT ILKA rang", "ILKA", "AUNT ILKA"),
        ("asked prof. dr. lund again", "lund", "prof. dr. lund"),
        ("my uncle Fitz says", "Fitz", "Fitz"),  # who it is to the writer may matter
        ("my brother Sam", "Sam", "Sam"),
        ("the doctor. Sam came", "Sam", "doctor. Sam"),  # rather too much than too little
        ("a tall Sam", "Sam", "Sam"),
        ("then Big Al sang", "Al", "Big Al"),
        ("Old Tom died", "Tom", "Old Tom"),
        ("too big Al", "Al", "Al"),
        ("met Al's yard boss", "Al", "Al"),
        ("called Ilka Brandt II, once", "Ilka Brandt", "Ilka Brandt II"),
        ("for Ola Lund, DDS", "Ola Lund", "Ola Lund, DDS"),
        ("Ola Lund drove", "Ola Lund", "Ola Lund"),
    ],
)
def test_a_title_belongs_to_its_name(text: str, name: str, expected: str) -> None:
    assert extended(text, name) == [(expected, "PERSON")]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("on the list for Corder's Yard, at last", "Corder's Yard"),
        ("past Corder\u2019s Old Mill", "Corder\u2019s Old Mill"),
    ],
)
def test_a_name_can_make_a_place(text: str, place: str) -> None:
    assert extended(text, "Corder") == [(place, "LOCATION")]


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("Otis (8) laughed", "8"),
        ("Caleb, 29, beekeeper", "29"),
        ("Mia is only 6.", "6"),
        ("Ana turned 31 in May", "31"),
        ("Mina, four and a half, asked", "four and a half"),
        ("Ravi (eleven) laughed", "eleven"),
        ("Sione is also twelve so what", "twelve"),
    ],
)
def test_an_age_behind_a_name_is_found(text: str, age: str) -> None:
    name = text.split(",", maxsplit=1)[0].split(" ", maxsplit=1)[0]
    assert extended(text, name) == [(name, "PERSON"), (age, "AGE")]


@pytest.mark.parametrize(
    "text", ["Ana was 20 minutes late", "Ana is 100% sure", "Ana turned 3 pages", "Ana's 3 cats"]
)
def test_a_number_behind_a_name_that_counts_something_is_no_age(text: str) -> None:
    assert extended(text, "Ana") == [("Ana", "PERSON")]


@pytest.mark.parametrize(
    ("text", "found", "entity_type", "expected"),
    [
        ("at St. Brendan's now", "Brendan's", "ORGANIZATION", "St. Brendan's"),
        ("at Tallow Street Bakery now", "Tallow", "LOCATION", "Tallow Street Bakery"),
        ("onions from Tallow's and a stamp", "Tallow", "PERSON", "Tallow's"),
        ("At Tallow Coaches a man", "Tallow", "PERSON", "Tallow Coaches"),
        ("Marlow & Tallow Motors rang", "Marlow", "PERSON", "Marlow & Tallow Motors"),
        (
            "at Tallow College of Art once",
            "Tallow College",
            "ORGANIZATION",
            "Tallow College of Art",
        ),
        (
            "at Tallow Carpet Works for years",
            "Tallow Carpet",
            "ORGANIZATION",
            "Tallow Carpet Works",
        ),
        ("the Tallow School of the Deaf", "Tallow", "PERSON", "Tallow School of the Deaf"),
        (
            "from Marlowe & Sons Funeral Directors",
            "Marlowe",
            "PERSON",
            "Marlowe & Sons Funeral Directors",
        ),
    ],
)
def test_an_organization_is_extended_to_its_whole_name(
    text: str, found: str, entity_type: str, expected: str
) -> None:
    ((whole, _),) = extended(text, found, entity_type)
    assert whole == expected


def test_neighbours_never_overlap() -> None:
    text = "Dr Anna Dr Ben (4), Lee, 29, St. Ives Primary School"
    spans = [
        Span(text.index(name), text.index(name) + len(name), entity_type)
        for name, entity_type in (
            ("Anna", "PERSON"),
            ("Ben", "PERSON"),
            ("Lee", "PERSON"),
            ("Ives", "LOCATION"),
        )
    ]
    found = with_neighbours(text, spans)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert {span.type for span in found} == {"PERSON", "AGE", "ORGANIZATION"}


@pytest.mark.parametrize(
    "text", ["we stayed at Anna's and slept", "with Tallow's and mine", "at Tallow's house again"]
)
def test_where_a_person_lives_is_no_shop(text: str) -> None:
    name = "Anna" if "Anna" in text else "Tallow"
    assert extended(text, name) == [(name, "PERSON")]
