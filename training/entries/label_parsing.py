"""Parsing the label cell of a row: a Python list, a JSON list, or names between semicolons."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from training.errors import DataError

#: Longest cell that is looked at; real ones stay below 400 characters.
MAX_CELL_CHARACTERS = 4_096
MAX_LABEL_CHARACTERS = 64
#: What other programs write into a cell that holds nothing; it would become a label.
_NO_VALUE = {"nan", "none", "null", "n/a", "na"}
#: Words of letters and digits with the punctuation names use; no quotes, brackets or calls.
_NAME = re.compile(r"[^\W_](?:[^\W_]|[ \-/&+.,'\u2019])*")


def parse_labels(cell: object) -> tuple[str, ...]:
    """The label names in a cell, each once, in their order.

    Args:
        cell: a list of names, or a string: a Python or JSON list (`['a', 'b']`), names set apart
            by semicolons (`a; b`), or nothing for no label. Literals are parsed, never run.

    Raises:
        DataError: it is none of these; the message does not repeat the cell.
    """
    if isinstance(cell, str):
        cell = _read(cell)
    if not isinstance(cell, list | tuple):
        raise DataError("not a list of labels")
    names = []
    for item in cell:
        name = item.strip() if isinstance(item, str) else ""
        if len(name) > MAX_LABEL_CHARACTERS or not _NAME.fullmatch(name):
            raise DataError("not a list of labels")
        names.append(name)
    return tuple(dict.fromkeys(names))


def _read(cell: str) -> Any:
    if len(cell) > MAX_CELL_CHARACTERS:
        raise DataError("too long for a list of labels")
    cell = cell.strip()
    if not cell:
        return []
    if cell[0] not in "[(":
        if "," in cell:
            raise DataError("a comma between labels; set them apart by semicolons, or write a list")
        if cell.lower() in _NO_VALUE:
            raise DataError("not a list of labels")
        return [name for name in cell.split(";") if name.strip()]
    try:
        return ast.literal_eval(cell)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        pass
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        raise DataError("not a list of labels") from None
