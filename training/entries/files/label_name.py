"""What may be the name of a label: words of any script, and nothing that stands for a value."""

from __future__ import annotations

import re
import unicodedata

from training.errors import DataError

MAX_LABEL_CHARACTERS = 64
#: How the form that is wanted is shown in errors.
EXAMPLE = "['Mind Reading', 'Labeling']"
#: What other programs write where there is nothing.
_MISSING = {"nan", "none", "null", "nil", "n/a", "#n/a", "na", "<na>", "nat"}
_TRUTH = {"true", "false", "yes", "no"}
_NUMBER = re.compile(r"[-+]?[\d.,]+(?:e[-+]?\d+)?\s*%?", re.IGNORECASE)
#: Remains of lists, sets, markup and escapes; a name of them would be one that nobody wrote.
_FORBIDDEN = frozenset("<>{}[]|`\\")
#: Invisible, but part of the spelling of Indic and Persian words.
_JOINERS = "\u200c\u200d"
#: Control, format and half characters, separators of lines and paragraphs.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def is_missing(text: str) -> bool:
    """Whether a cell or an item is empty, or a word such as `nan` that other programs write."""
    return not text.strip() or text.strip().casefold() in _MISSING


def label_name(text: str) -> str:
    """The name as it was written, without the spaces around it and with composed accents.

    Raises:
        DataError: it is a number, a truth value, too long, or holds what no name holds.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if _NUMBER.fullmatch(name):
        raise DataError(f"a number where names of labels are wanted, as in {EXAMPLE}")
    if name.casefold() in _TRUTH:
        raise DataError(f"true or false where names of labels are wanted, as in {EXAMPLE}")
    if len(name) > MAX_LABEL_CHARACTERS:
        raise DataError(
            f"a label of {len(name):,} characters; at most {MAX_LABEL_CHARACTERS} are allowed"
        )
    if not _FORBIDDEN.isdisjoint(name):
        raise DataError(
            f"a label with one of {' '.join(sorted(_FORBIDDEN))} in its name; "
            f"labels are written as in {EXAMPLE}"
        )
    categories = {unicodedata.category(letter) for letter in name if letter not in _JOINERS}
    if categories & _UNPRINTABLE:
        raise DataError("a label with an invisible character or a line break in its name")
    if name.startswith("__"):
        raise DataError(f"code where names of labels are wanted, as in {EXAMPLE}")
    if not any(category.startswith("L") for category in categories):
        raise DataError(f"a label without any letter; labels are written as in {EXAMPLE}")
    return name
