"""Reading the labels in a cell: whatever way of writing a list of names it holds.

- names between semicolons, upright lines or line breaks: `a; b`,
- lists, tuples and sets of Python, lists of JSON and of NumPy (without commas): `['a' 'b']`,
- the same with typographic quotes, or with an apostrophe in a name that was not escaped.

A scanner of quoted names reads them; nothing in a cell is ever run.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import NamedTuple

from training.entries.files.label_name import EXAMPLE, is_missing, label_name
from training.errors import DataError

#: Longest cell that is looked at; real ones stay below 400 characters.
MAX_CELL_CHARACTERS = 4_096
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
#: What may close each quote; people mix typographic ones.
_QUOTES = {
    "'": "'",
    '"': '"',
    "\u2018": "\u2019\u2018",
    "\u2019": "\u2019",
    "\u201c": "\u201d\u201c",
    "\u201d": "\u201d",
    "\u201e": "\u201c\u201d",
    "\u201a": "\u2018\u2019",
    "\u00ab": "\u00bb",
    "\u00bb": "\u00ab",
    "\u2039": "\u203a",
    "\u300c": "\u300d",
}
#: What Python prints around the names of other types than a list.
_WRAPPER = re.compile(r"(?:(?:np|numpy|pd)\.)?(?:array|set|frozenset|tuple|list|Index)\(")
_DTYPE = re.compile(r",\s*dtype=")
_ITEM_WRAPPER = re.compile(r"(?:np|numpy)\.str_\(\s*")
_SEPARATOR = re.compile(r"\s*[,;]\s*|\s+")
#: A quote closes a name only before one of these: inside, it is an apostrophe.
_AFTER_NAME = re.compile(
    r"\s*(?:[,;\])}]|$)|\s+(?:np\.str_\(|nan\b|None\b|\.\.\.|[" + "".join(_QUOTES) + "])"
)
_WORD = re.compile(r"[^\s,;\[\](){}]+")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r"}
_BETWEEN_NAMES = re.compile(r"[;|\r\n]")
_UNREADABLE = f"not a list of labels; write names between semicolons, or a list as {EXAMPLE}"


class LabelCell(NamedTuple):
    """What a cell holds.

    Attributes:
        names: each once, in their order.
        missing: how many words such as `nan` stand where a name should.
    """

    names: tuple[str, ...]
    missing: int = 0


def parse_labels(cell: object) -> tuple[str, ...]:
    """The label names in a cell, each once, in their order; see `parse_cell`."""
    return parse_cell(cell).names


def parse_cell(cell: object) -> LabelCell:
    """The label names in a cell.

    Args:
        cell: a list of names, or a string that holds one in any way of writing; nothing for no
            label.

    Raises:
        DataError: it is none of these; the message does not repeat the cell.
    """
    if isinstance(cell, str):
        return _parsed(cell)
    if cell is None or _is_nan(cell):
        return LabelCell((), 1)
    if not isinstance(cell, list | tuple):
        kind = "a number" if isinstance(cell, int | float) else "an object"
        raise DataError(f"{kind} where names of labels are wanted, as in {EXAMPLE}")
    items = []
    for item in cell:
        if item is None or _is_nan(item):
            items.append("")
        elif isinstance(item, str):
            items.append(item)
        else:
            kind = "a number" if isinstance(item, int | float) else "a list or an object"
            raise DataError(f"{kind} where names of labels are wanted, as in {EXAMPLE}")
    return _named(items)


@lru_cache(maxsize=4_096)
def _parsed(cell: str) -> LabelCell:
    """The same of a string; a file holds few different ones."""
    if len(cell) > MAX_CELL_CHARACTERS:
        raise DataError(
            f"{len(cell):,} characters are too many for a list of labels; "
            f"at most {MAX_CELL_CHARACTERS:,} are allowed"
        )
    cell = _unwrapped(cell.strip())
    if not cell:
        return LabelCell(())
    if cell[0] in _BRACKETS:
        if cell[-1] != _BRACKETS[cell[0]]:
            raise DataError(_UNREADABLE)
        return _named(_quoted_names(cell[1:-1]))
    if cell[0] in _QUOTES:
        try:
            return _named(_quoted_names(cell))
        except DataError:
            pass  # a name that begins with a quoted word
    if "," in cell:
        raise DataError(
            f"a comma between labels; set them apart by semicolons, or write a list as {EXAMPLE}"
        )
    return _named([_bare(name.strip()) for name in _BETWEEN_NAMES.split(cell) if name.strip()])


def _bare(name: str) -> str:
    """Without the quotes around all of it."""
    inside = name[1:-1]
    around = len(name) > 1 and name[-1] in _QUOTES.get(name[0], "")
    return inside if around and not {name[0], name[-1]} & set(inside) else name


def _named(items: list[str]) -> LabelCell:
    names = [label_name(item) for item in items if not is_missing(item)]
    return LabelCell(tuple(dict.fromkeys(names)), len(items) - len(names))


def _unwrapped(cell: str) -> str:
    """Without the name of a type around it, such as `array(..., dtype=object)`."""
    found = _WRAPPER.match(cell)
    if not found or not cell.endswith(")"):
        return cell
    return _DTYPE.split(cell[found.end() : -1])[0].strip() or "[]"


def _quoted_names(text: str) -> list[str]:
    """The names in the inside of a list; words such as `nan` as they stand there.

    Raises:
        DataError: something else stands there.
    """
    items: list[str] = []
    at = len(text) - len(text.lstrip())
    while at < len(text):
        item, at = _next_item(text, at)
        items.append(item)
        if at == len(text):
            break
        separator = _SEPARATOR.match(text, at)
        if not separator:
            raise DataError(_UNREADABLE)
        at = separator.end()
    return items


def _next_item(text: str, at: int) -> tuple[str, int]:
    """The item that begins at a position, and where it ends."""
    wrapper = _ITEM_WRAPPER.match(text, at)
    at = wrapper.end() if wrapper else at
    if text[at : at + 1] not in _QUOTES or at == len(text):
        word = _WORD.match(text, at)
        return _checked_word(word[0] if word else ""), word.end() if word else at
    name, at = _quoted_name(text, at)
    if wrapper:
        if text[at : at + 1] != ")":
            raise DataError(_UNREADABLE)
        at += 1
    return name, at


def _checked_word(word: str) -> str:
    """A word without quotes, if it stands for nothing.

    Raises:
        DataError: it stands for something.
    """
    if word and is_missing(word):
        return word
    if word in ("...", "\u2026"):
        raise DataError("a list that was cut short ('...'); write out every label")
    if word:
        label_name(word)  # says so if it is a number
    raise DataError(f"no quotes around a label in a list; write it as {EXAMPLE}")


def _quoted_name(text: str, at: int) -> tuple[str, int]:
    """The name whose opening quote stands at a position, and where what follows it begins."""
    quote = text[at]
    straight = quote in "'\""
    end = at + 1
    while end < len(text):
        if straight and text[end] == "\\":
            end += 2
            continue
        if text[end] in _QUOTES[quote] and _AFTER_NAME.match(text, end + 1):
            name = text[at + 1 : end]
            if straight and 2 * quote in name:
                break
            if len(name) > 1 and name[0] == quote and name[-1] in _QUOTES[quote]:
                name = name[1:-1]  # quotes that were doubled once too often
            return _unescaped(name) if straight else name, end + 1
        end += 1
    raise DataError(_UNREADABLE)


def _unescaped(name: str) -> str:
    """The name without the escapes of Python and JSON."""
    if "\\" not in name:
        return name
    plain = _ESCAPE.sub(
        lambda found: (
            _CONTROLS.get(found[3], found[3]) if found[3] else chr(int(found[1] or found[2], 16))
        ),
        name,
    )
    # JSON writes characters beyond the basic plane as two halves.
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
