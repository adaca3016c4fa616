"""Sequences of any lengths in padded tensors."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker.models.padding import pad, similar_lengths


def test_sequences_are_padded_behind_to_the_longest() -> None:
    batch = pad([(5, 6), (7,), (8, 9, 10)], 1)
    assert batch.ids.tolist() == [[5, 6, 1], [7, 1, 1], [8, 9, 10]]
    assert batch.mask.tolist() == [[True, True, False], [True, False, False], [True, True, True]]


def test_values_of_tokens_are_shaped_as_the_tokens() -> None:
    batch = pad([(5, 6), (7, 8, 9)], 1)
    assert batch.like([[3], [0, 2, 4]]).tolist() == [[3, 0, 0], [0, 2, 4]]
    assert batch.like([[], []]).tolist() == [[0, 0, 0], [0, 0, 0]]


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 200))
def test_groups_hold_each_sequence_once_within_the_budget(lengths: list[int], budget: int) -> None:
    groups = list(similar_lengths(lengths, budget))
    order = [index for group in groups for index in group]
    assert sorted(order) == list(range(len(lengths)))
    assert [lengths[index] for index in order] == sorted(lengths)
    for group in groups:
        assert len(group) == 1 or len(group) * max(lengths[i] for i in group) <= budget
