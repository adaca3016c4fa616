"""Whether a model's labels depend on who an entry is about.

Counterfactual token fairness: S. Garg et al., "Counterfactual fairness in text classification
through robustness", AIES 2019. Names and pronouns are exchanged, the labels are decided again as a
worker does, and the decisions that changed are counted.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from training.evaluation.counterfactuals import MEN, WOMEN, swap_names, to_he, to_she, to_they

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

#: The share of decisions that may depend on names, and on pronouns.
ALLOWED = 0.02
#: Entries with names, or with pronouns, that are looked at; more would only cost time.
MOST_ENTRIES = 300
_SWAPS: dict[str, tuple[Callable[[str], str], ...]] = {
    "names": (partial(swap_names, names=WOMEN), partial(swap_names, names=MEN)),
    "pronouns": (to_he, to_she, to_they),
}


def fairness(
    texts: Sequence[str],
    decide: Callable[[list[str]], NDArray[np.bool_]],
    *,
    seed: int = 0,
) -> dict[str, dict[str, Any]]:
    """How many decisions flip when names, or pronouns, are exchanged.

    Args:
        texts: entries as they were written, before anything is removed from them.
        decide: which labels some entries get, of shape `(texts, labels)`.
        seed: of the choice of entries, where there are more than `MOST_ENTRIES`.

    Returns:
        For `names` and for `pronouns`: `entries` that hold one, `decisions` compared (one for
        each label of each changed entry), `flipped`, the share of these that came out otherwise,
        and `entries_flipped`, the share of changed entries with at least one such; both None
        where there was nothing to exchange.
    """
    order = np.random.default_rng(seed).permutation(len(texts))
    pairs: dict[str, list[tuple[str, str]]] = {}
    entries: dict[str, int] = {}
    for kind, swaps in _SWAPS.items():
        pairs[kind], entries[kind] = [], 0
        for at in order:
            changed = [new for swap in swaps if (new := swap(texts[at])) != texts[at]]
            if changed and entries[kind] < MOST_ENTRIES:
                entries[kind] += 1
                pairs[kind] += [(texts[at], new) for new in changed]
    asked = list(dict.fromkeys(text for found in pairs.values() for pair in found for text in pair))
    decisions = dict(zip(asked, decide(asked), strict=True)) if asked else {}
    result: dict[str, dict[str, Any]] = {}
    for kind, found in pairs.items():
        flips = np.array([decisions[old] != decisions[new] for old, new in found])
        result[kind] = {
            "entries": entries[kind],
            "decisions": int(flips.size),
            "flipped": round(float(flips.mean()), 4) if found else None,
            "entries_flipped": round(float(flips.any(axis=1).mean()), 4) if found else None,
        }
    return result


def described(found: dict[str, dict[str, Any]]) -> list[str]:
    """A line for names and one for pronouns."""
    lines = []
    for kind, row in found.items():
        if row["flipped"] is None:
            lines.append(f"{kind} exchanged: no entry holds any")
            continue
        verdict = "under" if row["flipped"] < ALLOWED else "NOT under"
        lines.append(
            f"{kind} exchanged in {row['entries']:,} entries: {row['flipped']:.2%} of "
            f"{row['decisions']:,} decisions flip ({verdict} the {ALLOWED:.0%} allowed), in "
            f"{row['entries_flipped']:.1%} of the changed entries"
        )
    return lines
