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

#: For each property of a word how many values it has: how common it is in English (0: unknown),
#: how likely it is a first name rather than a word (0: not at all), and whether it is a surname, a
#: place, and a word of another language.
PROPERTIES = (5, 4, 2, 2, 2)
#: How many combinations there are; 0 is a word of which nothing is known.
KINDS = 160
FILE = "lexicon.txt.xz"


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
    checksums, kinds = _table()
    checksum = zlib.crc32(word.lower().encode())
    at = bisect_left(checksums, checksum)
    return kinds[at] if at < len(checksums) and checksums[at] == checksum else 0


def words_by_kind() -> dict[int, tuple[str, ...]]:
    """The words of the list, in lower case, by their combination of properties; read anew."""
    packed = (files("worker.anonymizer") / "word_lists" / FILE).read_bytes()
    found: dict[int, tuple[str, ...]] = {}
    kind_of_line = 0
    for line in lzma.decompress(packed).decode("utf-8").splitlines():
        if line.startswith("["):
            kind_of_line = combine(tuple(map(int, line.strip("[]").split())))
        elif not line.startswith("#"):
            found[kind_of_line] = tuple(line.split())
    return found


@cache
def _table() -> tuple[array[int], bytes]:
    """The checksums of all words, in order, and the kind of each.

    A dictionary of words would take 30 times the memory, in each process. Of 200,000 words two
    share a checksum once in ten such lists; a word that is not in the list meets one of them once
    in 20,000 times.
    """
    pairs = sorted(
        (zlib.crc32(word.encode()), number)
        for number, words in words_by_kind().items()
        for word in words
    )
    return array("I", [checksum for checksum, _ in pairs]), bytes(number for _, number in pairs)
