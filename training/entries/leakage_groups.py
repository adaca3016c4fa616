"""Leakage groups: entries that must stay in one part of a split.

A model that has learnt from an entry has seen the answer to another of nearly the same text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.entries.record import Record


def leakage_groups(records: Sequence[Record]) -> NDArray[np.int64]:
    """The number of each record's group, counted from 0 without gaps, shape `(records,)`.

    A row and its reframes are of one group, and so are records whose texts differ in case and
    spaces at most.
    """
    parents = list(range(len(records)))

    def root(at: int) -> int:
        while parents[at] != at:
            parents[at] = parents[parents[at]]
            at = parents[at]
        return at

    first: dict[tuple[str, str], int] = {}
    for at, record in enumerate(records):
        keys = [("text", " ".join(record.text.casefold().split()))]
        if record.group:
            keys.append(("group", record.group))
        for key in keys:
            parents[root(at)] = root(first.setdefault(key, at))
    return np.unique([root(at) for at in range(len(records))], return_inverse=True)[1]
