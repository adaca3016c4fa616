"""Labels as multi-hot arrays: a column for each label, 1.0 where it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from training.entries.record import Record


def targets(records: Iterable[Record], names: Sequence[str]) -> NDArray[np.float32]:
    """What to learn, of shape `(entries, labels)`: 1 for a label given, or its share of votes.

    NaN where it is not known whether a label applies.
    """
    records = list(records)
    wanted = multi_hot((record.labels for record in records), names)
    for row, record in enumerate(records):
        for column, name in enumerate(names):
            if name in record.unknown:
                wanted[row, column] = np.nan
            elif name in record.shares:
                wanted[row, column] = record.shares[name]
    return wanted


def multi_hot(label_sets: Iterable[Iterable[str]], names: Sequence[str]) -> NDArray[np.float32]:
    """An array of shape `(entries, labels)`, the dtype a binary cross-entropy wants.

    Labels that are not in `names` are left out.
    """
    positions = {name: index for index, name in enumerate(names)}
    rows = [[positions[name] for name in labels if name in positions] for labels in label_sets]
    encoded = np.zeros((len(rows), len(positions)), dtype=np.float32)
    for row, columns in enumerate(rows):
        encoded[row, columns] = 1.0
    return encoded
