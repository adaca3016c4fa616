"""Findings of the tagger that cannot be personal data."""

from __future__ import annotations

import time

import pytest

from worker.anonymizer.false_positives import drop_false_positives
from worker.anonymizer.ordinary_use import is_used_as_word
from worker.anonymizer.taggers.tagged_span import TaggedSpan


def tagged(text: str, found: str, entity_type: str, score: float = 0.9) -> TaggedSpan:
    start = text.index(found)
    return TaggedSpan(start, start + len(found), entity_type, score)


@pytest.mark.parametrize(
    ("text", "found", "entity_type"),
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
        ("up 0545, shift 0700 till two", "0700", "LOCATION"),
        ("lights:: 23:05 again", "23:05", "ID"),
        ("on call 24/7 now", "24/7", "DATE_TIME"),
        ("bends to 110, it was 70 before", "70", "AGE"),
        ("touched the tap with my bare hand, SUDS 80, then 40", "80", "AGE"),
        ("filled it in again, K10 was 27", "27", "AGE"),
        ("std::vector again", "vector", "PERSON"),
        ("node_modules again", "node_modules", "CONTACT"),
        ("HR moved it", "HR", "PERSON"),
        ("Raynaud\u2019s again", "Raynaud", "PERSON"),
        ("sweet William is up", "William", "PERSON"),
        ("aiyah forgot it", "aiyah", "PERSON"),
        ("Appa shouted", "Appa", "PERSON"),
        ("\u65e9\u4e0a\u559d\u4e86", "\u4e0a", "PERSON"),
        ("tash n fliss", "n", "PERSON"),
        ("met with osme people", "osme", "PERSON"),
        ("pray for strengtg tonight", "strengtg", "PERSON"),
        ("hidden in shakshuka again", "shakshuka", "PERSON"),
        ("the new Greek Restaurant", "Greek Restaurant", "ORGANIZATION"),
        ("in charge of I.T. here", "I.T", "PERSON"),
        ("went out and touched grass", "grass", "ORGANIZATION"),
        ("my husband of 40 plus years", "40", "AGE"),
    ],
)
def test_a_finding_that_cannot_be_personal_is_dropped(
    text: str, found: str, entity_type: str
) -> None:
    assert drop_false_positives(text, [tagged(text, found, entity_type)]) == []


@pytest.mark.parametrize(
    ("text", "found", "entity_type"),
    [
        ("file 24-FL-11830 came", "24", "ID"),
        ("born 03/14/89", "03/14/89", "DATE_TIME"),
        ("on the ninth of november", "ninth of november", "DATE_TIME"),
        ("write to luna.writes there", "luna.writes", "CONTACT"),
        ("a neighbour of 29401 too", "29401", "LOCATION"),
        ("Jack rang", "Jack", "PERSON"),
        ("so kaite laughed", "kaite", "PERSON"),
        ("the Greek Kitchen Company", "Greek Kitchen Company", "ORGANIZATION"),
        ("i chair copper kettle", "copper kettle", "ORGANIZATION"),
        ("met J.R. again", "J.R", "PERSON"),
        ("my husband of 40", "40", "AGE"),
        ("Gad is 40 and Bai is 62", "40", "AGE"),
        ("Gad is 40 and Bai is 62", "62", "AGE"),
        ("Frank was there", "Frank", "PERSON"),
        ("met K. again", "K", "PERSON"),
        ("met k. again", "k", "PERSON"),
        ("the year was 1930 then", "1930", "DATE_TIME"),
        ("sweet is William today", "William", "PERSON"),
        ("at Hr. Lund's", "Hr", "PERSON"),
        ("jack rang at nine", "jack", "PERSON"),
    ],
)
def test_a_finding_that_may_be_personal_is_kept(text: str, found: str, entity_type: str) -> None:
    hit = tagged(text, found, entity_type, score=0.98)
    assert drop_false_positives(text, [hit]) == [hit]


@pytest.mark.parametrize(
    ("text", "found", "name"),
    [
        ("alamak Wei Jie you ate it", "alamak Wei Jie", "Wei Jie"),
        ("bruh tunde abeg return it", "tunde abeg", "tunde"),
        ("told Khadija yalla", "Khadija yalla", "Khadija"),
    ],
)
def test_words_of_chat_are_cut_off_a_name(text: str, found: str, name: str) -> None:
    (span,) = drop_false_positives(text, [tagged(text, found, "PERSON", score=0.98)])
    assert text[span.start : span.end] == name


def test_a_short_number_beside_another_finding_is_kept() -> None:
    text = "lives at Asselsestraat 7 since"
    hits = [tagged(text, "Asselsestraat", "LOCATION"), tagged(text, "7", "ORGANIZATION")]
    assert drop_false_positives(text, hits) == hits


def test_thousands_of_findings_without_white_space_take_no_seconds() -> None:
    text = "anna." * 10_000
    hits = [TaggedSpan(i, i + 4, "PERSON", 0.9) for i in range(0, len(text), 5)]
    started = time.process_time()
    assert drop_false_positives(text, hits) == hits
    assert time.process_time() - started < 3.0


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("then he will go", "will", True),
        ("then will rang", "will", False),
        ("No heating. Will ask the landlord", "Will", True),
        ("- Will be early tomorrow", "Will", True),
        ("Will asked the landlord", "Will", False),
        ("I saw Will run home", "Will", False),
        ("Will's bike", "Will", False),
        ("Will read me a story", "Will", False),
        ("Will just left", "Will", False),
        ("they want us to chase leads", "chase", True),
        ("had to mark my own", "mark", True),
        ("gave it to mark yesterday", "mark", False),
        ("it ends in april", "april", True),
        ("asked april again", "april", False),
        ("I can wait until April", "April", True),
        ("Then April rang", "April", False),
        ("Hope is a fire", "Hope", True),
        ("Hope rang", "Hope", False),
        ("its sunny here", "sunny", True),
        ("nothing from sunny yet", "sunny", False),
        ("so olumide came", "olumide", False),
    ],
)
def test_the_words_beside_a_word_show_that_it_is_no_name(
    text: str, word: str, expected: bool
) -> None:
    start = text.index(word)
    assert is_used_as_word(text, start, start + len(word)) is expected
