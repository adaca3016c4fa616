"""What goes into the slots of a template, and what kind of personal data it is."""
# ruff: noqa: PLR2004 - shares of shapes are told where they are used

from __future__ import annotations

import re
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING

from faker import Faker

from training import names
from training.pii import places
from worker.anonymizer.taggers.entity_types import ENTITY_TYPES

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

#: The tagger's types; what has no type here is no personal data and must stay.
TYPES = ENTITY_TYPES
TYPE_OF_SLOT = {
    "PERSON": "PERSON",
    "FIRST": "PERSON",
    "LAST": "PERSON",
    "NICK": "PERSON",
    "CITY": "LOCATION",
    "COUNTRY": "LOCATION",
    "REGION": "LOCATION",
    "STREET": "LOCATION",
    "LANDMARK": "LOCATION",
    "ZIP": "LOCATION",
    "ORG": "ORGANIZATION",
    "SCHOOL": "ORGANIZATION",
    "CLINIC": "ORGANIZATION",
    "CHURCH": "ORGANIZATION",
    "DATE": "DATE_TIME",
    "DOB": "DATE_TIME",
    "AGE": "AGE",
    "HANDLE": "CONTACT",
    "USERNAME": "CONTACT",
    "PHONE": "CONTACT",
    "EMAIL": "CONTACT",
    "URL": "CONTACT",
    "ID": "ID",
    "CARD": "ID",
    "IBAN": "ID",
    "IP": "ID",
}
LOCALES = (
    "en_US",
    "en_GB",
    "en_AU",
    "en_CA",
    "en_IE",
    "en_IN",
    "en_NZ",
    "de_DE",
    "fr_FR",
    "es_ES",
    "it_IT",
    "nl_NL",
    "pl_PL",
    "sv_SE",
    "pt_BR",
    "da_DK",
    "fi_FI",
    "cs_CZ",
    "es_MX",
    "tr_TR",
)
_ENGLISH = 7
_POOL = 1500
_REAL_CITY_SHARE = 0.75
_PLACE_TAILS = (
    "Park",
    "River",
    "Lake",
    "Beach",
    "Bridge",
    "Square",
    "Station",
    "Hill",
    "Woods",
    "Valley",
    "Heights",
    "Market",
    "Harbour",
    "Bay",
    "Gardens",
    "Common",
    "Pier",
    "Library",
    "Airport",
)
_SCHOOL_TAILS = (
    "High",
    "High School",
    "Elementary",
    "Primary School",
    "Middle School",
    "College",
    "Academy",
    "University",
    "Grammar School",
    "Community College",
    "Kindergarten",
    "Secondary School",
)
_CLINIC_TAILS = (
    "Hospital",
    "Clinic",
    "Medical Center",
    "Health Centre",
    "General Hospital",
    "Surgery",
    "Infirmary",
    "Counseling Center",
    "Children's Hospital",
    "Rehab",
    "Dental Practice",
    "Hospice",
)
_SAINTS = (
    "St. Mary's",
    "St. Luke's",
    "St Jude's",
    "Mercy",
    "Sacred Heart",
    "Mount Sinai",
    "St. Anne's",
    "Holy Cross",
    "Good Hope",
    "Queen Elizabeth",
    "Royal Victoria",
)
_ORG_TAILS = (
    "Bank",
    "Foods",
    "Logistics",
    "Media",
    "Bakery",
    "Motors",
    "Software",
    "Insurance",
    "Airlines",
    "Records",
    "Brewery",
    "Consulting",
    "Energy",
    "& Co",
    "Inc",
    "Ltd",
    "Group",
    "Holdings",
    "Labs",
    "Partners",
    "Church",
    "Café",
    "Vets",
    "Solicitors",
    "Nursery",
    "Garage",
    "Deli",
    "Theatre",
    "Swimming Club",
    "Housing",
    "Salon",
    "FC",
    "Books",
    "Hotel",
    "Gym",
    "Choir",
    "Broadband",
    "Removals",
    "Builders",
)
_CHURCH_TAILS = (
    "Church",
    "Chapel",
    "Tabernacle",
    "Baptist Church",
    "Methodist",
    "Temple",
    "Mosque",
    "Synagogue",
    "Parish",
    "Community Church",
    "Cathedral",
    "Fellowship",
)
_PATRONS = ("St", "St.", "Saint", "Our Lady of", "Sacred Heart of", "Church of", "San", "Santa")
_COINED_ENDINGS = (
    "ly",
    "ify",
    "io",
    "tech",
    "soft",
    "box",
    "hub",
    "well",
    "co",
    "corp",
    "net",
    "mart",
    "works",
    "gen",
    "ware",
    "ix",
)
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_RELATIVE = (
    "yesterday",
    "two weeks ago",
    "at half past nine",
    "this morning",
    "tonight",
    "last Friday",
    "next week",
    "at 7 pm",
    "in three days",
    "a month ago",
    "at noon",
    "the day before yesterday",
    "around 6:30",
    "last summer",
    "every other day",
    "in the afternoon",
    "for two years now",
    "at 5am",
)
_NATIONALITY = (
    "Polish",
    "Muslim",
    "Irish",
    "Catholic",
    "Nigerian",
    "Jewish",
    "Indian",
    "Hindu",
    "Korean",
    "Mexican",
    "Turkish",
    "Buddhist",
    "German",
    "Sikh",
)
_WORD_SEPARATORS = ("", "_", ".", "-")


