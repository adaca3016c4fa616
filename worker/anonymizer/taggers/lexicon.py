"""What is known of a word, whatever its context: how common it is, and whose name it may be.

A small tagger cannot learn from its examples which words exist. Told of each word whether it is
common, a known first name or a word of another language, it need not take a dish for a person.
"""

from __future__ import annotations

import lzma
import zlib
from array import array
from bisect import bisect_left
from functools import cache
from importlib.resources import files
from string import ascii_lowercase
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

#: For each property of a word how many values it has: how common it is in English (0: unknown),
#: how likely it is a first name rather than a word (0: not at all), and whether it is a surname, a
#: place, and a word of another language.
PROPERTIES = (5, 4, 2, 2, 2)
#: From here on a first name is rather a name than a word.
RATHER_A_NAME = 2
#: How many combinations there are; 0 is a word of which nothing is known.
KINDS = 160
FILE = "lexicon.txt.xz"
#: From so common on (see `PROPERTIES`) a word is often misspelt. Of short words only swapped
#: letters are looked at: too many are one letter from another.
_COMMON, _SHORTEST_MISSPELT, _LONG = 3, 4, 6
_MOST_COMMON = PROPERTIES[0] - 1


def combine(values: tuple[int, ...]) -> int:
    """The number of a combination of properties, below `KINDS`."""
    kind = 0
    for value, values_of_property in zip(values, PROPERTIES, strict=True):
        kind = kind * values_of_property + value
    return kind


def properties(kind: int) -> tuple[int, ...]:
    """The properties that `combine` made a number of."""
    values = []
    for values_of_property in reversed(PROPERTIES):
        kind, value = divmod(kind, values_of_property)
        values.append(value)
    return tuple(reversed(values))


def kind(word: str) -> int:
    """The combination of properties of a word, whatever its casing; 0 if it is not known."""
    if not word.isalpha():
        return 0
    checksums, kinds, _ = _table()
    checksum = zlib.crc32(word.lower().encode())
    at = bisect_left(checksums, checksum)
    return kinds[at] if at < len(checksums) and checksums[at] == checksum else 0


def frequencies(words: Sequence[str]) -> list[int]:
    """How common each word is, see `PROPERTIES`; for many words in a tenth of the time of `kind`.

    Args:
        words: in lower case, and of letters alone.
    """
    checksums, kinds, _ = _table()
    known = np.frombuffer(checksums, dtype=np.uint32)
    wanted = np.fromiter((zlib.crc32(word.encode()) for word in words), np.uint32, len(words))
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    found = np.where(known[at] == wanted, np.frombuffer(kinds, dtype=np.uint8)[at], 0)
    by_kind = np.array([properties(number)[0] for number in range(KINDS)])
    return list(by_kind[found].tolist())


def most_common_words() -> tuple[str, ...]:
    """The most common words of English, in lower case; six in ten of a diary are among them."""
    return _table()[2]


def is_misspelt(word: str) -> bool:
    """Whether a word that is not known is a common one with one typing error.

    Two letters swapped, or in a longer word also one letter lost, too many, or a wrong one. Such a
    common word must be no name.

    Args:
        word: in lower case.
    """
    if kind(word) or not word.isalpha() or len(word) < _SHORTEST_MISSPELT:
        return False
    pairs = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    near = [a + b[1] + b[0] + b[2:] for a, b in pairs if len(b) > 1]
    if len(word) >= _LONG:
        near += [a + b[1:] for a, b in pairs if b]
        near += [a + c + b for a, b in pairs for c in ascii_lowercase]
        near += [a + c + b[1:] for a, b in pairs if b for c in ascii_lowercase]
    return any(_is_common(other) for other in near)


def _is_common(word: str) -> bool:
    """Whether a word is common in English and rather a word than a name."""
    frequency, first_name, surname, place, _ = properties(kind(word))
    return frequency >= _COMMON and first_name <= 1 and not surname and not place


def words_by_kind() -> dict[int, tuple[str, ...]]:
    """The words of the list, in lower case, by their combination of properties; read anew."""
    lines = _lines_by_kind().items()
    return {number: tuple(line.decode("utf-8").split()) for number, line in lines}


def _lines_by_kind() -> dict[int, bytes]:
    """The words of each kind in one line, in UTF-8."""
    packed = (files("worker.anonymizer") / "word_lists" / FILE).read_bytes()
    found: dict[int, bytes] = {}
    kind_of_line = 0
    for line in lzma.decompress(packed).splitlines():
        if line.startswith(b"["):
            kind_of_line = combine(tuple(map(int, line.strip(b"[]").split())))
        elif not line.startswith(b"#"):
            found[kind_of_line] = line
    return found


@cache
def _table() -> tuple[array[int], bytes, tuple[str, ...]]:
    """The checksums of all words, in order; the kind of each; and the most common words.

    A dictionary of all words would take 30 times the memory, in each process. Of 200,000 words two
    share a checksum once in ten such lists; a word that is not in the list meets one of them once
    in 20,000 times.
    """
    checksums, kinds, common = array("I"), bytearray(), []
    for number, line in _lines_by_kind().items():
        found = array("I", map(zlib.crc32, line.split()))
        checksums += found
        kinds += bytes([number]) * len(found)
        if properties(number)[0] == _MOST_COMMON:
            common += line.decode("utf-8").split()
    values, numbers = np.asarray(checksums), np.frombuffer(kinds, dtype=np.uint8)
    order = np.lexsort((numbers, values))
    ordered = array("I", values[order].tobytes())
    return ordered, numbers[order].tobytes(), tuple(common)
