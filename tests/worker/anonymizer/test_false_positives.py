"""What the tagger cannot have found, and what belongs to a name beside it."""

from __future__ import annotations

import itertools
import time

import pytest

from worker.anonymizer.false_positives import plausible
from worker.anonymizer.name_context import with_neighbours
from worker.anonymizer.offsets import Span
from worker.anonymizer.taggers.tagged_span import TaggedSpan


def tagged(text: str, found: str, kind: str, score: float = 0.9) -> TaggedSpan:
    start = text.index(found)
    return TaggedSpan(start, start + len(found), kind, score)


@pytest.mark.parametrize(
    ("text", "found", "kind"),
    [
        ("bp was 138/86 today", "138/86", "ID"),
        ("ahead 3 to 12 at half time", "12", "ID"),
        ("mood maybe 4/10", "4/10", "DATE_TIME"),
        ("took 400 before bed", "400", "CONTACT"),
        ("i like him", "like", "CONTACT"),
        ("my mami rang", "mami", "PERSON"),
        ("Gabapentin again", "Gabapentin", "PERSON"),
        ("disc L5 hurts", "L5", "LOCATION"),
        ("Jack of all trades", "Jack", "PERSON"),
        ("For Pete's sake", "Pete", "PERSON"),
        ("i was frank with her", "frank", "PERSON"),
        ("thank God for that", "God", "PERSON"),
        ("music of the 80's again", "80", "AGE"),
        ("friends for almost 25 years", "25", "AGE"),
        ("until 8PM today", "8PM", "LOCATION"),
        ("over 40,000 acres", "40", "LOCATION"),
    ],
)
def test_what_cannot_be_personal_stays(text: str, found: str, kind: str) -> None:
    assert plausible(text, [tagged(text, found, kind)]) == []


@pytest.mark.parametrize(
    ("text", "found", "kind"),
    [
        ("file 24-FL-11830 came", "24", "ID"),
        ("born 03/14/89", "03/14/89", "DATE_TIME"),
        ("on the ninth of november", "ninth of november", "DATE_TIME"),
        ("write to luna.writes there", "luna.writes", "CONTACT"),
        ("a neighbour of 29401 too", "29401", "LOCATION"),
        ("Jack rang", "Jack", "PERSON"),
        ("Frank was there", "Frank", "PERSON"),
        ("met K. again", "K", "PERSON"),
        ("jack rang at nine", "jack", "PERSON"),
    ],
)
def test_what_may_be_personal_goes(text: str, found: str, kind: str) -> None:
    hit = tagged(text, found, kind, score=0.98)
    assert plausible(text, [hit]) == [hit]


def test_a_short_figure_beside_another_finding_goes() -> None:
    text = "lives at Asselsestraat 7 since"
    hits = [tagged(text, "Asselsestraat", "LOCATION"), tagged(text, "7", "ORGANIZATION")]
    assert plausible(text, hits) == hits


def grown(text: str, found: str, kind: str = "PERSON") -> list[tuple[str, str]]:
    start = text.index(found)
    spans = with_neighbours(text, [Span(start, start + len(found), kind)])
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
    ],
)
def test_a_title_goes_with_its_name(text: str, name: str, expected: str) -> None:
    assert grown(text, name) == [(expected, "PERSON")]


@pytest.mark.parametrize(
    ("text", "age"), [("Otis (8) laughed", "8"), ("Caleb, 29, beekeeper", "29")]
)
def test_an_age_behind_a_name_goes(text: str, age: str) -> None:
    name = text.split(",", maxsplit=1)[0].split(" ", maxsplit=1)[0]
    assert grown(text, name) == [(name, "PERSON"), (age, "AGE")]


@pytest.mark.parametrize(
    ("text", "found", "kind", "expected"),
    [
        ("at St. Brendan's now", "Brendan's", "ORGANIZATION", "St. Brendan's"),
        ("at Tallow Street Bakery now", "Tallow", "LOCATION", "Tallow Street Bakery"),
        ("from Marlowe & Sons Funeral Directors", "Marlowe", "PERSON",
         "Marlowe & Sons Funeral Directors"),
    ],
)  # fmt: skip
def test_an_organisation_goes_whole(text: str, found: str, kind: str, expected: str) -> None:
    ((whole, _),) = grown(text, found, kind)
    assert whole == expected


def test_neighbours_never_overlap() -> None:
    text = "Dr Anna Dr Ben (4), Lee, 29, St. Ives Primary School"
    spans = [
        Span(text.index(name), text.index(name) + len(name), kind)
        for name, kind in (
            ("Anna", "PERSON"), ("Ben", "PERSON"), ("Lee", "PERSON"), ("Ives", "LOCATION"),
        )
    ]  # fmt: skip
    found = with_neighbours(text, spans)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert {span.type for span in found} == {"PERSON", "AGE", "ORGANIZATION"}


def test_thousands_of_findings_without_white_space_take_no_seconds() -> None:
    text = "anna." * 10_000
    hits = [TaggedSpan(i, i + 4, "PERSON", 0.9) for i in range(0, len(text), 5)]
    started = time.process_time()
    assert plausible(text, hits) == hits
    assert time.process_time() - started < 3.0
