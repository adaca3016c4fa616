"""The two stages the plain way, with the same models.

Hugging Face's library loads the models and computes their layers, for one text at a time and in
fp32; every pattern and every recognizer searches every text, under Presidio's own engine. Nothing
is remembered between the stages. What makes words, spans and labels of the outputs is the worker's
own.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

import torch
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    IbanRecognizer,
    NhsRecognizer,
)
from transformers import AutoTokenizer, BertConfig, BertForTokenClassification

from worker.anonymizer import recognizers
from worker.anonymizer.anonymizer import PATTERN_SECONDS, Anonymizer
from worker.anonymizer.nlp_engine import TaggerEngine
from worker.anonymizer.presidio import limit_pattern_seconds
from worker.anonymizer.recognizers import JournalFormRecognizer
from worker.anonymizer.taggers import bert, second_look
from worker.anonymizer.taggers.bert import SETTINGS, BertTagger
from worker.anonymizer.taggers.loading import thresholds
from worker.anonymizer.taggers.thresholds import for_privacy
from worker.classifier.classifier import Classifier
from worker.models import adapter
from worker.models.folder import SHIPPED_MODEL, SHIPPED_TAGGER, ModelFolder
from worker.models.loading import load_parts, short_texts_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from worker.anonymizer.taggers.thresholds import Privacy
    from worker.models.windows import Window

_CPU = torch.device("cpu")
_USUAL: Privacy = "balanced"


class Stages(NamedTuple):
    """What works on the text of an entry."""

    anonymizer: Anonymizer
    classifier: Classifier


class LibraryTagger:
    """Scores the tokens of texts by Hugging Face's own layers, one text at a time.

    What the first layers are unsure of is read again by the others, one excerpt at a time: which
    tokens these are, and how much that counts, is the worker's own.

    Args:
        model: a `BertForTokenClassification` in evaluation mode.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._first = second_look.first_layers(model)
        self._names = second_look.names(model)

    def passes(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """See `worker.anonymizer.taggers.networks.Network`."""
        yield from ([index] for index in range(len(lengths)))

    def prepare(self, most_tokens: int) -> None:
        """See `worker.anonymizer.taggers.networks.Network`."""

    def logits(self, sequences: Sequence[Sequence[int]], types: Any) -> torch.Tensor:
        """See `worker.anonymizer.taggers.networks.Network`."""
        with torch.inference_mode():
            pairs = zip(sequences, types, strict=True)
            return torch.cat([self._of_text(ids, of_tokens) for ids, of_tokens in pairs])

    def _of_text(self, ids: Sequence[int], types: Sequence[int]) -> torch.Tensor:
        layers = self._model.bert.encoder.layer
        given = {"token_type_ids": torch.tensor([types])}
        states = self._model.bert.embeddings(torch.tensor([ids]), **given)
        for layer in layers[: self._first]:
            states = layer(states)
        logits: torch.Tensor = self._model.classifier(states)[0]
        if self._first is None:
            return logits
        shares = second_look.shares(logits, self._names, [len(ids)])
        for rows in second_look.excerpts(shares.numpy() > 0.0, [len(ids)]):
            again = states[:, rows]
            for layer in layers[self._first :]:
                again = layer(again)
            judged = self._model.classifier(again)[0]
            logits[rows] = torch.lerp(logits[rows], judged, shares[rows, None])
        return logits


class LibraryClassifier:
    """Scores windows and their sentences by Hugging Face's own layers, one window at a time.

    Args:
        model: a `BertForSequenceClassification` in evaluation mode.
    """

    scores_sentences = True

    def __init__(self, model: Any) -> None:
        self._model = model

    def passes(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """See `worker.classifier.networks.Network`."""
        yield from ([index] for index in range(len(lengths)))

    def computed(self, lengths: Sequence[int]) -> int:
        """See `worker.classifier.networks.Network`."""
        return sum(lengths)

    def prepare(self, most_tokens: int) -> None:
        """See `worker.classifier.networks.Network`."""

    def logits(self, windows: Sequence[Window]) -> torch.Tensor:
        """See `worker.classifier.networks.Network`."""
        with torch.inference_mode():
            return torch.cat([self._of_window(window) for window in windows])

    def _of_window(self, window: Window) -> torch.Tensor:
        """Of the whole window by the model itself; of a sentence, its last layer sees no more."""
        ids = torch.tensor([window.token_ids])
        bert = self._model.bert
        rows = [self._model(input_ids=ids).logits]
        states = bert.embeddings(ids) if window.sentences else None
        for layer in bert.encoder.layer[:-1] if window.sentences else ():
            states = layer(states)
        for sentence in window.sentences:
            mask = torch.zeros(1, 1, ids.shape[1], ids.shape[1], dtype=torch.bool)
            mask[..., sentence.first : sentence.last] = True
            last = bert.encoder.layer[-1](states, attention_mask=mask)
            rows.append(self._model.classifier(bert.pooler(last)))
        return torch.cat(rows)


def load() -> Stages:
    """Both stages around the shipped models.

    Raises:
        ModelFolderError, StartupError: a model cannot be loaded.
    """
    folder = ModelFolder.open(SHIPPED_MODEL)
    tokenizer, model = load_parts(folder)
    of_short = short_texts_model(folder, model)
    classifier = Classifier(
        folder,
        tokenizer,
        LibraryClassifier(model),
        short=LibraryClassifier(of_short) if of_short else None,
        device=_CPU,
    )
    tagger = _tagger()
    nlp = TaggerEngine(tagger)
    limit_pattern_seconds(PATTERN_SECONDS)
    with _every_recognizer():
        registry = recognizers.registry(tagger.types)
    analyzer = AnalyzerEngine(
        registry=registry,
        nlp_engine=nlp,
        supported_languages=["en"],
        default_score_threshold=recognizers.SCORE_FLOOR,
    )
    anonymizer = Anonymizer(analyzer, nlp)
    return Stages(anonymizer, classifier)


def _tagger() -> BertTagger:
    folder = SHIPPED_TAGGER
    config = BertConfig.from_pretrained(folder, local_files_only=True)
    model = BertForTokenClassification(config).eval()
    model.load_state_dict(adapter.merge(folder / adapter.FILE, model.state_dict()))
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    threshold = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))["threshold"]
    with mock.patch.object(bert, "network", lambda model, *_, **__: LibraryTagger(model)):
        tagger = BertTagger(tokenizer, model, threshold=threshold, device=_CPU)
    tagger.threshold = for_privacy(_USUAL, threshold, thresholds(folder))
    return tagger


@contextmanager
def _every_recognizer() -> Iterator[None]:
    """Let a registry be made of recognizers that search every text."""
    plain = {
        "JournalFormRecognizer": partial(JournalFormRecognizer, gated=False),
        "JournalCreditCardRecognizer": CreditCardRecognizer,
        "JournalIbanRecognizer": IbanRecognizer,
        "JournalNhsRecognizer": NhsRecognizer,
    }
    with mock.patch.multiple(recognizers, **plain):
        yield


@contextmanager
def every_address() -> Iterator[None]:
    """Let the recognizer of IP addresses search texts that have nothing of one."""
    with mock.patch.object(recognizers, "may_hold_address", return_value=True):
        yield
