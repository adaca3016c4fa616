"""Faker's values of many countries, drawn once: to ask Faker for each example would be slow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from faker import Faker

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

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
#: So many of them, the first ones, speak English.
ENGLISH = 7
_VALUES = 1500
_STATES, _COUNTIES_EACH = 200, 60


@dataclass(frozen=True, slots=True)
class Pools:
    """Values to choose from, of all locales together.

    Attributes:
        fakers: one for each of `LOCALES`, in their order, for what is not drawn beforehand.
    """

    fakers: tuple[Faker, ...]
    cities: list[str]
    streets: list[str]
    addresses: list[str]
    street_names: list[str]
    companies: list[str]
    phones: list[str]
    zips: list[str]
    regions: list[str]

    @classmethod
    def drawn(cls, rng: random.Random) -> Pools:
        """Pools that depend on `rng` alone.

        The order in which values are drawn belongs to what a seed gives: a pool that is added
        must be drawn last.
        """
        fakers = tuple(Faker(locale) for locale in LOCALES)
        for faker in fakers:
            faker.seed_instance(rng.randrange(2**32))
        _sort_italian_cities(fakers[LOCALES.index("it_IT")])
        return cls(
            fakers=fakers,
            cities=_values(fakers, "city"),
            streets=[s.replace("\n", ", ") for s in _values(fakers, "street_address")],
            addresses=[
                s.replace("\n", rng.choice((", ", "\n", " "))) for s in _values(fakers, "address")
            ],
            street_names=_values(fakers, "street_name"),
            companies=_values(fakers, "company"),
            phones=_values(fakers, "phone_number"),
            zips=_values(fakers, "postcode"),
            regions=[fakers[0].state() for _ in range(_STATES)]
            + [f.administrative_unit() for f in fakers[2:4] for _ in range(_COUNTIES_EACH)],
        )


def _sort_italian_cities(faker: Faker) -> None:
    """Faker makes this list of a set, whose order changes from process to process."""
    for provider in faker.get_providers():
        if hasattr(provider, "cities"):
            provider.cities = sorted(provider.cities)


def _values(fakers: Sequence[Faker], method: str) -> list[str]:
    """Values of many locales, the English-speaking ones half of the time."""
    found = []
    for turn in range(_VALUES):
        faker = fakers[turn % ENGLISH if turn % 2 else turn % len(fakers)]
        found.append(str(getattr(faker, method)()))
    return found
