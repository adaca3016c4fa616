"""From texts to windows of the model's size, with the sentences in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.models import windows
from worker.models.tokenization import special_tokens, tokenize_with_offsets
from worker.models.windows import Sentence, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A "sentence" longer than this, as in a transcript without full stops, is cut for evidence.
EVIDENCE_TOKENS = 48


class Encoder:
    """Tokenizes and cuts.

    Args:
        tokenizer: a fast one.
        window_tokens: most tokens in a window, special tokens included.
    """

    def __init__(self, tokenizer: Any, window_tokens: int) -> None:
        self._tokenizer = tokenizer
        self._before, self._after = special_tokens(tokenizer)
        self._room = window_tokens - len(self._before) - len(self._after)

    def windows(self, texts: Sequence[str], *, by_sentence: bool = False) -> list[Window]:
        """Windows of the model's size, or each sentence as a window of its own.

        What holds no word that the model knows is left out.
        """
        if not texts:
            return []
        encoded = tokenize_with_offsets(self._tokenizer, texts)
        most = min(self._room, EVIDENCE_TOKENS)
        pieces = []
        for index, (text, ids, offsets) in enumerate(
            zip(texts, encoded["input_ids"], encoded["offset_mapping"], strict=True)
        ):
            ends = windows.sentence_ends(text)
            cut = (
                windows.sentences(ids, offsets, ends, most)
                if by_sentence
                else windows.cut(ids, offsets, ends, self._room)
            )
            for first, last in cut:
                part, places = ids[first:last], offsets[first:last]
                if not self._knows_any(part):
                    continue  # nothing to judge
                inner = [] if by_sentence else windows.sentences(part, places, ends, most)
                pieces.append(
                    Window(
                        index,
                        (*self._before, *part, *self._after),
                        places[0][0],
                        places[-1][1],
                        tuple(
                            self._sentence(a, b, places)
                            for a, b in inner
                            if self._knows_any(part[a:b])
                        ),
                    )
                )  # fmt: skip
        return pieces

    def _sentence(self, first: int, last: int, offsets: Sequence[tuple[int, int]]) -> Sentence:
        shift = len(self._before)
        return Sentence(shift + first, shift + last, offsets[first][0], offsets[last - 1][1])

    def _knows_any(self, ids: Sequence[int]) -> bool:
        """Whether the model knows a word of these."""
        return any(token != self._tokenizer.unk_token_id for token in ids)
