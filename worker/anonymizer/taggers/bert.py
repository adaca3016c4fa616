"""The tagger: a small BERT that finds names, places and other personal data, batch by batch.

The built-in base does not tell upper from lower case, and a diary's names come in any. Where
there is a capital letter it helps, though: how each word is written goes in through BERT's token
types, which have nothing else to do in a single text.
"""

from __future__ import annotations

import bisect
import itertools
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoTokenizer, BertConfig, BertForTokenClassification

from worker.anonymizer.taggers.tagged_span import TaggedSpan, join
from worker.anonymizer.taggers.words import CASINGS, LOWER, MIXED, TITLE, Words, encode
from worker.errors import AnonymizationError, ModelFolderError
from worker.models import adapter, windows
from worker.models.compute import AUTO
from worker.models.folder import verify
from worker.models.padding import pad, similar_lengths
from worker.models.precision import (
    Precision,
    choose_device,
    choose_precision,
    finite,
    set_threads,
    with_fallback,
)
from worker.models.tokenization import special_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from worker.models.compute import Compute

SETTINGS = "tagger.json"
REQUIRED_FILES = ("config.json", adapter.FILE, "tokenizer.json", "tokenizer_config.json", SETTINGS)
OUTSIDE = "O"
#: Tokens the tagger sees at once; entries are cut at sentences, as for the classifier.
WINDOW_TOKENS = 256
PADDED_TOKENS = {"cpu": 1024, "cuda": 32_768}
#: Types other than these have a form, most of which the patterns know: there the tagger must be
#: surer, or every number in a diary would be an age.
SURE = 0.9
#: An organisation's name is more often also an ordinary word than a person's or a place's.
LEAST = {"PERSON": 0.0, "LOCATION": 0.0, "ORGANIZATION": 0.6}
#: Of the threshold, for a word with a capital and small letters: that is seldom anything but a
#: name, and a tagger that knows entries in lower case as well is less sure of it than it might be.
CAPITAL_SHARE = 0.625
#: Largest difference of a probability from fp32 that a faster precision may show.
TOLERANCE = 0.15
_PROBES = (
    "Told Adaeze that Mr. Hoffman from the bakery in Leeds would call.",
    "i met yuki and bill at the pier, may was warm and grace was said before dinner",
    "THE NURSE AT ST. ANNE'S SAID FRANK WILL BE FINE.",
    "I'm 34 and my number is 555-0134, born on 3 March 1990.",
)


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


@dataclass(frozen=True, slots=True)
class Reading:
    """How a model's labels are read.

    Attributes:
        kinds: for each label its type, or `OUTSIDE`; the probabilities of one type are added up.
        by_mean: judge a word by the mean of its tokens, as ours learnt it; else by the surest of
            them: most models were taught only the first token of each word.
        window_tokens: tokens the model sees at once, special tokens included.
    """

    kinds: tuple[str, ...]
    by_mean: bool = True
    window_tokens: int = WINDOW_TOKENS


