"""Shards as a setting tells them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pydantic import SecretStr

from producer.sharding.rendezvous import owner

MAX_SHARDS = 64
_NAME = re.compile(r"[a-z0-9-]{1,32}")
_OPTION = re.compile(r"(weight|also)=(0|[1-9][0-9]{0,3})")


class Shard(NamedTuple):
    """One Redis primary of several.

    Attributes:
        name: of `a-z0-9-`, at most 32; entries are assigned by it, so it stays when the URL moves.
        url: where it is, as `JOURNAL_REDIS_URL`; shows in no repr.
        weight: entries are assigned to the shards in proportion to their weights; 0 for none.
        also: the weight that it had, or is to get: an id is looked for where that would put it,
            too, so that a change of weights lets no entry in twice.
    """

    name: str
    url: SecretStr
    weight: int = 1
    also: int = 1


class Shards(NamedTuple):
    """All shards.

    Attributes:
        all: the shards, in the order of the setting.
    """

    all: tuple[Shard, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(shard.name for shard in self.all)

    def named(self, name: str) -> Shard | None:
        """The shard of this name, if there is one."""
        return next((shard for shard in self.all if shard.name == name), None)

    def owners(self, entry_id: str) -> tuple[str, ...]:
        """The shards that may have an entry: first that which gets it, then its other one, if any.

        Args:
            entry_id: of the entry.
        """
        first = owner({shard.name: shard.weight for shard in self.all}, entry_id)
        other = owner({shard.name: shard.also for shard in self.all}, entry_id)
        return (first,) if other == first else (first, other)


@lru_cache(maxsize=16)
def parse_shards(text: str) -> Shards:
    """Shards as the setting tells them, apart by blanks or line ends.

        a=redis://one:6379/0 b=redis://two:6379/0;weight=2 c=redis://three:6379/0;weight=0;also=1

    Args:
        text: for each shard `name=URL`, and if wanted its `weight` (0 to 9999, by default 1) and
            its `also` (by default its weight), each behind a semicolon.

    Raises:
        ValueError: it is none; the message says why, and holds no URL.
    """
    shards = tuple(_shard(part) for part in text.split())
    if not 0 < len(shards) <= MAX_SHARDS:
        raise ValueError(f"1 to {MAX_SHARDS} shards such as a=redis://one:6379/0;weight=2")
    if len({shard.name for shard in shards}) < len(shards):
        raise ValueError("two shards have the same name")
    if not any(shard.weight for shard in shards) or not any(shard.also for shard in shards):
        raise ValueError("one shard at least has to have a weight above 0")
    return Shards(shards)


def _shard(text: str) -> Shard:
    name, _, rest = text.partition("=")
    url, *options = rest.split(";")
    if not _NAME.fullmatch(name) or "://" not in url:
        raise ValueError("a shard is told as name=URL, its name of a-z, 0-9 and -")
    found = [_OPTION.fullmatch(option) for option in options]
    values = {match[1]: int(match[2]) for match in found if match}
    if None in found or len(values) < len(options):
        raise ValueError(f"shard {name}: weight=0 to 9999 and also=0 to 9999 stand behind its URL")
    weight = values.get("weight", 1)
    return Shard(name, SecretStr(url), weight, values.get("also", weight))
