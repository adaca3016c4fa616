"""Tokenizing texts with the character range of each token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def tokenize_with_offsets(tokenizer: Any, texts: Sequence[str]) -> Any:
    """Tokens of each text, without special tokens and cut nowhere.

    Args:
        tokenizer: a fast one of Hugging Face's.
        texts: at least one.

    Returns:
        A `BatchEncoding`. For each text `input_ids` holds its token ids, and `offset_mapping` the
        half-open range of characters of each token.
    """
    return tokenizer(
        list(texts),
        add_special_tokens=False,
        return_offsets_mapping=True,
        return_attention_mask=False,
        return_token_type_ids=False,
        verbose=False,
    )


def special_tokens(tokenizer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The ids that a tokenizer puts before and behind a text (`[CLS]` and `[SEP]` for BERT)."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    full = tokenizer("a")["input_ids"]
    start = next(i for i in range(len(full)) if full[i : i + len(bare)] == bare)
    return tuple(full[:start]), tuple(full[start + len(bare) :])
