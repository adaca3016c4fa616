"""Attention within each of several sequences."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from worker.models.unpadded import attention
from worker.models.unpadded.attention import attend
from worker.models.unpadded.sequences import Sequences, lay_out

CPU = torch.device("cpu")
HEADS, WIDTH = 2, 16
#: Lengths around those from which keys of the next sequence are computed too; the last sequence
#: has none behind it.
LENGTHS = [
    [1],
    [2, 3, 4, 5],
    [15, 16, 17, 18, 19, 20, 21],
    [7, 7, 7, 40, 40, 90],
    [13, 13],
    [30, 9, 9, 31],
]


def projected(lengths: list[int], dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(sum(lengths), 3 * WIDTH, generator=torch.manual_seed(1)).to(dtype)


def batch_of(lengths: list[int]) -> Sequences:
    return lay_out([range(length) for length in lengths], CPU)


def one_by_one(given: torch.Tensor, lengths: list[int]) -> torch.Tensor:
    found = []
    for part in given.split(lengths):
        queries, keys, values = part.view(len(part), 3, HEADS, -1).permute(1, 2, 0, 3).double()
        weights = (queries @ keys.transpose(1, 2) * (WIDTH // HEADS) ** -0.5).softmax(dim=-1)
        found.append((weights @ values).transpose(0, 1).reshape(len(part), WIDTH))
    return torch.cat(found)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize(
    ("dtype", "bound"), [(torch.float32, 1e-6), (torch.bfloat16, 0.03), (torch.float16, 4e-3)]
)
def test_each_token_attends_to_its_own_sequence(
    lengths: list[int], dtype: torch.dtype, bound: float
) -> None:
    given = projected(lengths, dtype)
    found = attend(given, batch_of(lengths), HEADS)
    assert found.dtype is dtype
    assert (found - one_by_one(given, lengths)).abs().max() < bound


@pytest.mark.parametrize("lengths", LENGTHS)
def test_nothing_of_a_sequence_reaches_another(lengths: list[int]) -> None:
    given = projected(lengths)
    before = attend(given, batch_of(lengths), HEADS)
    for first, length in zip(batch_of(lengths).bounds.tolist(), lengths, strict=False):
        changed = given.clone()
        changed[first : first + length] = 1e4
        after = attend(changed, batch_of(lengths), HEADS)
        after[first : first + length] = before[first : first + length]
        assert torch.equal(after, before)


def test_a_gpu_is_asked_for_all_sequences_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flash attention of sequences end to end, tried with a stand-in that computes on the CPU."""
    lengths = [3, 5, 5]
    given = projected(lengths, torch.bfloat16)
    asked = []

    def varlen(*given: Any) -> torch.Tensor:
        queries, keys, values, bounds, other, longest, _ = given
        assert bounds is other
        assert bounds.dtype is torch.int32
        asked.append((bounds.tolist(), longest))
        ends = zip(bounds.tolist(), bounds.tolist()[1:], strict=False)
        parts = [
            functional.scaled_dot_product_attention(
                *(part[a:b].transpose(0, 1) for part in (queries, keys, values))
            ).transpose(0, 1)
            for a, b in ends
        ]
        return torch.cat(parts)

    monkeypatch.setattr(attention, "_varlen", lambda: varlen)
    monkeypatch.setattr(attention, "_on_gpu", lambda _: True)
    found = attend(given, batch_of(lengths), HEADS)
    assert asked == [([0, 3, 8, 13], 5)]
    assert (found - one_by_one(given, lengths)).abs().max() < 0.03


@pytest.mark.parametrize("missing", ["varlen", "half precision"])
def test_a_gpu_without_it_attends_by_length(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = [3, 13, 13]
    dtype = torch.bfloat16 if missing == "varlen" else torch.float32
    given = projected(lengths, dtype)
    monkeypatch.setattr(attention, "_on_gpu", lambda _: True)
    if missing == "varlen":
        monkeypatch.setattr(attention, "_varlen", lambda: None)
    found = attend(given, batch_of(lengths), HEADS)
    assert (found - one_by_one(given, lengths)).abs().max() < 0.03
