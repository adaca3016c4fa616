"""Entries that must not be torn apart: what is nearly the same text teaches its own answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.entries.record import Record


def groups(records: Sequence[Record]) -> NDArray[np.int64]:
    """A number for each record, of shape `(records,)`; the same for those that belong together.

    A row and its reframes do, and so do records whose texts differ in case and spaces at most.
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
