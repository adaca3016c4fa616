"""Labels as numbers: one column a label, 1.0 where it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


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
