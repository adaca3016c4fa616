"""Cutting texts into windows that fit the model, with the sentences in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.models import windows
from worker.models.tokenization import special_tokens, tokenize_with_offsets
from worker.models.windows import Sentence, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Most tokens of a piece of evidence: a longer sentence, as in a transcript without full stops, is
#: cut.
EVIDENCE_TOKENS = 48


class Encoder:
    """Tokenizes texts and cuts them into windows.

    Args:
        tokenizer: a fast one of Hugging Face's.
        window_tokens: most tokens in a window, special tokens included.
    """

    def __init__(self, tokenizer: Any, window_tokens: int) -> None:
        self._tokenizer = tokenizer
        self._before, self._after = special_tokens(tokenizer)
        self._room = window_tokens - len(self._before) - len(self._after)

    def windows(self, texts: Sequence[str], *, by_sentence: bool = False) -> list[Window]:
        """The windows of all texts, in order, without those in which the model knows no word.

        Args:
            texts: of any length.
            by_sentence: make each sentence a window of its own, instead of as few windows as hold
                the text.
        """
        if not texts:
            return []
        encoded = tokenize_with_offsets(self._tokenizer, texts)
        pairs = zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
        most = min(self._room, EVIDENCE_TOKENS)
        found = []
        for index, (text, (ids, offsets)) in enumerate(zip(texts, pairs, strict=True)):
            ends = windows.sentence_ends(text)
            if by_sentence:
                cut = windows.sentences(ids, offsets, ends, most)
            else:
                cut = windows.cut(ids, offsets, ends, self._room)
            for first, last in cut:
                part, places = ids[first:last], offsets[first:last]
                if not self._knows_any(part):
                    continue
                inner = [] if by_sentence else windows.sentences(part, places, ends, most)
                known = (
                    self._sentence(a, b, places) for a, b in inner if self._knows_any(part[a:b])
                )
                token_ids = (*self._before, *part, *self._after)
                found.append(Window(index, token_ids, places[0][0], places[-1][1], tuple(known)))
        return found

    def _sentence(self, first: int, last: int, offsets: Sequence[tuple[int, int]]) -> Sentence:
        """The sentence of the tokens `first` to `last` of a window, special tokens not counted."""
        shift = len(self._before)
        return Sentence(shift + first, shift + last, offsets[first][0], offsets[last - 1][1])

    def _knows_any(self, ids: Sequence[int]) -> bool:
        """Whether one of these tokens is not the unknown token."""
        return any(token != self._tokenizer.unk_token_id for token in ids)
