"""A split into two parts that keeps the share of every label, rare ones included.

Iterative stratification: K. Sechidis, G. Tsoumakas, I. Vlahavas, "On the stratification of
multi-label data", ECML PKDD 2011, algorithm 1, for two parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.entries.multi_hot import multi_hot, targets
from training.entries.prepared.passages import Passage, passages
from training.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.entries.record import Record

TRAIN, VALIDATION = 0, 1


@dataclass(frozen=True, slots=True)
class Part:
    """One of the two parts of a split.

    Attributes:
        texts: the entries.
        labels: what applies to them, 0 or 1, shape `(texts, labels)`.
        targets: what to learn: the same, shares of votes, or soft labels; NaN where it is not
            known.
        weights: how much each text counts.
        places: where in each text its labels are to be seen, from 0 (its beginning) to 1.
        passages: of each text, the sentences of which anything is known.
        sentences: how many of the texts are sentences cut out of others; they stand behind these.
        composed: how many are put together of others; they stand last.
        soft: of how many the targets are in part what the large model says.
    """

    texts: list[str]
    labels: NDArray[np.float32]
    targets: NDArray[np.float32]
    weights: list[float]
    places: list[float]
    passages: list[tuple[Passage, ...]]
    sentences: int = 0
    composed: int = 0
    soft: int = 0

    @classmethod
    def of(cls, records: Sequence[Record], names: Sequence[str]) -> Part:
        """The part that these records make.

        Args:
            records: with their texts as the model is to see them.
            names: of the labels, in the order of the columns.
        """
        return cls(
            [record.text for record in records],
            multi_hot((record.labels for record in records), names),
            targets(records, names),
            [record.weight for record in records],
            [record.place for record in records],
            [passages(record, names) for record in records],
        )

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where it is known whether a label applies, shape `(texts, labels)`."""
        return ~np.isnan(self.targets)


def stratified_split(
    labels: NDArray[np.float32],
    groups: NDArray[np.int64] | None = None,
    *,
    validation_share: float,
    seed: int,
) -> tuple[list[int], list[int]]:
    """Split the rows in two parts that each hold about their share of every label.

    Args:
        labels: multi-hot, shape `(entries, labels)`.
        groups: of each row, the number of its group, counted from 0 without gaps; a group stays
            in one part. Each row by itself if it is left out.
        validation_share: between 0 and 1, exclusive.
        seed: the same seed gives the same split.

    Returns:
        Row numbers for training and for validation, each in ascending order; together every row
        once.

    Raises:
        DataError: one part would be empty.
    """
    groups = np.arange(len(labels)) if groups is None else groups
    # Entries without a label are a class of their own: their share matters as well.
    classes = np.column_stack([labels > 0, ~(labels > 0).any(axis=1)])
    sizes = np.bincount(groups)
    members = np.zeros((len(sizes), classes.shape[1]), dtype=int)
    np.add.at(members, groups, classes)
    shares = np.array([1.0 - validation_share, validation_share])
    part = _assigned(members, sizes, shares, np.random.default_rng(seed))
    train, validation = (
        np.flatnonzero(part[groups] == which).tolist() for which in (TRAIN, VALIDATION)
    )
    if not train or not validation:
        raise DataError(f"{len(labels)} entries are too few to set some aside for validation")
    return train, validation


def _assigned(
    members: NDArray[np.int64],
    sizes: NDArray[np.int64],
    shares: NDArray[np.float64],
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    """The part of each group, shape `(groups,)`; classes are dealt out from the rarest on.

    Args:
        members: how many entries of each class a group has, shape `(groups, classes)`.
        sizes: how many entries it has, shape `(groups,)`.
        shares: of each part, shape `(parts,)`, 1 together.
        generator: decides between parts that lack the same.
    """
    wanted_rows = shares * sizes.sum()
    wanted = shares[:, None] * members.sum(axis=0)
    remaining = np.ones(len(members), dtype=bool)
    part = np.zeros(len(members), dtype=int)
    while remaining.any():
        counts = members[remaining].sum(axis=0)
        rarest = int(np.argmin(np.where(counts > 0, counts, np.inf)))
        for group in generator.permutation(np.flatnonzero(remaining & (members[:, rarest] > 0))):
            chosen = _neediest(wanted[:, rarest], wanted_rows, generator)
            part[group] = chosen
            remaining[group] = False
            wanted[chosen] -= members[group]
            wanted_rows[chosen] -= sizes[group]
    return part


def _neediest(
    label_wanted: NDArray[np.float64],
    rows_wanted: NDArray[np.float64],
    generator: np.random.Generator,
) -> int:
    """The part that lacks most of this class; of equals most rows; of equals a random one."""
    best = np.flatnonzero(label_wanted == label_wanted.max())
    best = best[rows_wanted[best] == rows_wanted[best].max()]
    return int(generator.choice(best))
