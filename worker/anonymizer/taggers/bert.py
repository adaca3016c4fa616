"""The shipped tagger: a small BERT that finds names, places and other personal data in batches.

The tokens of the built-in base do not tell upper from lower case, and names in diaries come in any
case. A capital letter helps where there is one: the casing of each word is given to the model as
its token type, which a single text does not use otherwise.
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

from worker.anonymizer.taggers.tagged_span import TaggedSpan, aggregate
from worker.anonymizer.taggers.thresholds import floor, share_of_threshold
from worker.anonymizer.taggers.words import CASINGS, LOWER, TOKEN_TYPES, Words, encode
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
#: The label of tokens that are no personal data.
OUTSIDE = "O"
#: Most tokens in a window, special tokens included; texts are cut at sentences.
WINDOW_TOKENS = 256
#: Most tokens, padding included, in one forward pass.
PADDED_TOKENS = {"cpu": 1024, "cuda": 32_768}
#: Largest difference of a probability from that in fp32 which is accepted of a faster precision.
TOLERANCE = 0.15
_PROBES = (
    "Told Adaeze that Mr. Hoffman from the bakery in Leeds would call.",
    "i met yuki and bill at the pier, may was warm and grace was said before dinner",
    "THE NURSE AT ST. ANNE'S SAID FRANK WILL BE FINE.",
    "I'm 34 and my number is 555-0134, born on 3 March 1990.",
)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A window of one text. A word longer than a window is in several of them.

    Attributes:
        text: which text of the batch it belongs to.
        start: its first token, as an index into the tokens of the text.
        first, last: the half-open range of words that have tokens in it.
        ids: its token ids, without special tokens.
        types: their token types.
    """

    text: int
    start: int
    first: int
    last: int
    ids: list[int]
    types: list[int]


@dataclass(frozen=True, slots=True)
class LabelScheme:
    """What a model's labels mean, and how those of tokens become those of words.

    Attributes:
        types: for each label its entity type, or `OUTSIDE`. The probabilities of labels of one
            type are added up.
        by_mean: whether the score of a word is the mean over its tokens, as the shipped tagger was
            trained; else it is the maximum, because most models are trained on the first token of
            each word alone.
        window_tokens: most tokens in a window, special tokens included.
    """

    types: tuple[str, ...]
    by_mean: bool = True
    window_tokens: int = WINDOW_TOKENS


