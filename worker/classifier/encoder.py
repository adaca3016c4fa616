"""Cutting texts into windows that fit the model, with the sentences in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.models import windows
from worker.models.windows import Sentence, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.models.tokenization import BatchTokenizer

#: Most tokens of a piece of evidence: a longer sentence, as in a transcript without full stops, is
#: cut.
EVIDENCE_TOKENS = 48


class Encoder:
    """Tokenizes texts and cuts them into windows.

    Args:
        tokenizer: that of the model.
        window_tokens: most tokens in a window, special tokens included.
    """

    def __init__(self, tokenizer: BatchTokenizer, window_tokens: int) -> None:
        self.tokenizer = tokenizer
        self._room = window_tokens - len(tokenizer.before) - len(tokenizer.after)

    def windows(self, texts: Sequence[str], *, by_sentence: bool = False) -> list[Window]:
        """The windows of all texts, in order, without those in which the model knows no word.

        Args:
            texts: of any length.
            by_sentence: make each sentence a window of its own, instead of as few windows as hold
                the text.
        """
        most = min(self._room, EVIDENCE_TOKENS)
        before, after = self.tokenizer.before, self.tokenizer.after
        found = []
        for index, (text, tokens) in enumerate(zip(texts, self.tokenizer(texts), strict=True)):
            ids, offsets = tokens.ids, tokens.offsets
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
                known = tuple(
                    self._sentence(a, b, places) for a, b in inner if self._knows_any(part[a:b])
                )
                token_ids = (*before, *part, *after)
                found.append(Window(index, token_ids, places[0][0], places[-1][1], known))
        return found

    def _sentence(self, first: int, last: int, offsets: Sequence[tuple[int, int]]) -> Sentence:
        """The sentence of the tokens `first` to `last` of a window, special tokens not counted."""
        shift = len(self.tokenizer.before)
        return Sentence(shift + first, shift + last, offsets[first][0], offsets[last - 1][1])

    def _knows_any(self, ids: list[int]) -> bool:
        """Whether one of these tokens is not the unknown token."""
        return ids.count(self.tokenizer.unknown_id) < len(ids)
