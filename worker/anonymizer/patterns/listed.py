"""Names of a list, found wherever they stand or where the words around say that they are meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from worker.anonymizer.patterns.gates import WORDS
from worker.anonymizer.taggers import lexicon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from worker.anonymizer.patterns.gates import Features

#: Below the scores of the tagger, whose type counts.
_SCORE = 0.5
#: A word, as it begins or ends names of the lists.
_WORD = re.compile(r"[^\W_]+")
_LETTERS = re.compile("[a-z]+")
#: From so common on, see `lexicon.PROPERTIES`, a word is one of everyday life.
_COMMON = 3
_SHORT, _LONG = 2, 4
_AND = "&"
#: Words within names that have no capital.
_SMALL = frozenset({"of", "the", "and", "for", "in", "on", "at", "de", "&"})


def names(file: str) -> list[str]:
    """The names of a list, in lower case and with plain apostrophes, in its order."""
    lines = (files("worker.anonymizer") / "word_lists" / file).read_text(encoding="utf-8")
    return [line for line in lines.splitlines() if line and not line.startswith("#")]


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of a list.

    Attributes:
        by_rarest: all names by their rarest run of ASCII letters, which each text with them has.
            Of names such as "m&s", whose runs are in most texts, it is the "&". Those of a run are
            one string, a name a line: a third of the memory of as many strings.
        of_common_words: those of several words, all of them common in English.
    """

    by_rarest: Mapping[str, str]
    of_common_words: frozenset[str]


@cache
def _read(file: str, *, with_common: bool) -> _Names:
    """The names of a list, ordered for the search in a text.

    Args:
        file: the list, a file of `word_lists`.
        with_common: whether `of_common_words` is asked for; it is empty if not.
    """
    all_names = names(file)
    runs_of = [_LETTERS.findall(name) for name in all_names]
    words_of = [list(filter(str.isalpha, _WORD.findall(name))) for name in all_names]
    words = list({word for found in (*runs_of, *words_of) for word in found})
    frequency = dict(zip(words, lexicon.frequencies(words), strict=True))

    def commonness(run: str) -> tuple[bool, int, int]:
        """Short runs, as in "macy's", are more common than the lexicon knows."""
        return len(run) <= _SHORT, frequency[run], -len(run)

    by_rarest: dict[str, list[str]] = {}
    common = set()
    for name, runs, parts in zip(all_names, runs_of, words_of, strict=True):
        run = runs[0] if len(runs) == 1 else min(runs, key=commonness)
        key = _AND if _AND in name and len(run) <= _SHORT else run
        by_rarest.setdefault(key, []).append(name)
        if with_common and " " in name and min(frequency[word] for word in parts) >= _COMMON:
            common.add(name)
    # One object for both where the name is its run, as most of one word are.
    joined = {run: run if [run] == named else "\n".join(named) for run, named in by_rarest.items()}
    return _Names(joined, frozenset(common))


def has_capitals(name: str) -> bool:
    """Whether all words of a name begin with a capital, but for "of" and the like."""
    return all(
        word[:1].isupper() or not word[:1].isalpha() or word in _SMALL for word in name.split()
    )


def _mentions(features: Features, by_rarest: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """Where names of a list stand in a text as whole words, in any casing."""
    lowered = features.aligned
    runs = by_rarest.keys() & features.words
    if _AND in lowered:
        runs |= by_rarest.keys() & {_AND}
    for run in sorted(runs):
        for name in by_rarest[run].split("\n"):
            start = lowered.find(name)
            while start >= 0:
                end = start + len(name)
                if not (_joins(lowered[start - 1 : start]) or _joins(lowered[end : end + 1])):
                    yield start, end
                start = lowered.find(name, end)


def _joins(beside: str) -> bool:
    """Whether a character makes one word, or a handle, of itself and the name beside it."""
    return beside.isalnum() or beside in ("_", "@")


class Listed:
    """Names of a list, as a pattern; see `Pattern`.

    Args:
        file: the list, a file of `word_lists`.
        is_meant: told a text and the half-open range of a name, whether it is meant there. If it is
            None a name is meant wherever it stands, but one of several words that are all common
            only with capitals.
        unless: told the same, whether something else is meant by it there.
    """

    def __init__(
        self,
        file: str,
        is_meant: Callable[[str, int, int], bool] | None = None,
        *,
        unless: Callable[[str, int, int], bool] | None = None,
    ) -> None:
        self.name = file.removesuffix(".txt")
        self.score = _SCORE
        self._file = file
        self._is_meant, self._unless = is_meant, unless

    def prepare(self) -> None:
        """Read the list now and not at the first text."""
        _ = self._names

    @property
    def _names(self) -> _Names:
        return _read(self._file, with_common=self._is_meant is None)

    def gate(self, features: Features) -> bool:
        """Whether a text has the rarest word of a name."""
        keys = self._names.by_rarest.keys()
        return not keys.isdisjoint(features.words) or (_AND in features.text and _AND in keys)

    def matches(self, features: Features) -> Iterator[tuple[int, int]]:
        """The half-open character ranges of a text that match, in order."""
        text, known = features.text, self._names
        for start, end in _mentions(features, known.by_rarest):
            if self._unless and self._unless(text, start, end):
                continue
            if self._is_meant:
                meant = self._is_meant(text, start, end)
            else:
                common = features.aligned[start:end] in known.of_common_words
                meant = not common or has_capitals(text[start:end])
            if meant:
                yield start, end


class ListedWords:
    """Names of one word each, as a pattern; see `Pattern`.

    A name counts in any casing if English hardly knows the word, and no other language does.

    Args:
        file: the list, a file of `word_lists`.
        is_meant: told a text and the half-open range of any other such word, whether the name is
            meant there.
    """

    def __init__(self, file: str, is_meant: Callable[[str, int, int], bool]) -> None:
        self.name = file.removesuffix(".txt")
        self.score = _SCORE
        self._file = file
        self._is_meant = is_meant

    def prepare(self) -> None:
        """Read the list now and not at the first text."""
        _ = _read_words(self._file)

    def gate(self, features: Features) -> bool:
        """Whether a text has a word of the list."""
        return not _read_words(self._file).isdisjoint(features.all_words)

    def matches(self, features: Features) -> Iterator[tuple[int, int]]:
        """The half-open character ranges of a text that match, in order."""
        text, known = features.text, _read_words(self._file)
        for found in WORDS.finditer(features.aligned):
            start, end = found.span()
            if (
                found[0] not in known
                or _joins(text[start - 1 : start])
                or _joins(text[end : end + 1])
            ):
                continue
            if is_unheard_of(found[0]) or self._is_meant(text, start, end):
                yield start, end


@cache
def _read_words(file: str) -> frozenset[str]:
    return frozenset(names(file))


def is_unheard_of(word: str) -> bool:
    """Whether English hardly knows a word, and no other language does."""
    frequency, *_, foreign = lexicon.properties(lexicon.kind(word))
    return len(word) >= _LONG and frequency <= 1 and not foreign
