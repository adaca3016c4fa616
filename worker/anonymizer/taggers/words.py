"""A text's tokens by words, and how each word is written."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from worker.models.tokenization import tokenize_with_offsets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: What a token type says of its word.
LOWER, TITLE, UPPER, MIXED = range(4)
CASINGS = 4


def casing(word: str) -> int:
    """How a word is written, as a token type."""
    if word.islower() or not any(c.isalpha() for c in word):
        return LOWER
    if word[0].isupper() and (len(word) == 1 or word[1:].islower()):
        return TITLE
    return UPPER if word.isupper() else MIXED


@dataclass(frozen=True, slots=True)
class Words:
    """A text's tokens, grouped by words.

    Attributes:
        ids: token ids, without special tokens.
        types: the token type of each: its word's casing.
        offsets: the character range of each token.
        starts: for each word the index of its first token, and the number of tokens at the end.
    """

    ids: list[int]
    types: list[int]
    offsets: list[tuple[int, int]]
    starts: list[int]


def encode(tokenizer: Any, texts: Sequence[str], *, punctuation: bool = False) -> Iterator[Words]:
    """Tokens with casings; training and use must see the same.

    Args:
        tokenizer: a fast one.
        texts: what to encode.
        punctuation: also part words from the punctuation beside them. BERT's tokenizer does so
            anyway; others take `(Anna,` for one word.
    """
    encoded = tokenize_with_offsets(tokenizer, texts)
    for index, text in enumerate(texts):
        ids, offsets = encoded["input_ids"][index], encoded["offset_mapping"][index]
        word_of = encoded.word_ids(index)
        starts = [
            i
            for i in range(len(ids))
            if i == 0
            or word_of[i] != word_of[i - 1]
            or (punctuation and _parted(text, offsets[i - 1], offsets[i]))
        ]
        starts.append(len(ids))
        types: list[int] = []
        for first, behind in itertools.pairwise(starts):
            token_type = casing(text[offsets[first][0] : offsets[behind - 1][1]])
            types += [token_type] * (behind - first)
        yield Words(ids, types, offsets, starts)


def _parted(text: str, left: tuple[int, int], right: tuple[int, int]) -> bool:
    """Whether one of two neighbouring tokens is punctuation where they meet."""
    before, after = text[slice(*left)].strip(), text[slice(*right)].strip()
    return not (before[-1:].isalnum() and after[:1].isalnum())
