"""Disjoint ranges, repeated names, and numbered placeholders."""

from __future__ import annotations

import time

import pytest

from worker.anonymizer.offsets import Span
from worker.anonymizer.spans import merge_spans, numbered_types, with_repeats


def where(text: str, word: str, entity_type: str, nth: int = 0) -> Span:
    start = -1
    for _ in range(nth + 1):
        start = text.index(word, start + 1)
    return Span(start, start + len(word), entity_type)


def words(text: str, spans: list[Span]) -> list[str]:
    return [text[span.start : span.end] for span in spans]


def test_a_name_found_once_is_redacted_everywhere() -> None:
    text = "Olumide called. later i called olumide back, and OLUMIDE laughed."
    found = with_repeats(text, [where(text, "Olumide", "PERSON")])
    assert words(text, found) == ["Olumide", "olumide", "OLUMIDE"]
    assert {span.type for span in found} == {"PERSON"}


def test_a_full_name_counts_word_by_word() -> None:
    text = "Wren Abernathy came. Only wren stayed; the Abernathys had left."
    found = with_repeats(text, [where(text, "Wren Abernathy", "PERSON")])
    assert words(text, found) == ["Wren Abernathy", "wren"]


def test_after_a_shop_that_is_a_word_the_word_stays() -> None:
    text = "Popped into Boots. My boots are wet. Boots again on Monday."
    found = with_repeats(text, [where(text, "Boots", "ORGANIZATION")])
    assert words(text, found) == ["Boots", "Boots"]


@pytest.mark.parametrize(
    "text",
    [
        "Will came over. i will bake, i will clean, I will sleep.",
        "Rose rang. prices rose again",
    ],
)
def test_a_name_that_is_a_word_counts_only_as_it_was_written(text: str) -> None:
    name = text.split(maxsplit=1)[0]
    assert words(text, with_repeats(text, [where(text, name, "PERSON")])) == [name]


def test_parts_of_words_stay() -> None:
    text = "Ann is fine. The annual plan is not, and Hannah knows."
    assert words(text, with_repeats(text, [where(text, "Ann", "PERSON")])) == ["Ann"]


def test_a_title_makes_nobody_another() -> None:
    text = "Dr. Okafor called. Okafor again, and aunt Wren."
    spans = [
        where(text, "Dr. Okafor", "PERSON"),
        Span(19, 25, "PERSON"),
        where(text, "aunt Wren", "PERSON"),
    ]
    assert numbered_types(text, spans) == ["PERSON_1", "PERSON_1", "PERSON_2"]


def test_dates_and_ages_are_not_with_repeats() -> None:
    text = "I am 34. It took 34 minutes."
    spans = [where(text, "34", "AGE")]
    assert with_repeats(text, spans) == spans


def test_numbers_follow_the_person_and_not_the_place() -> None:
    text = "Ana told Bo that ana left for Ghent."
    spans = [
        where(text, "Ana", "PERSON"),
        where(text, "Bo", "PERSON"),
        where(text, "ana", "PERSON"),
        where(text, "Ghent", "LOCATION"),
    ]
    assert numbered_types(text, spans) == ["PERSON_1", "PERSON_2", "PERSON_1", "LOCATION_1"]


def test_names_on_two_lines_are_two_people() -> None:
    text = "Anna\nBob  Lee"
    found = merge_spans(text, [(1.0, where(text, w, "PERSON")) for w in ("Anna", "Bob", "Lee")])
    assert words(text, found) == ["Anna", "Bob  Lee"]


def test_neighbours_that_became_of_one_type_are_one_thing() -> None:
    text = "Anna rang. Bo Anna left."
    given = [
        where(text, "Anna", "PERSON"),
        where(text, "Bo", "PERSON"),
        where(text, "Anna", "LOCATION", 1),
    ]
    assert words(text, with_repeats(text, given)) == ["Anna", "Bo Anna"]


def test_thousands_of_names_that_begin_alike_take_no_seconds() -> None:
    names = [
        f"Anna {chr(65 + i // 26 % 26)}{chr(97 + i % 26)}{chr(97 + i // 676)}" for i in range(2000)
    ]
    text = ". ".join(names)
    started = time.process_time()
    found = with_repeats(text, [where(text, name, "PERSON") for name in names])
    assert len(found) == 2000
    assert time.process_time() - started < 2.0
