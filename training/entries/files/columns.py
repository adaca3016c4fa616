"""Finding the columns of a table, or the fields of JSON, by their names."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from training.entries.files.options import LABELS
from training.entries.files.problems import listed, quoted
from training.entries.files.rows import MalformedFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT_OPTION, LABEL_OPTION = "--text-column", "--label-column"
#: Marks that programs leave at the edge of a name, besides spaces.
_EDGES = "\ufeff\u200b\u200e\u200f\"'"
#: Words of headers. A first line without any of them may be somebody's entry, and is not shown.
_USUAL = re.compile(
    r"(?:^|[\W_])(?:answer|body|category|categories|class|classes|comment|content|date|description|"
    r"distortions?|entry|id|index|journal|labels?|message|name|note|post|question|sentence|source|"
    r"tags?|target|text|thought|title|type|user)(?:$|[\W_])"
)
#: Names of columns that are shown: up to three short words.
_SHOWN = re.compile(r"[^\W\d][\w.-]*(?: [\w.()-]+){0,2}")
MOST_SHOWN, _LONGEST_SHOWN = 8, 32


def plain(name: str) -> str:
    """A name without what people do not look at: case, spaces and marks at its ends."""
    return unicodedata.normalize("NFKC", name).strip().strip(_EDGES).strip().casefold()


def position(names: Sequence[str], wanted: str, *, line: int, noun: str = "column") -> int | None:
    """Where a column stands: the one of exactly this name, or else the one much like it.

    Args:
        names: of the columns.
        wanted: the name.
        line: of the header.
        noun: what the place of a value is called.

    Raises:
        MalformedFileError: there are two.
    """
    for found in (
        [at for at, name in enumerate(names) if name == wanted],
        [at for at, name in enumerate(names) if plain(name) == plain(wanted)],
    ):
        if len(found) > 1:
            raise MalformedFileError(
                line, f"more than one {noun} '{wanted}'; rename or remove all but one"
            )
        if found:
            return found[0]
    return None


def label_position(
    names: Sequence[str], wanted: str | None, *, line: int, noun: str = "column"
) -> int | None:
    """Where the labels stand: in the column asked for, in `labels`, or else in `label`.

    Raises:
        MalformedFileError: there are two, or the one asked for is missing.
    """
    if wanted is not None:
        at = position(names, wanted, line=line, noun=noun)
        if at is None:
            raise missing(names, wanted, LABEL_OPTION, line=line, noun=noun)
        return at
    at = position(names, LABELS, line=line, noun=noun)
    return position(names, "label", line=line, noun=noun) if at is None else at


def missing(
    names: Sequence[str], wanted: str, option: str, *, line: int, noun: str = "column"
) -> MalformedFileError:
    """The error that a column is not there, with what is there and what to do.

    Args:
        names: of the columns; those that could be somebody's words are counted and not shown.
        wanted: the name that is not among them.
        option: that tells another.
        line: of the header.
        noun: what the place of a value is called.
    """
    problem = f"no {noun} '{wanted}'"
    words = [name.strip() for name in names if name.strip()]
    if not any(_USUAL.search(plain(word)) for word in words):
        if noun == "column":
            return MalformedFileError(
                line, f"{problem}; the first line must name the columns, as in text,labels"
            )
        return MalformedFileError(line, f"{problem}; rename a field, or name it with {option}")
    shown = [word for word in words if len(word) <= _LONGEST_SHOWN and _SHOWN.fullmatch(word)][
        :MOST_SHOWN
    ]
    told = list(quoted(shown))
    if others := len(words) - len(shown):
        told.append(f"{others} other{'s' if others > 1 else ''}")
    return MalformedFileError(
        line, f"{problem}, but {listed(told)}; rename one, or name it with {option}"
    )
