"""The tagger: a small BERT that finds names, places and other personal data, batch by batch.

The built-in base does not tell upper from lower case, and a diary's names come in any. Where
there is a capital letter it helps, though: how each word is written goes in through BERT's token
types, which have nothing else to do in a single text.
"""

from __future__ import annotations

import bisect
import copy
import itertools
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoTokenizer, BertConfig, BertForTokenClassification

from worker import adapter, windows
from worker.errors import AnonymizationError, ModelFolderError
from worker.model_folder import verify
from worker.precision import Precision, choose_device, choose_precision, convert
from worker.tagged import Tagged, join

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

log = logging.getLogger(__name__)

SETTINGS = "tagger.json"
REQUIRED_FILES = ("config.json", adapter.FILE, "tokenizer.json", "tokenizer_config.json", SETTINGS)
#: What a token type says of its word.
LOWER, TITLE, UPPER, MIXED = range(4)
CASINGS = 4
OUTSIDE = "O"
#: Tokens the tagger sees at once; entries are cut at sentences, as for the classifier.
WINDOW_TOKENS = 256
PADDED_TOKENS = {"cpu": 1024, "cuda": 32_768}
#: Types other than these have a form, most of which the patterns know: there the tagger must be
#: surer, or every number in a diary would be an age.
SURE = 0.9
#: An organisation's name is more often also an ordinary word than a person's or a place's.
LEAST = {"PERSON": 0.0, "LOCATION": 0.0, "ORGANIZATION": 0.6}
#: Largest difference of a probability from fp32 that a faster precision may show.
TOLERANCE = 0.15
_PROBES = (
    "Told Adaeze that Mr. Hoffman from the bakery in Leeds would call.",
    "i met yuki and bill at the pier, may was warm and grace was said before dinner",
    "THE NURSE AT ST. ANNE'S SAID FRANK WILL BE FINE.",
    "I'm 34 and my number is 555-0134, born on 3 March 1990.",
)


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