class BertTagger:
    """Finds ranges of personal data; see the module.

    Args:
        tokenizer: the model's, a fast one.
        model: gives logits of shape `(texts, tokens, labels)` for token ids.
        threshold: how likely a word must be personal data. Types with a higher floor keep it at
            this threshold; set another later, and the floors move with it.
        device: where the model is.
        reading: how the model's labels are read; by default each is a type, and token types tell
            of casings where the model has as many.
    """

    def __init__(
        self, tokenizer: Any, model: Any, *, threshold: float, device: torch.device,
        reading: Reading | None = None,
    ) -> None:  # fmt: skip
        self._tokenizer = tokenizer
        self._model = model
        self._device = device
        self.precision = Precision.FP32
        self.threshold = threshold
        self._usual = threshold
        labels = model.config.id2label
        self._reading = reading or Reading(tuple(labels[i] for i in range(len(labels))))
        self._types = list(dict.fromkeys(self._reading.kinds))
        self._outside = self._types.index(OUTSIDE)
        # Which label adds to which type, of shape `(labels, types)`.
        self._sums = torch.zeros(len(self._reading.kinds), len(self._types))
        for label, kind in enumerate(self._reading.kinds):
            self._sums[label, self._types.index(kind)] = 1.0
        self._before, self._after = special_tokens(tokenizer)
        self._padding = tokenizer.pad_token_id or 0
        self._cased = reading is None and model.config.type_vocab_size == CASINGS

    @property
    def types(self) -> list[str]:
        """The types of personal data it gives."""
        return [kind for kind in self._types if kind != OUTSIDE]

    @classmethod
    def load(cls, folder: Path, compute: Compute = AUTO) -> BertTagger:
        """Load a verified tagger folder.

        Raises:
            ModelFolderError: the folder is missing, altered, or no tagger.
            StartupError: the base model is missing, or device or precision is not to be had.
        """
        verify(folder, REQUIRED_FILES)
        set_threads(compute.threads)
        place = choose_device(compute.device)
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
        try:
            tagger.use(choose_precision(compute.precision, place))
        except FloatingPointError:
            raise ModelFolderError(f"{folder}: the tagger reads no text") from None
        return tagger

    def use(self, precision: Precision) -> None:
        """Compute in a faster precision, unless its probabilities stray from fp32."""
        if precision is Precision.FP32:
            return
        pieces = self._pieces(_PROBES, self._encode(_PROBES))

        def probe(model: Any) -> torch.Tensor:
            self._model = model
            return torch.cat(self._score(pieces))

        self._model, self.precision = with_fallback(
            self._model,
            precision,
            self._device,
            probe=probe,
            tolerance=TOLERANCE,
            name="tagger",
            log_level=logging.INFO,
        )

    def tag(self, texts: Sequence[str]) -> list[list[TaggedSpan]]:
        """What is personal data in each text, in order and disjoint.

        Raises:
            AnonymizationError: the model failed; the message holds no text.
        """
        if not texts:
            return []
        try:
            words = self._encode(texts)
            pieces = self._pieces(texts, words)
            found: list[list[TaggedSpan]] = [[] for _ in texts]
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

    def _encode(self, texts: Sequence[str]) -> list[Words]:
        return list(encode(self._tokenizer, texts, punctuation=not self._reading.by_mean))

    def _pieces(self, texts: Sequence[str], words: Sequence[Words]) -> list[_Piece]:
        """The windows of all texts, in order."""
        pairs = enumerate(zip(texts, words, strict=True))
        return [piece for i, (text, its) in pairs for piece in self._cut(i, text, its)]

    def _cut(self, index: int, text: str, words: Words) -> Iterator[_Piece]:
        room = self._reading.window_tokens - len(self._before) - len(self._after)
        ends = windows.sentence_ends(text) if len(words.ids) > room else []
        for start, stop in windows.cut(words.ids, words.offsets, ends, room, words.starts):
            first = bisect.bisect_right(words.starts, start) - 1
            last = bisect.bisect_left(words.starts, stop)
            yield _Piece(index, start, first, last, words.ids[start:stop], words.types[start:stop])

    def _score(self, pieces: Sequence[_Piece]) -> list[torch.Tensor]:
        """Probabilities of shape `(tokens, types)` for each piece, in fp32 on the CPU."""
        scores: list[torch.Tensor] = [torch.empty(0)] * len(pieces)
        first, around = len(self._before), len(self._before) + len(self._after)
        lengths = [len(piece.ids) + around for piece in pieces]
        for group in similar_lengths(lengths, PADDED_TOKENS[self._device.type]):
            probabilities = self._probabilities([pieces[i] for i in group])
            for row, index in enumerate(group):
                scores[index] = probabilities[row, first : first + len(pieces[index].ids)]
        return scores

    def _probabilities(self, pieces: Sequence[_Piece]) -> torch.Tensor:
        """Of one forward pass, special tokens and padding included: `(pieces, tokens, types)`."""
        batch = pad([(*self._before, *piece.ids, *self._after) for piece in pieces], self._padding)
        given = {"input_ids": batch.ids, "attention_mask": batch.mask.long()}
        if self._cased:
            special = [LOWER] * len(self._before)
            given["token_type_ids"] = batch.like([[*special, *piece.types] for piece in pieces])
        with torch.inference_mode():
            logits = self._model(**{name: t.to(self._device) for name, t in given.items()}).logits
        return torch.softmax(finite(logits).float(), dim=-1).cpu() @ self._sums

    def _least(self, kind: str) -> float:
        """How sure it must be of a type: the floors move with the threshold."""
        floor = LEAST.get(kind, SURE)
        if self.threshold <= self._usual:
            return floor * self.threshold / self._usual
        rest = (self.threshold - self._usual) / (1.0 - self._usual)
        return floor + (1.0 - floor) * rest if floor else 0.0

    def _share(self, casing: int) -> float:
        """Of the threshold, for a word written like this."""
        return CAPITAL_SHARE if self._cased and casing in (TITLE, MIXED) else 1.0

    def _words(self, words: Words, piece: _Piece, scores: torch.Tensor) -> Iterator[TaggedSpan]:
        """The words of a piece that are personal data."""
        inside = (1.0 - scores[:, self._outside]).tolist()
        for first, behind in itertools.pairwise(words.starts[piece.first : piece.last + 1]):
            a, b = max(0, first - piece.start), min(behind - piece.start, len(piece.ids))
            score = sum(inside[a:b]) / (b - a) if self._reading.by_mean else max(inside[a:b])
            if score < self.threshold * self._share(words.types[first]):
                continue
            of_type = scores[a:b].sum(dim=0)
            of_type[self._outside] = -1.0
            kind = self._types[int(of_type.argmax())]
            if score < self._least(kind):
                continue
            yield TaggedSpan(words.offsets[first][0], words.offsets[behind - 1][1], kind, score)
