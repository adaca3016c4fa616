"""Weighted rendezvous hashing: whoever knows the shards finds the one of an entry, alone.

Each shard gets a score for the entry's id, and the highest one wins. A shard that is added or
removed takes or leaves only its own share: the scores of the others stay what they are.

Sources: D. Thaler and C. Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM
Transactions on Networking 6(1), 1998; the scores by weight are the logarithmic method of
C. Schindelhauer and G. Schomaker, "Weighted distributed hash tables", SPAA 2005.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: So many bits of the digest make the fraction: it is then exact, and never 0 or 1.
_BITS = 52


def score(name: str, weight: float, entry_id: str) -> float:
    """The score of a shard for an entry: `-weight / ln(fraction)`, above 0.

    Args:
        name: of the shard.
        weight: of the shard, above 0.
        entry_id: of the entry.
    """
    digest = hashlib.blake2b(f"{name} {entry_id}".encode(), digest_size=8).digest()
    fraction = ((int.from_bytes(digest) >> (64 - _BITS)) + 0.5) / (1 << _BITS)
    return -weight / math.log(fraction)


def owner(weights: Mapping[str, float], entry_id: str) -> str:
    """The shard of an entry: a share of all ids by weight.

    Args:
        weights: of the shards, by name; at least one is above 0.
        entry_id: of the entry.
    """
    scores = {name: score(name, weight, entry_id) for name, weight in weights.items() if weight}
    return max(scores, key=lambda name: (scores[name], name))


def ranked(names: Iterable[str], key: str) -> list[str]:
    """Shards of equal weight in the order in which to ask them for something.

    Args:
        names: of the shards.
        key: what is asked for. The first shard is its own; the next ones stand in for it.
    """
    return sorted(names, key=lambda name: (score(name, 1, key), name), reverse=True)
