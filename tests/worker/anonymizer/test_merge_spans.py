"""Findings of many recognizers as disjoint ranges that leave nothing out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from worker.anonymizer.offsets import Span
from worker.anonymizer.spans import merge_spans


def spans(*given: tuple[float, int, int, str]) -> list[tuple[float, Span]]:
    return [(score, Span(start, end, entity_type)) for score, start, end, entity_type in given]


def test_overlapping_findings_become_one_that_covers_both() -> None:
    found = merge_spans("x" * 30, spans((0.5, 0, 10, "URL"), (0.9, 5, 15, "PERSON")))
    assert found == [Span(0, 15, "PERSON")]


def test_a_finding_inside_another_never_uncovers_it() -> None:
    found = merge_spans("x" * 30, spans((0.4, 0, 20, "URL"), (1.0, 5, 9, "EMAIL_ADDRESS")))
    assert found == [Span(0, 20, "EMAIL_ADDRESS")]


def test_of_equal_scores_the_longer_finding_names_the_type() -> None:
    found = merge_spans("x" * 30, spans((0.85, 0, 4, "PERSON"), (0.85, 2, 20, "LOCATION")))
    assert found == [Span(0, 20, "LOCATION")]


def test_neighbours_of_one_type_are_one_thing_and_of_two_types_are_two() -> None:
    text = "Jane  Doe Paris, Jane"
    found = merge_spans(
        text,
        spans(
            (1, 0, 4, "PERSON"), (1, 6, 9, "PERSON"), (1, 10, 15, "LOCATION"), (1, 17, 21, "PERSON")
        ),
    )
    assert found == [Span(0, 9, "PERSON"), Span(10, 15, "LOCATION"), Span(17, 21, "PERSON")]


SCORED = st.lists(
    st.tuples(
        st.floats(0, 1), st.integers(0, 39), st.integers(1, 40), st.sampled_from(["A", "B", "C"])
    ).filter(lambda item: item[1] < item[2]),
    max_size=8,
)


@settings(database=None)
@given(scored=SCORED, text=st.text("x \n", min_size=40, max_size=40))
def test_merging_covers_everything_once(
    scored: list[tuple[float, int, int, str]], text: str
) -> None:
    found = merge_spans(text, spans(*scored))
    covered = {i for span in found for i in range(span.start, span.end)}
    wanted = {i for _, start, end, _ in scored for i in range(start, end)}
    assert wanted <= covered
    assert all(not text[i].strip() for i in covered - wanted)
    assert sum(span.end - span.start for span in found) == len(covered)
    assert found == sorted(found, key=lambda span: span.start)
