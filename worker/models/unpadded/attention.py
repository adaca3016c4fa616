"""Attention within each of several sequences that stand end to end."""

from __future__ import annotations

import importlib
import math
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from worker.models.unpadded.sequences import Sequences

#: torch's kernel for CPUs computes the softmax of this many keys at once, and what is left over one
#: by one: seven keys take longer than sixteen. (AVX-512; half as many with AVX2.)
KEYS_AT_ONCE = 16
#: So few keys that are left over take no longer than a mask does.
FEW_KEYS = 3
#: What flash attention computes in.
_HALVES = (torch.bfloat16, torch.float16)


def attend(projected: torch.Tensor, batch: Sequences, heads: int) -> torch.Tensor:
    """Let each token attend to the tokens of its own sequence.

    Args:
        projected: queries, keys and values side by side, of shape `(tokens, 3 * hidden)`.
        batch: the sequences.
        heads: the attention heads that `hidden` is divided into.

    Returns:
        What each token takes from its sequence, of shape `(tokens, hidden)`.
    """
    if _on_gpu(projected) and projected.dtype in _HALVES and (varlen := _varlen()) is not None:
        queries, keys, values = projected.view(len(projected), 3, heads, -1).unbind(1)
        bounds, longest = batch.bounds.int(), max(batch.lengths)
        found: torch.Tensor = varlen(queries, keys, values, bounds, bounds, longest, longest)
        return found.flatten(1)
    runs = [_attend_run(projected, heads, *run) for run in batch.runs()]
    if more := len(projected) - batch.tokens:
        runs.append(projected.new_zeros(more, projected.shape[1] // 3))
    return runs[0] if len(runs) == 1 else torch.cat(runs)


@cache
def _varlen() -> Any:
    """Torch's attention for sequences end to end; None where this version has none.

    Looked up where there is a GPU only: its module brings torch's compiler, which takes a second
    and 100 MB.
    """
    try:
        return importlib.import_module("torch.nn.attention.varlen").varlen_attn
    except ImportError:  # torch has it since 2.10
        return None


def _on_gpu(tensor: torch.Tensor) -> bool:
    return tensor.is_cuda


def _attend_run(
    projected: torch.Tensor, heads: int, first: int, count: int, length: int
) -> torch.Tensor:
    """`attend` for `count` sequences of one length, of which `first` is the first token."""
    width = projected.shape[1] // 3
    reach = _reach(length)
    mask = None
    if _on_gpu(projected) or first + (count - 1) * length + reach > len(projected):
        reach = length
    if reach > length:
        mask = _first_keys(length, reach, projected.dtype)

    def part(which: int, tokens: int) -> torch.Tensor:
        """Queries, keys or values of shape `(sequences, heads, tokens, size of a head)`."""
        strides = (length * 3 * width, width // heads, 3 * width, 1)
        offset = projected.storage_offset() + first * 3 * width + which * width
        return projected.as_strided((count, heads, tokens, width // heads), strides, offset)

    found = functional.scaled_dot_product_attention(
        part(0, length), part(1, reach), part(2, reach), attn_mask=mask
    )
    return found.transpose(1, 2).reshape(count * length, width)


def _reach(length: int) -> int:
    """How many keys to compute for a sequence: also some of the next one's, which get no weight."""
    over = length % KEYS_AT_ONCE
    return length if over <= FEW_KEYS else length - over + KEYS_AT_ONCE


@lru_cache(maxsize=1024)
def _first_keys(length: int, reach: int, dtype: torch.dtype) -> torch.Tensor:
    """What to add to the scores so that only the first `length` of `reach` keys get a weight."""
    mask = torch.zeros(1, 1, 1, reach, dtype=dtype)
    mask[..., length:] = -math.inf
    return mask.expand(1, 1, length, reach)
