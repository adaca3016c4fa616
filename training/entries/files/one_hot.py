"""Columns of single labels: each is named like its label and says for every entry 0 or 1.

Shares between 0 and 1, as of several readers, become soft targets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training.entries.files.columns import plain
from training.entries.files.label_name import label_name
from training.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: From this share of readers on, an entry counts as one with the label.
MAJORITY = 0.5
#: A column is one of a label if more than this share of its cells hold what such a column does;
#: the others are told as mistakes.
_MOSTLY = 0.5
_WORDS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
#: Of tables and of JSON lines, never labels (the latter: `training.entries.annotations`).
_NEVER = {"id", "index", "split", "annotators", "distorted_part", "evidence", "mask"} | {
    "reframe",
    "reframes",
    "style",
    "votes",
    "weight",
}


def share_of(value: object) -> float | None:
    """What a cell says: 0, 1 or a share between them; None if it says something else."""
    if isinstance(value, bool | int | float):
        share = float(value)
    elif isinstance(value, str):
        word = value.strip().casefold()
        try:
            share = _WORDS[word] if word in _WORDS else float(word.replace(",", "."))
        except ValueError:
            return None
    else:
        return None
    return share if 0.0 <= share <= 1.0 else None


def label_columns(names: Iterable[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which columns are of single labels, as the first rows of a file show.

    Args:
        names: of the columns that may be.
        rows: what stands in them.
    """
    return [name for name in names if _may_be_label(name) and _holds_shares(name, rows)]


def parse_shares(cells: Mapping[str, Any]) -> tuple[tuple[str, ...], dict[str, float]]:
    """The labels of an entry, and the share of readers of those that not all agreed on.

    Args:
        cells: what stands in the column of each label.

    Raises:
        DataError: a cell holds neither 0 nor 1 nor a share between them.
    """
    labels, shares = [], {}
    for column, value in cells.items():
        share = share_of(value)
        if share is None:
            empty = value is None or (isinstance(value, str) and not value.strip())
            problem = "is empty" if empty else "holds something else than 0, 1 or a share of them"
            raise DataError(f"column '{column}' {problem}; write 0 where the label does not apply")
        name = label_name(column)
        if share >= MAJORITY:
            labels.append(name)
        if 0.0 < share < 1.0:
            shares[name] = share
    return tuple(labels), shares


def told_columns(place: str, columns: Sequence[str], names: Sequence[str]) -> str:
    """What was made of a file without a column of labels.

    Args:
        place: of the header.
        columns: those that are labels.
        names: of all columns but that of the text.
    """
    others = [name for name in names if name not in columns]
    line = (
        f"{place}: no column 'labels'; learnt as labels are the columns of 0 and 1: "
        f"{', '.join(columns)}"
    )
    if others:
        line += f"; not looked at: {', '.join(others)}"
    return f"{line}. --no-label NAME takes one out"


def _may_be_label(name: str) -> bool:
    if plain(name) in _NEVER or plain(name).startswith("unnamed:"):
        return False
    try:
        label_name(name)
    except DataError:
        return False
    return True


def _holds_shares(name: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    cells = [row.get(name) for row in rows]
    filled = [cell for cell in cells if cell is not None and cell != ""]
    shares = sum(share_of(cell) is not None for cell in filled)
    return shares > _MOSTLY * len(filled)