@cache
def things() -> dict[str, tuple[str, ...]]:
    """By slot, what has a name and is nobody's."""
    file = files("training").joinpath("data", "pii", "things.txt")
    found: dict[str, tuple[str, ...]] = {}
    slot = ""
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("["):
            slot = line.strip("[]")
        elif line and not line.startswith("#"):
            found[slot] = (*found.get(slot, ()), *line.split(" | "))
    return found


class Slots:
    """Draws values for slots.

    Args:
        rng: the only source of chance.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._names = names.load()
        self._places = places.load()
        self._things = things()
        self._fakers = [Faker(locale) for locale in LOCALES]
        for faker in self._fakers:
            faker.seed_instance(rng.randrange(2**32))
        self._cities = self._pool("city")
        self._streets = [s.replace("\n", ", ") for s in self._pool("street_address")]
        self._addresses = [
            s.replace("\n", rng.choice((", ", "\n", " "))) for s in self._pool("address")
        ]
        self._street_names = self._pool("street_name")
        self._companies = self._pool("company")
        self._phones = self._pool("phone_number")
        self._zips = self._pool("postcode")
        self._regions = [self._fakers[0].state() for _ in range(200)] + [
            f.administrative_unit() for f in self._fakers[2:4] for _ in range(60)
        ]

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
            "FIRST": lambda: people.draw_first(rng),
            "LAST": lambda: people.draw_last(rng),
            "NICK": lambda: people.draw_nick(rng),
            "CITY": self._city,
            "COUNTRY": lambda: self._places.draw_country(rng),
            "REGION": lambda: rng.choice(
                (rng.choice(self._regions), self._places.draw_region(rng))
            ),
            "STREET": lambda: rng.choice(
                rng.choice((self._streets, self._addresses, self._street_names))
            ),
            "LANDMARK": lambda: self._tailed(_PLACE_TAILS),
            "ZIP": lambda: rng.choice(self._zips),
            "ORG": self._organization,
            "SCHOOL": lambda: self._tailed(_SCHOOL_TAILS),
            "CLINIC": lambda: self._tailed(_CLINIC_TAILS, _SAINTS),
            "CHURCH": self._church,
            "DATE": self._date,
            "DOB": self._date,
            "AGE": lambda: str(rng.randint(3, 97)),
            "HANDLE": lambda: "@" + self._username(),
            "USERNAME": self._username,
            "PHONE": lambda: rng.choice(self._phones),
            "EMAIL": self._email,
            "URL": lambda: self._fakers[0].url() + rng.choice(("", self._username())),
            "ID": self._identifier,
            "CARD": self._card,
            "IBAN": lambda: rng.choice(self._fakers[7:]).iban(),
            "IP": lambda: self._fakers[0].ipv4() if rng.random() < 0.8 else self._fakers[0].ipv6(),
            "TITLE": self._title,
            "MONTH": lambda: rng.choice(_MONTHS),
            "WEEKDAY": lambda: rng.choice(_WEEKDAYS),
            "RELTIME": lambda: rng.choice(_RELATIVE),
            "NUM": lambda: str(rng.choice((rng.randint(1, 12), rng.randint(13, 5000)))),
            "NATIONALITY": lambda: rng.choice(_NATIONALITY),
            **{slot: partial(rng.choice, things) for slot, things in self._things.items()},
        }

    def _title(self) -> str:
        """A game, a book or a show that nobody knows: ordinary words with capitals."""
        rng = self._rng
        words = [self._fakers[0].word().capitalize() for _ in range(rng.randint(2, 3))]
        number = str(rng.randint(2, 7)) if rng.random() < 0.1 else ""
        return " ".join([*(["The"] if rng.random() < 0.2 else []), *words, number]).strip()

    def _city(self) -> str:
        """A place that exists, or one in Faker's manner, which no list has."""
        if self._rng.random() < _REAL_CITY_SHARE:
            return self._places.draw_city(self._rng)
        return self._rng.choice(self._cities)

    def _pool(self, method: str) -> list[str]:
        """Values of many locales, the English-speaking ones half of the time."""
        found = []
        for turn in range(_POOL):
            faker = self._fakers[turn % _ENGLISH if turn % 2 else turn % len(self._fakers)]
            found.append(str(getattr(faker, method)()))
        return found

    def _person(self) -> str:
        rng, people = self._rng, self._names
        first, last = people.draw_first(rng), people.draw_last(rng)
        shape = rng.random()
        if shape < 0.8:
            return f"{first} {last}"
        if shape < 0.9:
            return f"{first} {rng.choice('ABCDEFGHJKLMNPRSTVW')}. {last}"
        return f"{first} {people.draw_first(rng)} {last}"

    def _tailed(self, tails: tuple[str, ...], fronts: tuple[str, ...] = ()) -> str:
        rng = self._rng
        front = rng.choice(
            (
                self._city(),
                self._names.draw_last(rng),
                rng.choice(fronts or ("North", "Old Mill", "Green", "Silver", "West", "Riverside")),
            )
        )
        return f"{front} {rng.choice(tails)}"

    def _organization(self) -> str:
        rng = self._rng
        shape = rng.random()
        if shape < 0.55:
            return rng.choice(self._companies)
        if shape < 0.62:  # a young company's: syllables that are no word
            return self._invented() + rng.choice(("", "", " " + rng.choice(_ORG_TAILS)))
        if shape < 0.74:  # a name made of ordinary words, as young companies have
            words = [self._fakers[0].word().capitalize() for _ in range(rng.randint(1, 2))]
            return " ".join([*words, rng.choice(_ORG_TAILS)])
        front = rng.choice((self._city(), self._names.draw_last(rng)))
        return f"{front} {rng.choice(_ORG_TAILS)}"

    def _invented(self) -> str:
        rng = self._rng
        front = rng.choice((self._fakers[0].word(), self._names.draw_last(rng)[:5]))
        return (front + rng.choice(_COINED_ENDINGS)).capitalize()

    def _church(self) -> str:
        rng = self._rng
        if rng.random() < 0.5:
            return f"{rng.choice(_PATRONS)} {self._names.draw_first(rng)}" + rng.choice(("", "'s"))
        return self._tailed(_CHURCH_TAILS, ("New Life", "Grace", "Hope", "First", "Holy Trinity"))

    def _date(self) -> str:
        rng = self._rng
        day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1935, 2026)
        name = _MONTHS[month - 1]
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
        domain = rng.choice(
            (
                "gmail.com",
                "gmial.com",
                "yahoo.co.uk",
                "hotmail.con",
                "outlook.com",
                self._fakers[0].domain_name(),
            )
        )
        return f"{self._username()}@{domain}"

    def _identifier(self) -> str:
        rng = self._rng
        shape = rng.choice(
            (
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
        )
        letters = "ABCDEFGHJKLMNPRSTUVWXYZ"
        return "".join(
            str(rng.randrange(10)) if c == "#" else rng.choice(letters) if c == "?" else c
            for c in shape
        )

    def _card(self) -> str:
        number = self._fakers[0].credit_card_number()
        if self._rng.random() < 0.5:
            number = " ".join(number[i : i + 4] for i in range(0, len(number), 4))
        return number
