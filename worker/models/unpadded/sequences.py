"""Token sequences of any lengths laid end to end, so that no padding is computed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray


#: The least step between two numbers of rows that products have on a CPU, and how many steps there
#: are between a number and its double; see `full_rows`.
_LEAST_STEP = 8
_STEPS = 8


@dataclass(frozen=True, slots=True)
class Sequences:
    """What a model is given for one forward pass; its tensors are on the device of the model.

    Attributes:
        ids: the token ids of all sequences, one behind the other: of shape `(tokens,)`, int64. On
            a CPU there may be rows behind them which belong to none; whoever reads the states
            leaves them out.
        types: their token types, of the same shape; None if all are 0.
        positions: the place of each token in its sequence, from 0 on, of the same shape.
        bounds: where each sequence starts, and at the end the number of tokens: of shape
            `(sequences + 1,)`, int64.
        lengths: the tokens of each sequence.
    """

    ids: torch.Tensor
    types: torch.Tensor | None
    positions: torch.Tensor
    bounds: torch.Tensor
    lengths: tuple[int, ...]

    @property
    def tokens(self) -> int:
        """The tokens of all sequences."""
        return sum(self.lengths)

    def runs(self) -> Iterator[tuple[int, int, int]]:
        """Neighbouring sequences of one length: their first token, their number, their length."""
        first = 0
        for length, group in itertools.groupby(self.lengths):
            count = sum(1 for _ in group)
            yield first, count, length
            first += count * length


def lay_out(
    sequences: Sequence[Sequence[int]],
    device: torch.device,
    types: Sequence[Sequence[int]] | None = None,
) -> Sequences:
    """Lay sequences end to end.

    Args:
        sequences: token ids, special tokens included; at least one sequence, none of them empty.
        device: where to put the tensors.
        types: the token type of each token; all are 0 by default.
    """
    lengths = np.array([len(sequence) for sequence in sequences])
    bounds = np.concatenate(([0], lengths.cumsum()))
    total = int(bounds[-1])
    more = full_rows(total, device) - total
    columns = [
        np.pad(column, (0, more))
        for column in (
            _joined(sequences, total),
            np.arange(total) - np.repeat(bounds[:-1], lengths),
            *([_joined(types, total)] if types is not None else []),
        )
    ]
    columns.append(bounds)
    ids, positions, *rest = on_device(columns, device)
    return Sequences(
        ids=ids,
        types=rest[0] if types is not None else None,
        positions=positions,
        bounds=rest[-1],
        lengths=tuple(lengths.tolist()),
    )


def full_rows(rows: int, device: torch.device) -> int:
    """How many rows to compute where so many are wanted: on a CPU one of few numbers.

    oneDNN makes a program for each number of rows that it meets and keeps it, about 0.6 MB: with
    any number of rows a process grew by 230 MB over 640 texts. With these it computes 3% more rows.
    """
    if device.type != "cpu":
        return rows
    step = max(_LEAST_STEP, (1 << (rows - 1).bit_length()) // (2 * _STEPS))
    return -(-rows // step) * step


def numbers_of_rows(most: int) -> list[int]:
    """The numbers that `full_rows` gives on a CPU for up to so many rows, the smallest first."""
    cpu = torch.device("cpu")
    return sorted({full_rows(rows, cpu) for rows in range(1, most + 1)})


def on_device(
    columns: Sequence[NDArray[np.int64]], device: torch.device
) -> tuple[torch.Tensor, ...]:
    """Integers, each of shape `(n,)`, as tensors on a device, in a copy that nothing waits for."""
    joined = torch.from_numpy(np.concatenate(columns))
    if device.type == "cuda":
        joined = joined.pin_memory().to(device, non_blocking=True)
    return torch.split(joined, [len(column) for column in columns])


def _joined(rows: Sequence[Sequence[int]], total: int) -> NDArray[np.int64]:
    return np.fromiter(itertools.chain.from_iterable(rows), dtype=np.int64, count=total)


def full_passes(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Group sequences into passes, shortest first, so that those of one length are neighbours.

    Args:
        lengths: tokens of each sequence.
        budget: most tokens in a pass. A longer sequence is a pass by itself.

    Yields:
        Indices into `lengths`; together the passes hold each once.
    """
    group: list[int] = []
    total = 0
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if group and total + lengths[index] > budget:
            yield group
            group, total = [], 0
        group.append(index)
        total += lengths[index]
    if group:
        yield group