def encode(tokenizer: Any, texts: Sequence[str]) -> Iterator[Words]:
    """Tokens with casings; training and use must see the same."""
    encoded = tokenizer(
        list(texts), add_special_tokens=False, return_offsets_mapping=True,
        return_attention_mask=False, return_token_type_ids=False, verbose=False,
    )  # fmt: skip
    for index, text in enumerate(texts):
        ids, offsets = encoded["input_ids"][index], encoded["offset_mapping"][index]
        word_of = encoded.word_ids(index)
        starts = [i for i in range(len(ids)) if i == 0 or word_of[i] != word_of[i - 1]]
        starts.append(len(ids))
        types: list[int] = []
        for first, behind in itertools.pairwise(starts):
            kind = casing(text[offsets[first][0] : offsets[behind - 1][1]])
            types += [kind] * (behind - first)
        yield Words(ids, types, offsets, starts)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A window of one text: its tokens from `start` on, some of the words `first` to `last`.

    A word longer than a window is in several of them.
    """

    text: int
    start: int
    first: int
    last: int
    ids: list[int]
    types: list[int]


class Tagger:
    """Finds ranges of personal data; see the module.

    Args:
        tokenizer: the base's, a fast one.
        model: gives logits of shape `(texts, tokens, types)` for token ids and token types.
        threshold: how likely a word must be personal data. Types with a higher floor keep it at
            this threshold; set another later, and the floors move with it.
    """

    def __init__(
        self, tokenizer: Any, model: Any, *, threshold: float, device: torch.device
    ) -> None:
        self._tokenizer = tokenizer
        self._model = model
        self._device = device
        self.precision = Precision.FP32
        self.threshold = threshold
        self._usual = threshold
        labels = model.config.id2label
        self._types = [labels[i] for i in range(len(labels))]
        self._outside = self._types.index(OUTSIDE)
        self._before, self._after = tokenizer.cls_token_id, tokenizer.sep_token_id
        self._cased = model.config.type_vocab_size == CASINGS

    @property
    def types(self) -> list[str]:
        """The types of personal data it gives."""
        return [kind for kind in self._types if kind != OUTSIDE]

    @classmethod
    def load(cls, folder: Path, *, device: str = "auto", precision: str = "auto") -> Tagger:
        """Load a verified tagger folder.

        Raises:
            ModelFolderError: the folder is missing, altered, or no tagger.
            StartupError: the base model is missing, or device or precision is not to be had.
        """
        verify(folder, REQUIRED_FILES)
        place = choose_device(device)
        try:
            settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
            threshold = float(settings["threshold"])
            config = BertConfig.from_pretrained(folder, local_files_only=True)
            tokenizer = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            with torch.device("meta"):
                empty = BertForTokenClassification(config)
            model = BertForTokenClassification(config)
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise ModelFolderError(f"{folder}: no tagger ({type(exc).__name__})") from None
        model.load_state_dict(adapter.merge(folder / adapter.FILE, empty.state_dict()))
        tagger = cls(tokenizer, model.eval().to(place), threshold=threshold, device=place)
        chosen = choose_precision(precision, place)
        if chosen is not Precision.FP32:
            tagger._use(chosen)
        return tagger

    def _use(self, precision: Precision) -> None:
        """Compute in a faster precision, unless its probabilities stray from fp32."""
        words = list(encode(self._tokenizer, _PROBES))
        pieces = [
            piece for i, (text, w) in enumerate(zip(_PROBES, words, strict=True))
            for piece in self._cut(i, text, w)
        ]  # fmt: skip
        expected, exact = self._score(pieces), self._model
        self._model = convert(copy.deepcopy(exact), precision, self._device)
        pairs = zip(expected, self._score(pieces), strict=True)
        error = max(float((a - b).abs().max()) for a, b in pairs)
        if error <= TOLERANCE:
            self.precision = precision
        else:
            log.info("%s strays %.3f from fp32 on this tagger; using fp32", precision, error)
            self._model = exact

    def tag(self, texts: Sequence[str]) -> list[list[Tagged]]:
        """What is personal data in each text, in order and disjoint.

        Raises:
            AnonymizationError: the model failed; the message holds no text.
        """
        if not texts:
            return []
        try:
            words = list(encode(self._tokenizer, texts))
            pieces = [
                piece for i, (text, w) in enumerate(zip(texts, words, strict=True))
                for piece in self._cut(i, text, w)
            ]  # fmt: skip
            found: list[list[Tagged]] = [[] for _ in texts]
            scores = self._score(pieces)
            for piece, rows in zip(pieces, scores, strict=True):
                mine = found[piece.text]
                for hit in self._words(words[piece.text], piece, rows):
                    if mine and mine[-1].start == hit.start:  # a word that two pieces have
                        mine[-1] = max(mine[-1], hit, key=lambda one: one.score)
                    else:
                        mine.append(hit)
            return [join(text, hits) for text, hits in zip(texts, found, strict=True)]
        except Exception as exc:  # noqa: BLE001 - a tokenizer's message may hold the text
            raise AnonymizationError(type(exc).__name__) from None

    def _cut(self, index: int, text: str, words: Words) -> Iterator[_Piece]:
        room = WINDOW_TOKENS - 2
        ends = windows.sentence_ends(text) if len(words.ids) > room else []
        for start, stop in windows.cut(words.ids, words.offsets, ends, room, words.starts):
            first = bisect.bisect_right(words.starts, start) - 1
            last = bisect.bisect_left(words.starts, stop)
            yield _Piece(index, start, first, last, words.ids[start:stop], words.types[start:stop])

    def _score(self, pieces: Sequence[_Piece]) -> list[torch.Tensor]:
        """Probabilities of shape `(tokens, types)` for each piece."""
        scores: list[torch.Tensor] = [torch.empty(0)] * len(pieces)
        for group in self._groups(pieces):
            width = max(len(pieces[i].ids) for i in group) + 2
            ids = torch.zeros((len(group), width), dtype=torch.long)
            types, mask = torch.zeros_like(ids), torch.zeros_like(ids)
            for row, index in enumerate(group):
                piece = pieces[index]
                length = len(piece.ids) + 2
                ids[row, :length] = torch.tensor([self._before, *piece.ids, self._after])
                types[row, 1 : length - 1] = torch.tensor(piece.types)
                mask[row, :length] = 1
            with torch.inference_mode():
                logits = self._model(
                    input_ids=ids.to(self._device),
                    attention_mask=mask.to(self._device),
                    token_type_ids=types.to(self._device) if self._cased else None,
                ).logits
            probabilities = torch.softmax(logits.float(), dim=-1).cpu()
            for row, index in enumerate(group):
                scores[index] = probabilities[row, 1 : len(pieces[index].ids) + 1]
        return scores

    def _groups(self, pieces: Sequence[_Piece]) -> Iterator[list[int]]:
        order = sorted(range(len(pieces)), key=lambda i: len(pieces[i].ids))
        group: list[int] = []
        for index in order:
            width = len(pieces[index].ids) + 2
            if group and (len(group) + 1) * width > PADDED_TOKENS[self._device.type]:
                yield group
                group = []
            group.append(index)
        if group:
            yield group

    def _least(self, kind: str) -> float:
        """How sure it must be of a type: the floors move with the threshold."""
        floor = LEAST.get(kind, SURE)
        if self.threshold <= self._usual:
            return floor * self.threshold / self._usual
        rest = (self.threshold - self._usual) / (1.0 - self._usual)
        return floor + (1.0 - floor) * rest if floor else 0.0

    def _words(self, words: Words, piece: _Piece, scores: torch.Tensor) -> Iterator[Tagged]:
        """The words of a piece that are personal data; a word is judged by its mean."""
        inside = (1.0 - scores[:, self._outside]).tolist()
        for first, behind in itertools.pairwise(words.starts[piece.first : piece.last + 1]):
            a, b = max(0, first - piece.start), min(behind - piece.start, len(piece.ids))
            score = sum(inside[a:b]) / (b - a)
            if score < self.threshold:
                continue
            means = scores[a:b].mean(dim=0)
            means[self._outside] = -1.0
            kind = self._types[int(means.argmax())]
            if score < self._least(kind):
                continue
            yield Tagged(words.offsets[first][0], words.offsets[behind - 1][1], kind, score)
