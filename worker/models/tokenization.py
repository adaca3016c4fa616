"""Tokenizing texts with the character range of each token."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """The tokens of a text, without special tokens and cut nowhere.

    Attributes:
        ids: token ids.
        offsets: the half-open range of characters of each token.
        words: for each token the number of its word, as the tokenizer counts them.
    """

    ids: list[int]
    offsets: list[tuple[int, int]]
    words: list[int | None]


def tokens_of(tokenizer: Any, texts: Sequence[str]) -> list[Tokens]:
    """The tokens of each text, straight from the library below Hugging Face's tokenizers.

    Args:
        tokenizer: a fast one of Hugging Face's.
        texts: any number.
    """
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    encodings = backend.encode_batch(list(texts), add_special_tokens=False)
    return [Tokens(each.ids, each.offsets, each.word_ids) for each in encodings]


class TokenMemory:
    """The tokens of one batch of texts, for models that have the same tokenizer.

    It holds texts: whoever makes it forgets them when the batch is done.
    """

    def __init__(self) -> None:
        self.tokens: dict[str, Tokens] = {}

    def forget(self) -> None:
        """Keep nothing of the batch."""
        self.tokens.clear()


class BatchTokenizer:
    """Tokenizes for one model.

    Args:
        tokenizer: a fast one of Hugging Face's.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._memory: TokenMemory | None = None
        self.before, self.after = special_tokens(tokenizer)
        #: -1, which no token has, where the tokenizer knows everything.
        self.unknown_id: int = -1 if tokenizer.unk_token_id is None else tokenizer.unk_token_id
        self.padding_id: int = tokenizer.pad_token_id or 0

    def __call__(self, texts: Sequence[str]) -> list[Tokens]:
        """The tokens of each text, in the same order."""
        if self._memory is None:
            return tokens_of(self._tokenizer, texts)
        known = self._memory.tokens
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(missing, tokens_of(self._tokenizer, missing), strict=True))
        return [known[text] for text in texts]

    def remember_in(self, memory: TokenMemory) -> None:
        """Look texts up there before tokenizing them, and keep those of the batch there."""
        self._memory = memory

    def fingerprint(self) -> bytes:
        """The same for two tokenizers that make the same tokens of every text."""
        backend = self._tokenizer.backend_tokenizer
        backend.no_truncation()
        backend.no_padding()
        return hashlib.sha256(backend.to_str().encode()).digest()


def share_tokens(memory: TokenMemory, *tokenizers: BatchTokenizer | None) -> bool:
    """Let tokenizers share the tokens of a batch, if they are the same; tells whether they are.

    Args:
        memory: where to keep them.
        tokenizers: those of all models; None of a model that has none of this kind.
    """
    if None in tokenizers or len({one.fingerprint() for one in tokenizers if one}) > 1:
        return False
    for one in tokenizers:
        if one is not None:
            one.remember_in(memory)
    return True


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
