"""Names of people from all over the world, from Faker's lists."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import faker.providers.person

if TYPE_CHECKING:
    import random

#: Letters up to Latin Extended-B: what an English tokenizer can make something of.
_LAST_LETTER = "\u024f"
_FIRST = ("first_names", "first_names_male", "first_names_female", "first_romanized_names")
_LAST = ("last_names", "last_names_male", "last_names_female", "last_romanized_names")
#: Endings of nicknames and syllables of names that stand in no list.
_NICK_ENDINGS = ("y", "ie", "i", "o", "s", "z", "a", "ster", "bear", "kins")
_SHORTEST_NICK = 3
_INVENTED_SHARE = 0.06
#: How often a nickname is a first name as it is, and a shortened one has no ending.
_WHOLE_SHARE, _BARE_STEM_SHARE = 0.3, 0.5


@dataclass(frozen=True, slots=True)
class Names:
    """Lists of names by the locale they come from.

    Attributes:
        first, last: the names of each locale. Locales are drawn evenly, so that countries with
            long lists do not outweigh the others.
    """

    first: tuple[tuple[str, ...], ...]
    last: tuple[tuple[str, ...], ...]

    def draw_first(self, rng: random.Random) -> str:
        """A first name; now and then one that stands in no list."""
        if rng.random() < _INVENTED_SHARE:
            return _invented(self, rng)
        return rng.choice(rng.choice(self.first))

    def draw_last(self, rng: random.Random) -> str:
        """A surname."""
        return rng.choice(rng.choice(self.last))

    def draw_nick(self, rng: random.Random) -> str:
        """A short name or nickname."""
        name = self.draw_first(rng).split()[0].split("-")[0]
        if rng.random() < _WHOLE_SHARE or len(name) <= _SHORTEST_NICK:
            return name
        stem = name[: rng.randint(_SHORTEST_NICK, min(5, len(name)))]
        return stem if rng.random() < _BARE_STEM_SHARE else stem + rng.choice(_NICK_ENDINGS)


@cache
def load() -> Names:
    """Faker's names in Latin letters, every locale that has some."""
    first: list[tuple[str, ...]] = []
    last: list[tuple[str, ...]] = []
    for module in pkgutil.iter_modules(faker.providers.person.__path__):
        if not module.ispkg:
            continue
        provider = importlib.import_module(f"faker.providers.person.{module.name}").Provider
        for attributes, lists in ((_FIRST, first), (_LAST, last)):
            found = {
                name
                for attribute in attributes
                for name in _listed(provider, attribute)
                if _is_latin(name)
            }
            if found:
                lists.append(tuple(sorted(found)))
    return Names(tuple(first), tuple(last))


def known_first() -> frozenset[str]:
    """Every first name of the lists."""
    return frozenset(name for names in load().first for name in names)


def known_last() -> frozenset[str]:
    """Every surname of the lists."""
    return frozenset(name for names in load().last for name in names)


def _listed(provider: type, attribute: str) -> tuple[str, ...]:
    values = getattr(provider, attribute, ())
    return tuple(values) if isinstance(values, (tuple, list, dict)) else ()


def _is_latin(name: str) -> bool:
    return len(name) > 1 and name[0].isupper() and all(c <= _LAST_LETTER for c in name)


def _invented(names: Names, rng: random.Random) -> str:
    """The beginning of one name with the end of another."""
    front, back = (rng.choice(rng.choice(names.first)) for _ in range(2))
    return front[: rng.randint(2, 4)] + back[len(back) // 2 :].lower()
