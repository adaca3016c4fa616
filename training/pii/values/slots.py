"""What goes into the slots of a template."""
# ruff: noqa: PLR2004 - shares of shapes are told where they are used

from __future__ import annotations

import re
from functools import cache, partial
from typing import TYPE_CHECKING

from training import names
from training.pii.values import places
from training.pii.values.ordinary_words import draw_english
from training.pii.values.pools import ENGLISH, Pools
from training.pii.values.word_lists import THINGS, WORDS, word_lists
from worker.anonymizer.false_positives import NAMES_THAT_ARE_WORDS
from worker.anonymizer.taggers import lexicon

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

_REAL_CITY_SHARE = 0.75
#: How often a first name is a word as well, how often one that Faker may not have, and how often a
#: place is a word as well.
_WORD_NAME_SHARE, _GIVEN_NAME_SHARE, _WORD_CITY_SHARE = 0.05, 0.2, 0.03
#: How often a surname is one that Faker may not have.
_CENSUS_NAME_SHARE = 0.25
_WORD_SEPARATORS = ("", "_", ".", "-")
#: `#` stands for a digit, `?` for a letter.
_IDENTIFIER_SHAPES = (
    "#######",
    "??######",
    "???-######",
    "###-##-####",
    "?########",
    "## ## ## ##",
    "####-####",
    "#########",
    "MRN#######",
    "??-####-??",
    "### ### ####",
    "############",
)
_IDENTIFIER_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


@cache
def _given_names() -> tuple[str, ...]:
    """The first names of the lexicon, in lower case."""
    by_kind = lexicon.words_by_kind().items()
    return tuple(
        word for kind, words in by_kind if lexicon.properties(kind)[1] > 1 for word in words
    )


@cache
def _surnames() -> tuple[str, ...]:
    """The surnames of the lexicon, in lower case."""
    by_kind = lexicon.words_by_kind().items()
    return tuple(word for kind, words in by_kind if lexicon.properties(kind)[2] for word in words)


