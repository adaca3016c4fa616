"""False alarms: entries to which no label applies and that were given one; by length and kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from training.evaluation.evaluate import LENGTH_NAMES, length_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def false_alarms(
    texts: Sequence[str], kinds: Sequence[str], plain: NDArray[np.bool_], given: NDArray[np.bool_]
) -> dict[str, dict[str, Any]]:
    """How many entries of each length and of each kind were given a label that none applies to.

    Args:
        texts: the entries as they were written.
        kinds: what each of them is.
        plain: of which it is known that no label applies, shape `(entries,)`.
        given: which were given any label, the same shape.

    Returns:
        Under `by_length` and `by_kind` for each group `entries` and the share `labelled`.
    """
    lengths = [length_group(text) for text in texts]
    found = {"by_length": _groups(lengths, plain, given), "by_kind": _groups(kinds, plain, given)}
    in_order = {
        name: found["by_length"][name] for name in LENGTH_NAMES if name in found["by_length"]
    }
    return {**found, "by_length": in_order}


def _groups(
    groups: Sequence[str], plain: NDArray[np.bool_], given: NDArray[np.bool_]
) -> dict[str, Any]:
    """Of each group the number of plain entries and the share that was given a label."""
    found = {}
    for name in sorted(set(groups)):
        rows = np.array([group == name for group in groups]) & plain
        if rows.any():
            share = round(float(given[rows].mean()), 4)
            found[name] = {"entries": int(rows.sum()), "labelled": share}
    return found


def described(found: dict[str, dict[str, Any]]) -> list[str]:
    """The rows of a Markdown table, one for each group."""
    return [
        f"| {name} | {group['entries']} | {group['labelled']:.1%} |"
        for groups in found.values()
        for name, group in groups.items()
    ]
