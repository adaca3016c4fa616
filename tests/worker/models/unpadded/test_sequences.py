"""Sequences laid end to end, and how many of them make a pass."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from worker.models.unpadded.sequences import full_passes, full_rows, lay_out

CPU = torch.device("cpu")


def test_sequences_stand_end_to_end() -> None:
    batch = lay_out([(5, 6), (7,), (8, 9)], CPU, [[0, 1], [2], [3, 0]])
    assert batch.ids.tolist() == [5, 6, 7, 8, 9, 0, 0, 0]  # a round number of rows
    assert batch.tokens == 5
    assert batch.positions.tolist() == [0, 1, 0, 0, 1, 0, 0, 0]
    assert batch.bounds.tolist() == [0, 2, 3, 5]
    assert batch.lengths == (2, 1, 2)
    assert batch.types is not None
    assert batch.types.tolist() == [0, 1, 2, 3, 0, 0, 0, 0]
    assert lay_out([(5, 6)], CPU).types is None


def test_neighbours_of_one_length_are_a_run() -> None:
    batch = lay_out([(1,), (2,), (3, 4), (5, 6), (7, 8), (9,)], CPU)
    assert list(batch.runs()) == [(0, 2, 1), (2, 3, 2), (8, 1, 1)]


def test_a_cpu_meets_few_numbers_of_rows_and_a_gpu_those_that_are_wanted() -> None:
    found = [full_rows(rows, CPU) for rows in range(1, 1025)]
    assert len(set(found)) <= 40
    for rows, computed in enumerate(found, start=1):
        assert rows <= computed <= max(rows + 7, rows * 1.125)
    assert full_rows(13, torch.device("cuda")) == 13


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 200))
def test_passes_hold_each_sequence_once_within_the_budget(lengths: list[int], budget: int) -> None:
    passes = list(full_passes(lengths, budget))
    order = [index for group in passes for index in group]
    assert sorted(order) == list(range(len(lengths)))
    assert [lengths[index] for index in order] == sorted(lengths)
    for group in passes:
        assert len(group) == 1 or sum(lengths[i] for i in group) <= budget
