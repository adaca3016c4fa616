"""The shipped tagger: a small BERT that finds names, places and other personal data in batches.

The tokens of the built-in base do not tell upper from lower case, and names in diaries come in any
case. A capital letter helps where there is one, and so does to know which words exist: how each
word is written and what a lexicon knows of it are given to the model as its token type, which a
single text does not use otherwise.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from worker.anonymizer.taggers.decisions import BESIDE_SHARE, Candidate, decide
from worker.anonymizer.taggers.entity_types import OUTSIDE
from worker.anonymizer.taggers.networks import network
from worker.anonymizer.taggers.pieces import Piece, cut, likely_words
from worker.anonymizer.taggers.tagged_span import TaggedSpan, aggregate
from worker.anonymizer.taggers.words import CASINGS, LOWER, TOKEN_TYPES, Words, words_of
from worker.errors import AnonymizationError, DeviceError, ModelFolderError
from worker.models import adapter
from worker.models.compute import AUTO
from worker.models.device import in_passes
from worker.models.folder import verify
from worker.models.loading import light_parts
from worker.models.precision import (
    DTYPES,
    Precision,
    choose_device,
    choose_precision,
    set_threads,
    with_fallback,
)
from worker.models.tokenization import BatchTokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from worker.anonymizer.taggers.networks import Network
    from worker.models.compute import Compute

SETTINGS = "tagger.json"
REQUIRED_FILES = ("config.json", adapter.FILE, "tokenizer.json", "tokenizer_config.json", SETTINGS)
#: Most tokens in a window, special tokens included; texts are cut at sentences.
WINDOW_TOKENS = 256
#: Largest difference of a probability from that in fp32 which is accepted of a faster precision.
TOLERANCE = 0.15
_NO_SCORES = np.empty((0, 0), dtype=np.float32)
_PROBES = (
    "Told Adaeze that Mr. Hoffman from the bakery in Leeds would call.",
    "i met yuki and bill at the pier, may was warm and grace was said before dinner",
    "THE NURSE AT ST. ANNE'S SAID FRANK WILL BE FINE.",
    "I'm 34 and my number is 555-0134, born on 3 March 1990.",
)


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
        precision: in which precision to compute, unless its probabilities stray from those in fp32.

    Raises:
        FloatingPointError: a faster precision is wanted, and the model gives no numbers in fp32.
    """

    def __init__(
        self,
        tokenizer: Any,
        model: Any,
        *,
        threshold: float,
        device: torch.device,
        scheme: LabelScheme | None = None,
        precision: Precision = Precision.FP32,
    ) -> None:
        self.tokenizer = BatchTokenizer(tokenizer)
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
        #: How many of the token types it knows: all, or, as earlier taggers did, casings alone.
        self._token_types = getattr(model.config, "type_vocab_size", 0)
        self._cased = scheme is None and self._token_types in (CASINGS, TOKEN_TYPES)
        make = partial(network, model, device=device, padding_id=self.tokenizer.padding_id)
        self._network, self.precision = self._in(precision, make)

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
            precision = choose_precision(compute.precision, place)
            parts = light_parts(folder, pooled=False) if precision in DTYPES else None
            tokenizer, model = parts or _library_parts(folder)
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise ModelFolderError(f"{folder}: no tagger ({type(exc).__name__})") from None
        try:
            return cls(
                tokenizer,
                model.eval().to(place),
                threshold=threshold,
                device=place,
                precision=precision,
            )
        except FloatingPointError:
            raise ModelFolderError(f"{folder}: the tagger reads no text") from None

    def _in(
        self, precision: Precision, make: Callable[[Precision], Network]
    ) -> tuple[Network, Precision]:
        """The forward pass in a precision, or in fp32 where its probabilities stray from those."""
        if precision is Precision.FP32:
            return make(precision), precision
        pieces = self._pieces(_PROBES, self._words(_PROBES))
        return with_fallback(
            make,
            precision,
            probe=lambda passes: torch.from_numpy(np.concatenate(self._score(pieces, passes))),
            tolerance=TOLERANCE,
            name="tagger",
            log_level=logging.INFO,
        )

    def prepare(self, most_tokens: int) -> None:
        """Let passes of up to so many tokens be as fast the first time as they are later."""
        self._network.prepare(most_tokens)

    def tag(self, texts: Sequence[str]) -> list[list[TaggedSpan]]:
        """For each text the ranges that hold personal data, in order and disjoint.

        Raises:
            AnonymizationError: the model failed; the message holds no text.
            DeviceError: the device is lost, or full.
        """
        if not texts:
            return []
        try:
            words = self._words(texts)
            pieces = self._pieces(texts, words)
            found: list[dict[int, Candidate]] = [{} for _ in texts]
            for index, one in self._candidates(pieces, words):
                same = found[index].get(one.span.start)  # a word that two pieces share
                if same is None or one.span.score > same.span.score:
                    found[index][one.span.start] = one
            return [
                aggregate(text, self._decide(text, [likely[start] for start in sorted(likely)]))
                for text, likely in zip(texts, found, strict=True)
            ]
        except DeviceError:
            raise
        except Exception as exc:  # noqa: BLE001 - a tokenizer's message may hold the text
            raise AnonymizationError(type(exc).__name__) from None

    def _decide(self, text: str, likely: Sequence[Candidate]) -> list[TaggedSpan]:
        usual = self._threshold_of_floors
        return decide(text, likely, self.threshold, usual, cased=self._cased) if likely else []

    def _words(self, texts: Sequence[str]) -> list[Words]:
        punctuation = not self._scheme.by_mean
        pairs = zip(texts, self.tokenizer(texts), strict=True)
        return [words_of(*pair, punctuation=punctuation) for pair in pairs]

    def _pieces(self, texts: Sequence[str], words: Sequence[Words]) -> list[Piece]:
        """The windows of all texts, in order."""
        around = len(self.tokenizer.before) + len(self.tokenizer.after)
        room = self._scheme.window_tokens - around
        pairs = enumerate(zip(texts, words, strict=True))
        return [piece for i, pair in pairs for piece in cut(i, *pair, room)]

    def _score(self, pieces: Sequence[Piece], passes: Network) -> list[NDArray[np.float32]]:
        """For each piece the probabilities of types, of shape `(tokens, types)`."""
        scores: list[NDArray[np.float32]] = [_NO_SCORES] * len(pieces)
        before, after = len(self.tokenizer.before), len(self.tokenizer.after)
        lengths = [before + len(piece.ids) + after for piece in pieces]
        computed = in_passes(
            passes.passes(lengths),
            lambda group: self._probabilities([pieces[i] for i in group], passes),
        )
        for group, found in computed:
            probabilities = found.numpy()
            start = 0
            for index in group:
                scores[index] = probabilities[start + before : start + lengths[index] - after]
                start += lengths[index]
        return scores

    def _probabilities(self, pieces: Sequence[Piece], passes: Network) -> torch.Tensor:
        """The probabilities of types in one forward pass, of shape `(tokens, types)`.

        The tokens are those of one piece behind the other, with special tokens around each.
        """
        before, after = self.tokenizer.before, self.tokenizer.after
        sequences = [(*before, *piece.ids, *after) for piece in pieces]
        types = None
        if self._cased:
            first, last = [LOWER] * len(before), [LOWER] * len(after)
            types = [[*first, *self._known(piece.types), *last] for piece in pieces]
        return torch.softmax(passes.logits(sequences, types), dim=-1) @ self._types_of_labels

    def _known(self, token_types: list[int]) -> list[int]:
        """The token types, as far as the model tells them apart."""
        if self._token_types == TOKEN_TYPES:
            return token_types
        return [token_type % self._token_types for token_type in token_types]

    def _candidates(
        self, pieces: Sequence[Piece], words: Sequence[Words]
    ) -> Iterator[tuple[int, Candidate]]:
        """The words that may be personal data, each with the number of its text."""
        if not pieces:
            return
        least = self.threshold * BESIDE_SHARE if self._cased else self.threshold
        scores = self._score(pieces, self._network)
        likely = likely_words(
            pieces,
            words,
            scores,
            outside=self._outside,
            by_mean=self._scheme.by_mean,
            least=least,
        )
        for one in likely:
            one.of_types[self._outside] = -1.0
            entity_type = self._types[int(one.of_types.argmax())]
            index = pieces[one.piece].text
            starts, offsets = words[index].starts, words[index].offsets
            start = offsets[starts[one.word]][0]
            end = offsets[starts[one.word + 1] - 1][1]
            span = TaggedSpan(start, end, entity_type, one.score)
            yield index, Candidate(span, words[index].types[starts[one.word]])


def _library_parts(folder: Path) -> tuple[Any, Any]:
    """The tokenizer and the model as Hugging Face's library makes them, which int8 needs."""
    import transformers  # noqa: PLC0415 - takes seconds, and most taggers do without

    options = {"local_files_only": True, "trust_remote_code": False}
    config = transformers.BertConfig.from_pretrained(folder, local_files_only=True)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
    model = transformers.BertForTokenClassification(config)
    model.load_state_dict(adapter.merge(folder / adapter.FILE, model.state_dict()))
    return tokenizer, model
