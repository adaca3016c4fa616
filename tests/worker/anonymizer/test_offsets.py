"""Mapping ranges of the anonymized text back to the submitted one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.anonymizer.offsets import OffsetMap, Span


@dataclass
class Replaced:
    """A text, what was replaced in it, and what came out."""

    text: str
    result: str
    spans: list[Span]
    places: list[tuple[int, int]]
    offsets: OffsetMap


@st.composite
def replaced(draw: st.DrawFn) -> Replaced:
    text = result = ""
    spans, places, lengths = [], [], []
    for _ in range(draw(st.integers(0, 5))):
        plain = "".join(chr(0x100 + len(text) + i) for i in range(draw(st.integers(0, 4))))
        text, result = text + plain, result + plain
        hidden, placeholder = draw(st.integers(1, 5)), draw(st.integers(1, 6))
        spans.append(Span(len(text), len(text) + hidden, "X"))
        places.append((len(result), len(result) + placeholder))
        lengths.append(placeholder)
        text, result = text + "?" * hidden, result + "#" * placeholder
    plain = "".join(chr(0x100 + len(text) + i) for i in range(draw(st.integers(0, 4))))
    return Replaced(text + plain, result + plain, spans, places, OffsetMap(spans, lengths))


@settings(database=None)
@given(replaced())
def test_outside_placeholders_the_characters_agree(case: Replaced) -> None:
    for i, character in enumerate(case.result):
        start, end = case.offsets.to_submitted(i, i + 1)
        if character != "#":
            assert case.text[start:end] == character


@settings(database=None)
@given(replaced(), st.data())
def test_a_range_covers_what_lies_behind_it_and_widens_to_whole_spans(
    case: Replaced, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(case.result)))
    end = data.draw(st.integers(start, len(case.result)))
    mapped_start, mapped_end = case.offsets.to_submitted(start, end)
    assert 0 <= mapped_start <= mapped_end <= len(case.text)
    inside = case.text[mapped_start:mapped_end]
    assert inside.replace("?", "") == case.result[start:end].replace("#", "")
    for span, (place_start, place_end) in zip(case.spans, case.places, strict=True):
        touched = start < place_end and end > place_start and start < end
        covered = mapped_start <= span.start and span.end <= mapped_end
        assert covered == touched or (start == end and not touched)


@given(st.integers(0, 50), st.integers(0, 50))
def test_without_spans_nothing_moves(start: int, length: int) -> None:
    assert OffsetMap([], []).to_submitted(start, start + length) == (start, start + length)


def test_a_touched_placeholder_stands_for_everything_it_replaced() -> None:
    # "I am Jane Doe." became "I am <PERSON>."
    offsets = OffsetMap([Span(5, 13, "PERSON")], [8])
    assert offsets.to_submitted(7, 8) == (5, 13)
    assert offsets.to_submitted(0, 6) == (0, 13)
    assert offsets.to_submitted(12, 14) == (5, 14)
    assert offsets.to_submitted(13, 14) == (13, 14)


def test_an_empty_range_stays_empty() -> None:
    offsets = OffsetMap([Span(5, 13, "PERSON")], [8])
    assert offsets.to_submitted(13, 13) == (13, 13)
    assert offsets.to_submitted(6, 6) == (5, 5)


def test_spans_and_lengths_must_match() -> None:
    with pytest.raises(ValueError, match="zip"):
        OffsetMap([Span(0, 1, "X")], [])
