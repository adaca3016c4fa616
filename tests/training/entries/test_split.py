"""The split keeps every label's share, and the seed decides it."""

from __future__ import annotations

import numpy as np
import pytest

from training.entries.leakage_groups import leakage_groups
from training.entries.multi_hot import multi_hot
from training.entries.record import Record
from training.entries.split import stratified_split
from training.errors import DataError


def labels(rows: int = 400) -> np.ndarray:
    """Labels of very different frequency; about half of the rows have none."""
    chance = np.random.default_rng(1)
    return (chance.random((rows, 4)) < [0.3, 0.1, 0.05, 0.025]).astype(np.float32)


def test_every_row_is_in_exactly_one_part() -> None:
    train, validation = stratified_split(labels(), validation_share=0.2, seed=3)
    assert sorted(train + validation) == list(range(400))


def test_parts_hold_their_share_of_every_label_and_of_none() -> None:
    given = labels()
    _, validation = stratified_split(given, validation_share=0.2, seed=3)
    assert len(validation) == pytest.approx(80, abs=3)
    assert given[validation].sum(axis=0) == pytest.approx(given.sum(axis=0) * 0.2, abs=1.5)
    without = (~given.any(axis=1)).sum()
    assert (~given[validation].any(axis=1)).sum() == pytest.approx(without * 0.2, abs=2)


def test_groups_stay_together_and_labels_keep_their_share() -> None:
    given = labels()
    group = np.arange(400) // 3
    train, validation = stratified_split(given, group, validation_share=0.2, seed=3)
    assert sorted(train + validation) == list(range(400))
    assert not set(group[train]) & set(group[validation])
    assert len(validation) == pytest.approx(80, abs=6)
    assert given[validation].sum(axis=0) == pytest.approx(given.sum(axis=0) * 0.2, abs=3)


def test_rows_and_their_reframes_and_equal_texts_are_one_group() -> None:
    records = [
        Record("a", (), group="f:1"),
        Record("b", (), group="f:1"),
        Record("B ", ()),
        Record("c", ()),
        Record("d", (), group="f:2"),
    ]
    found = leakage_groups(records).tolist()
    assert found[0] == found[1] == found[2]
    assert len(set(found)) == 3


def test_the_same_seed_gives_the_same_split() -> None:
    given = labels()
    first = stratified_split(given, validation_share=0.2, seed=3)
    assert stratified_split(given, validation_share=0.2, seed=3) == first
    assert stratified_split(given, validation_share=0.2, seed=4) != first


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(DataError):
        stratified_split(np.ones((1, 2), dtype=np.float32), validation_share=0.2, seed=0)


def test_multi_hot_is_float_and_leaves_out_unknown_labels() -> None:
    encoded = multi_hot([["B"], [], ["A", "X"]], ["A", "B"])
    assert encoded.dtype == np.float32
    assert encoded.tolist() == [[0, 1], [0, 0], [1, 0]]
