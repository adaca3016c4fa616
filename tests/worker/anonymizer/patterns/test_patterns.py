"""Personal data that has a form, and what only looks like it; without the tagger."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from worker.anonymizer.anonymizer import Anonymizer


@pytest.mark.parametrize(
    ("text", "what", "entity_type"),
    [
        ("I'm 34 and tired.", "34", "AGE"),
        ("my 7-year-old cried", "7-year-old", "AGE"),
        ("I am forty-one.", "forty-one", "AGE"),
        ("she turned thirty and pretended", "thirty", "AGE"),
        ("He's six. So was I.", "six", "AGE"),
        ("she is 91 and well", "91", "AGE"),
        ("my dob is 3/4/90, ok", "3/4/90", "DATE_TIME"),
        (
            "on the ninth of november nineteen seventy one",
            "ninth of november nineteen seventy one",
            "DATE_TIME",
        ),
        ("username widow_at_41, which", "widow_at_41", "HANDLE"),
        ("my insta is moonchild.x now", "moonchild.x", "HANDLE"),
        ("times are on some-club.run/results now", "some-club.run/results", "URL"),
        ("my id is 4521 there", "4521", "ID"),
        ("policy no. 8812 again", "8812", "ID"),
        ("the card ending in 4532", "4532", "ID"),
        ("case KX-4471 again", "KX-4471", "ID"),
        ("I'll turn 52 soon", "52", "AGE"),
        ("Help (28F) here", "28F", "AGE"),
        ("it was her 40th birthday", "40th", "AGE"),
        ("he is 61 years old", "61 years old", "AGE"),
        ("find me @quiet_otter99 there", "@quiet_otter99", "HANDLE"),
        ("i am u/some-otter on there", "u/some-otter", "HANDLE"),
        (
            "We live at 14 Willow Creek Road, Apt 3B now.",
            "14 Willow Creek Road, Apt 3B",
            "LOCATION",
        ),
        ("221b Mosswood Lane is home", "221b Mosswood Lane", "LOCATION"),
        ("the postcode is SW1A 2AA there", "SW1A 2AA", "LOCATION"),
        ("Springfield, IL 62704 again", "IL 62704", "LOCATION"),
        ("my zip code is 90210", "90210", "LOCATION"),
        ("Record number: MRN-4471093 on the form", "MRN-4471093", "ID"),
        ("my insurance id is AB 123 4567.", "AB 123 4567", "ID"),
        ("passport X1234567 is lost", "X1234567", "ID"),
        ("NI number QQ 12 34 56 C", "QQ 12 34 56 C", "ID"),
        ("we met in 2004 in the rain", "2004", "DATE_TIME"),
        ("born 03/07/1988", "03/07/1988", "DATE_TIME"),
        ("on may 3rd it began", "may 3rd", "DATE_TIME"),
        ("see www.example.org/a, then rest", "www.example.org/a", "URL"),
        ("write to jo (at) example (dot) org", "jo (at) example (dot) org", "EMAIL_ADDRESS"),
    ],
)
def test_what_has_a_form_is_found(
    patterns_alone: Anonymizer, text: str, what: str, entity_type: str
) -> None:
    (found,) = patterns_alone.anonymize([text])
    assert [(text[s.start : s.end], s.type) for s in found.spans] == [(what, entity_type)]


@pytest.mark.parametrize(
    "text",
    [
        "I'm 5 minutes late and 20 pounds lighter.",
        "I may 3 times a week forget it, and march 2 miles.",
        "Version 1.2.3.4 broke everything.",
        "A 5 minute drive, 2 way street, 10 min walk.",
        "I got 7:55 and then 8:45, 5.50 each, $1.65 a quart.",
        "We are 6 people in 3 rooms, on page 112.",
        "Took 50 mg, then 100 mg, case closed, file under never.",
        "I was so sad.So I went home.my dog waited.",
        "in 2000 steps i was home",
        "took b12 8am and d3 5th",
        "therapy @3pm, then @ 8:30 and @7ish.",
        "insurance was 340 a month and then 12000 a year",
        "student 300 miles away",
        "file 500 pages",
        "account 12 and 345",
        "i saw 2 dogs cross the street",
        "5 of us went down main road",
        "took 3 kids to the park road",
        "I'm 100 sure",
        "im 90 percent there",
        "dob unknown",
        "my username is too long",
        "i am one of many, twenty minutes late, ten times better",
        "he's 5 foot and she is one.",
        "I was twenty minutes away",
        "i'm thirty minus a bit",
    ],
)
def test_what_only_looks_like_it_stays(patterns_alone: Anonymizer, text: str) -> None:
    (found,) = patterns_alone.anonymize([text])
    assert found.text == text


@pytest.mark.parametrize(
    "text",
    [
        "1" * 20_000,
        "1 " * 10_000,
        "a1-" * 7_000,
        "account " * 3_000,
        "@" * 20_000,
        "12 Aaa " * 4_000,
        "a." * 10_000,
        "record number " + "1a " * 6_000,
        "i'm " * 6_000,
        "may " * 6_000,
        "http://" + "a" * 20_000,
        "1/" * 10_000,
        "1.2.3.4 " * 2_500,
        "2." * 10_000,
        "12 " * 6_600,
        "a (at) " * 2_800,
        "." * 20_000 + "x",
        "1 " + "aaa " * 4_999,
        "twenty " * 2_800,
        "username " * 2_200,
        "case no " * 2_500,
        "a.com/" * 3_300,
        "ab:" * 6_600,
        "id " + "a" * 19_990,
    ],
)
def test_no_text_takes_long(patterns_alone: Anonymizer, text: str) -> None:
    started = time.process_time()
    patterns_alone.anonymize([text])
    assert time.process_time() - started < 4.0


def test_figures_past_the_most_that_are_searched_are_redacted_all_the_same(
    patterns_alone: Anonymizer,
) -> None:
    text = "12 34 56 78 90 and " * 300 + "call (212) 555-0147"
    (found,) = patterns_alone.anonymize([text])
    assert "555" not in found.text