class BertTagger:
    """Finds personal data with a token classifier; see the module.

    Args:
        tokenizer: the fast tokenizer of the model.
        model: gives logits of shape `(texts, tokens, labels)` for token ids.
        threshold: the least probability that a word is personal data. The floors of types hold at
            this threshold; they move with it where `threshold` is set later.
        device: where the model is.
        scheme: what the model's labels mean. By default each label is an entity type, and the
            model is given casings as token types if it has as many.
    """

    def __init__(
        self,
        tokenizer: Any,
        model: Any,
        *,
        threshold: float,
        device: torch.device,
        scheme: LabelScheme | None = None,
    ) -> None:
        self._tokenizer = tokenizer
        self._model = model
        self._device = device
        self.precision = Precision.FP32
        self.threshold = threshold
        self._threshold_of_floors = threshold
        labels = model.config.id2label
        self._scheme = scheme or LabelScheme(tuple(labels[i] for i in range(len(labels))))
        self._types = list(dict.fromkeys(self._scheme.types))
        self._outside = self._types.index(OUTSIDE)
        # 1 where a label is of a type, of shape `(labels, types)`.
        self._types_of_labels = torch.zeros(len(self._scheme.types), len(self._types))
        for label, entity_type in enumerate(self._scheme.types):
            self._types_of_labels[label, self._types.index(entity_type)] = 1.0
        self._before, self._after = special_tokens(tokenizer)
        self._padding_id = tokenizer.pad_token_id or 0
        #: How many of the token types it knows: all, or, as earlier taggers did, casings alone.
        self._token_types = model.config.type_vocab_size
        self._cased = scheme is None and self._token_types in (CASINGS, TOKEN_TYPES)

    @property
    def types(self) -> list[str]:
        """The entity types that it tells apart."""
        return [entity_type for entity_type in self._types if entity_type != OUTSIDE]

    @classmethod
    def load(cls, folder: Path, compute: Compute = AUTO) -> BertTagger:
        """Verify a tagger's folder and load it.

        Raises:
            ModelFolderError: the folder is missing, altered, or holds no tagger.
            StartupError: the base model, the device or the precision is not available.
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
            tagger.compute_in(choose_precision(compute.precision, place))
        except FloatingPointError:
            raise ModelFolderError(f"{folder}: the tagger reads no text") from None
        return tagger

    def compute_in(self, precision: Precision) -> None:
        """Compute in a faster precision, unless its probabilities stray from those in fp32.

        Raises:
            FloatingPointError: the model gives no numbers in fp32.
        """
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
        """For each text the ranges that hold personal data, in order and disjoint.

        Raises:
            AnonymizationError: the model failed; the message holds no text.
        """
        if not texts:
            return []
        try:
            words = self._encode(texts)
            pieces = self._pieces(texts, words)
            found: list[list[TaggedSpan]] = [[] for _ in texts]
            for piece, scores in zip(pieces, self._score(pieces), strict=True):
                hits = found[piece.text]
                for hit in self._words(words[piece.text], piece, scores):
                    if hits and hits[-1].start == hit.start:  # a word that two pieces share
                        hits[-1] = max(hits[-1], hit, key=lambda one: one.score)
                    else:
                        hits.append(hit)
            return [aggregate(text, hits) for text, hits in zip(texts, found, strict=True)]
        except Exception as exc:  # noqa: BLE001 - a tokenizer's message may hold the text
            raise AnonymizationError(type(exc).__name__) from None

    def _encode(self, texts: Sequence[str]) -> list[Words]:
        return list(encode(self._tokenizer, texts, punctuation=not self._scheme.by_mean))

    def _pieces(self, texts: Sequence[str], words: Sequence[Words]) -> list[_Piece]:
        """The windows of all texts, in order."""
        pairs = enumerate(zip(texts, words, strict=True))
        return [piece for i, (text, its) in pairs for piece in self._cut(i, text, its)]

    def _cut(self, index: int, text: str, words: Words) -> Iterator[_Piece]:
        room = self._scheme.window_tokens - len(self._before) - len(self._after)
        ends = windows.sentence_ends(text) if len(words.ids) > room else []
        for start, stop in windows.cut(words.ids, words.offsets, ends, room, words.starts):
            first = bisect.bisect_right(words.starts, start) - 1
            last = bisect.bisect_left(words.starts, stop)
            types = [known % self._token_types for known in words.types[start:stop]]
            yield _Piece(index, start, first, last, words.ids[start:stop], types)

    def _score(self, pieces: Sequence[_Piece]) -> list[torch.Tensor]:
        """For each piece the probabilities of types, `(tokens, types)`, in fp32 on the CPU."""
        scores: list[torch.Tensor] = [torch.empty(0)] * len(pieces)
        first, around = len(self._before), len(self._before) + len(self._after)
        lengths = [len(piece.ids) + around for piece in pieces]
        for group in similar_lengths(lengths, PADDED_TOKENS[self._device.type]):
            probabilities = self._probabilities([pieces[i] for i in group])
            for row, index in enumerate(group):
                scores[index] = probabilities[row, first : first + len(pieces[index].ids)]
        return scores

    def _probabilities(self, pieces: Sequence[_Piece]) -> torch.Tensor:
        """The probabilities of types in one forward pass: `(pieces, tokens, types)`.

        Tokens are those of the longest piece, special tokens and padding included.
        """
        sequences = [(*self._before, *piece.ids, *self._after) for piece in pieces]
        batch = pad(sequences, self._padding_id)
        given = {"input_ids": batch.ids, "attention_mask": batch.mask.long()}
        if self._cased:
            special = [LOWER] * len(self._before)
            given["token_type_ids"] = batch.like([[*special, *piece.types] for piece in pieces])
        with torch.inference_mode():
            logits = self._model(**{name: t.to(self._device) for name, t in given.items()}).logits
        return torch.softmax(finite(logits).float(), dim=-1).cpu() @ self._types_of_labels

    def _words(self, words: Words, piece: _Piece, scores: torch.Tensor) -> Iterator[TaggedSpan]:
        """The words of a piece that are personal data; `scores` are those of its tokens."""
        inside = (1.0 - scores[:, self._outside]).tolist()
        for first, behind in itertools.pairwise(words.starts[piece.first : piece.last + 1]):
            a, b = max(0, first - piece.start), min(behind - piece.start, len(piece.ids))
            score = sum(inside[a:b]) / (b - a) if self._scheme.by_mean else max(inside[a:b])
            share = share_of_threshold(words.types[first]) if self._cased else 1.0
            if score < self.threshold * share:
                continue
            sums = scores[a:b].sum(dim=0)
            sums[self._outside] = -1.0
            entity_type = self._types[int(sums.argmax())]
            if score < floor(entity_type, self.threshold, self._threshold_of_floors):
                continue
            start, end = words.offsets[first][0], words.offsets[behind - 1][1]
            yield TaggedSpan(start, end, entity_type, score)