class Slots:
    """Draws values for slots.

    Args:
        rng: the only source of chance.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._names = names.load()
        self._places = places.load()
        self._things = word_lists(THINGS)
        self._words = word_lists(WORDS)
        self._word_names = sorted(NAMES_THAT_ARE_WORDS)
        self._given_names, self._surnames = _given_names(), _surnames()
        self._pools = Pools.drawn(rng)
        self._fakers = self._pools.fakers

    def draw(self, slot: str) -> str:
        """A value for a slot.

        Raises:
            KeyError: there is no such slot.
        """
        return self._makers()[slot]()

    def _makers(self) -> dict[str, Callable[[], str]]:
        rng, people = self._rng, self._names
        return {
            "PERSON": self._person,
            "FIRST": self._first,
            "LAST": self._last,
            "NICK": lambda: people.draw_nick(rng),
            "CITY": self._city,
            "COUNTRY": lambda: self._places.draw_country(rng),
            "REGION": lambda: rng.choice(
                (rng.choice(self._pools.regions), self._places.draw_region(rng))
            ),
            "STREET": lambda: rng.choice(
                rng.choice((self._pools.streets, self._pools.addresses, self._pools.street_names))
            ),
            "LANDMARK": lambda: self._tailed("PLACE_TAILS"),
            "ZIP": lambda: rng.choice(self._pools.zips),
            "ORG": self._organization,
            "SCHOOL": lambda: self._tailed("SCHOOL_TAILS"),
            "CLINIC": lambda: self._tailed("CLINIC_TAILS", "CLINIC_FRONTS"),
            "CHURCH": self._church,
            "DATE": self._date,
            "DOB": self._date,
            "AGE": lambda: str(rng.randint(3, 97)),
            "HANDLE": lambda: "@" + self._username(),
            "USERNAME": self._username,
            "PHONE": lambda: rng.choice(self._pools.phones),
            "EMAIL": self._email,
            "URL": lambda: self._fakers[0].url() + rng.choice(("", self._username())),
            "ID": self._identifier,
            "CARD": self._card,
            "IBAN": lambda: rng.choice(self._fakers[ENGLISH:]).iban(),
            "IP": lambda: self._fakers[0].ipv4() if rng.random() < 0.8 else self._fakers[0].ipv6(),
            "TITLE": self._title,
            "MONTH": partial(self._word, "MONTHS"),
            "WEEKDAY": partial(self._word, "WEEKDAYS"),
            "RELTIME": partial(self._word, "RELATIVE_TIMES"),
            "NUM": lambda: str(rng.choice((rng.randint(1, 12), rng.randint(13, 5000)))),
            "NATIONALITY": partial(self._word, "NATIONALITIES"),
            **{slot: partial(rng.choice, things) for slot, things in self._things.items()},
        }

    def _title(self) -> str:
        """A game, a book or a show that nobody knows: ordinary words with capitals."""
        rng = self._rng
        words = [self._fakers[0].word().capitalize() for _ in range(rng.randint(2, 3))]
        number = str(rng.randint(2, 7)) if rng.random() < 0.1 else ""
        return " ".join([*(["The"] if rng.random() < 0.2 else []), *words, number]).strip()

    def _first(self) -> str:
        """A first name: one of Faker's, one that parents gave, or one that is a word as well."""
        kind = self._rng.random()
        if kind < _WORD_NAME_SHARE:
            return self._rng.choice(self._word_names).capitalize()
        if kind < _WORD_NAME_SHARE + _GIVEN_NAME_SHARE:
            return self._rng.choice(self._given_names).capitalize()
        return self._names.draw_first(self._rng)

    def _last(self) -> str:
        """A surname: one of Faker's, or one of the lexicon's."""
        if self._rng.random() < _CENSUS_NAME_SHARE:
            return self._rng.choice(self._surnames).capitalize()
        return self._names.draw_last(self._rng)

    def _city(self) -> str:
        """A place that exists, or one in Faker's manner, which no list has."""
        if self._rng.random() < _WORD_CITY_SHARE:
            return self._rng.choice(self._places.words)
        if self._rng.random() < _REAL_CITY_SHARE:
            return self._places.draw_city(self._rng)
        return self._rng.choice(self._pools.cities)

    def _person(self) -> str:
        rng, people = self._rng, self._names
        first, last = self._first(), self._last()
        shape = rng.random()
        if shape < 0.8:
            return f"{first} {last}"
        if shape < 0.9:
            return f"{first} {rng.choice('ABCDEFGHJKLMNPRSTVW')}. {last}"
        return f"{first} {people.draw_first(rng)} {last}"

    def _word(self, words: str) -> str:
        """One of a list of `words.txt`."""
        return self._rng.choice(self._words[words])

    def _tailed(self, tails: str, fronts: str = "FRONTS") -> str:
        """A city, a surname or one of the list `fronts`, and one of the list `tails` behind it."""
        rng = self._rng
        front = rng.choice((self._city(), self._names.draw_last(rng), self._word(fronts)))
        return f"{front} {self._word(tails)}"

    def _organization(self) -> str:
        rng = self._rng
        shape = rng.random()
        if shape < 0.42:
            return rng.choice(self._pools.companies)
        if shape < 0.55:  # a pub's, a café's, a nursery's: two ordinary words
            words = [draw_english(rng).capitalize() for _ in range(2)]
            return rng.choice((" ", " ", " and ", " & ")).join(words)
        if shape < 0.62:  # a young company's: syllables that are no word
            return self._invented() + rng.choice(("", "", " " + self._word("ORGANIZATION_TAILS")))
        if shape < 0.74:  # a name made of ordinary words, as young companies have
            words = [self._fakers[0].word().capitalize() for _ in range(rng.randint(1, 2))]
            return " ".join([*words, self._word("ORGANIZATION_TAILS")])
        front = rng.choice((self._city(), self._names.draw_last(rng)))
        return " ".join([front, self._word("ORGANIZATION_TAILS")])

    def _invented(self) -> str:
        rng = self._rng
        front = rng.choice((self._fakers[0].word(), self._names.draw_last(rng)[:5]))
        return (front + self._word("COINED_ENDINGS")).capitalize()

    def _church(self) -> str:
        rng = self._rng
        if rng.random() < 0.5:
            patron = self._word("PATRONS")
            return f"{patron} {self._names.draw_first(rng)}" + rng.choice(("", "'s"))
        return self._tailed("CHURCH_TAILS", "CHURCH_FRONTS")

    def _date(self) -> str:
        rng = self._rng
        day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1935, 2026)
        name = self._words["MONTHS"][month - 1]
        ending = {1: "st", 2: "nd", 3: "rd"}.get(day % 10 if day not in (11, 12, 13) else 0, "th")
        return rng.choice(
            (
                f"{name} {day}{ending}",
                f"{name} {day}, {year}",
                f"{day} {name} {year}",
                f"{day}{ending} of {name}",
                f"{day}/{month}/{year}",
                f"{month}/{day}/{year % 100:02}",
                f"{day:02}.{month:02}.{year}",
                f"{year}-{month:02}-{day:02}",
                f"{name} {year}",
                f"{name[:3]} {day}",
                f"{day} {name[:3]} {year}",
                f"{year}",
            )
        )

    def _username(self) -> str:
        rng = self._rng
        parts = [rng.choice((self._names.draw_first(rng), self._fakers[0].word())).lower()]
        parts.append(rng.choice((self._fakers[0].word(), self._names.draw_last(rng).lower(), "")))
        joined = rng.choice(_WORD_SEPARATORS).join(filter(None, parts))
        number = str(rng.randint(1, 2010)) if rng.random() < 0.6 else ""
        return re.sub(r"[^\w.-]", "", joined) + number

    def _email(self) -> str:
        rng = self._rng
        domain = rng.choice((*self._words["EMAIL_DOMAINS"], self._fakers[0].domain_name()))
        return f"{self._username()}@{domain}"

    def _identifier(self) -> str:
        rng = self._rng
        shape = rng.choice(_IDENTIFIER_SHAPES)
        return "".join(
            str(rng.randrange(10))
            if c == "#"
            else rng.choice(_IDENTIFIER_LETTERS)
            if c == "?"
            else c
            for c in shape
        )

    def _card(self) -> str:
        number = self._fakers[0].credit_card_number()
        if self._rng.random() < 0.5:
            number = " ".join(number[i : i + 4] for i in range(0, len(number), 4))
        return number
