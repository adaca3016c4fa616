"""The tokens of a text grouped by words, and what each word looks like."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from worker.anonymizer.taggers import lexicon
from worker.models.tokenization import tokenize_with_offsets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOWER, TITLE, UPPER, MIXED = range(4)
CASINGS = 4
#: The token types that are given to the model: for each kind of word in the lexicon all casings.
TOKEN_TYPES = CASINGS * lexicon.KINDS


def casing(word: str) -> int:
    """The casing of a word; the token type of a word of which nothing else is known."""
    if word.islower() or not any(c.isalpha() for c in word):
        return LOWER
    if word[0].isupper() and (len(word) == 1 or word[1:].islower()):
        return TITLE
    return UPPER if word.isupper() else MIXED


def token_type(word: str) -> int:
    """What a word looks like: its casing, and what the lexicon knows of it."""
    return casing(word) + CASINGS * lexicon.kind(word)


@dataclass(frozen=True, slots=True)
class Words:
    """The tokens of a text, grouped by words.

    Attributes:
        ids: token ids, without special tokens.
        types: the token type of each token: that of its word.
        offsets: the half-open range of characters of each token.
        starts: for each word the index of its first token; at the end the number of tokens.
    """

    ids: list[int]
    types: list[int]
    offsets: list[tuple[int, int]]
    starts: list[int]


def encode(tokenizer: Any, texts: Sequence[str], *, punctuation: bool = False) -> Iterator[Words]:
    """Tokens with token types, for training and for use alike.

    Args:
        tokenizer: a fast one of Hugging Face's.
        texts: at least one.
        punctuation: whether to separate words from the punctuation beside them. BERT's tokenizer
            always does; others take `(Anna,` for one word.
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
            or (punctuation and _are_separate(text, offsets[i - 1], offsets[i]))
        ]
        starts.append(len(ids))
        types: list[int] = []
        for first, behind in itertools.pairwise(starts):
            of_word = token_type(text[offsets[first][0] : offsets[behind - 1][1]])
            types += [of_word] * (behind - first)
        yield Words(ids, types, offsets, starts)


def _are_separate(text: str, left: tuple[int, int], right: tuple[int, int]) -> bool:
    """Whether two neighbouring tokens belong to two words: one is punctuation where they meet."""
    before, after = text[slice(*left)].strip(), text[slice(*right)].strip()
    return not (before[-1:].isalnum() and after[:1].isalnum())
