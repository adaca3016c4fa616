"""The two stages the plain way, with the same models.

Hugging Face's library loads the models and computes their forward passes, for one text at a time and
in fp32; every pattern and every recognizer searches every text, under Presidio's own engine. Nothing is remembered between the
stages. What makes words, spans and labels of the outputs is the worker's own.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
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
from worker.anonymizer.patterns.recognizer import FormRecognizer
from worker.anonymizer.presidio import limit_pattern_seconds
from worker.anonymizer.taggers.bert import SETTINGS, BertTagger
from worker.anonymizer.taggers.loading import thresholds
from worker.anonymizer.taggers.thresholds import for_privacy
from worker.classifier.classifier import Classifier
from worker.models import adapter
from worker.models.folder import SHIPPED_MODEL, SHIPPED_TAGGER, ModelFolder
from worker.models.loading import load_parts

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


class LibraryModel:
    """A model of Hugging Face's of which nothing but its own forward pass can be seen.

    So the worker has nothing that it could compute in a way of its own.

    Args:
        model: a `PreTrainedModel` in evaluation mode.
    """

    def __init__(self, model: Any) -> None:
        self.config = model.config
        self._model = model

    def __call__(self, **given: torch.Tensor) -> Any:
        """What the model gives."""
        return self._model(**given)


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
    classifier = Classifier(folder, tokenizer, LibraryClassifier(model), device=_CPU)
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
    tagger = BertTagger(tokenizer, LibraryModel(model), threshold=threshold, device=_CPU)
    tagger.threshold = for_privacy(_USUAL, threshold, thresholds(folder))
    return tagger


@contextmanager
def _every_recognizer() -> Iterator[None]:
    """Let a registry be made of recognizers that search every text."""
    plain = {
        "FormRecognizer": lambda: FormRecognizer(gated=False),
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
