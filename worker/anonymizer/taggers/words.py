"""The tokens of a text grouped by words, and what each word looks like."""

from __future__ import annotations

import itertools
import string
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from worker.anonymizer.taggers import lexicon
from worker.models.tokenization import tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from worker.models.tokenization import Tokens

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
    usual = _usual_types().get(word)
    return _token_type(word) if usual is None else usual


@cache
def _usual_types() -> dict[str, int]:
    """The token types of what most tokens of a diary are: common words and punctuation."""
    common = lexicon.most_common_words()
    usual = (*common, *map(str.capitalize, common), *string.punctuation)
    return {word: _token_type(word) for word in usual}


def _token_type(word: str) -> int:
    of_letters = LOWER if word.islower() else casing(word)  # most are
    return of_letters + CASINGS * lexicon.kind(word)


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
        punctuation: see `words_of`.
    """
    for text, tokens in zip(texts, tokens_of(tokenizer, texts), strict=True):
        yield words_of(text, tokens, punctuation=punctuation)


def words_of(text: str, tokens: Tokens, *, punctuation: bool = False) -> Words:
    """The tokens of a text by words.

    Args:
        text: the text.
        tokens: its tokens.
        punctuation: whether to separate words from the punctuation beside them. BERT's tokenizer
            always does; others take `(Anna,` for one word.
    """
    offsets, word_of = tokens.offsets, tokens.words
    starts = [0] if word_of else []
    starts += [i for i, (last, word) in enumerate(itertools.pairwise(word_of), 1) if word != last]
    if punctuation:
        apart = (i for i in range(1, len(offsets)) if _are_separate(text, *offsets[i - 1 : i + 1]))
        starts = sorted({*starts, *apart})
    starts.append(len(offsets))
    types: list[int] = []
    for first, behind in itertools.pairwise(starts):
        of_word = token_type(text[offsets[first][0] : offsets[behind - 1][1]])
        types += [of_word] * (behind - first)
    return Words(tokens.ids, types, offsets, starts)


def _are_separate(text: str, left: tuple[int, int], right: tuple[int, int]) -> bool:
    """Whether two neighbouring tokens belong to two words: one is punctuation where they meet."""
    before, after = text[slice(*left)].strip(), text[slice(*right)].strip()
    return not (before[-1:].isalnum() and after[:1].isalnum())
