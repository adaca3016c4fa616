"""The classifier: scores batches of anonymized texts with the model of a verified folder."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from worker.classifier.encoder import Encoder
from worker.classifier.evidence import evidence
from worker.classifier.joining import join
from worker.classifier.networks import network
from worker.classifier.scoring import Scorer, short_texts
from worker.errors import ClassificationError, DeviceError, ModelFolderError, StartupError
from worker.models.compute import AUTO
from worker.models.loading import load_parts, short_texts_model
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
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from worker.classifier.networks import Network
    from worker.classifier.scoring import Usage
    from worker.models.compute import Compute
    from worker.models.folder import ModelFolder
    from worker.models.windows import Sentence, Window

#: Largest difference of a probability from that in fp32 which is accepted of a faster precision.
TOLERANCE = 0.06
_PROBES = (
    "I missed one call from my sister and now she will never speak to me again.",
    "We planted beans along the fence and it rained all afternoon.",
    "If the report is not perfect, there was no point in writing it at all.",
    "She said she liked the soup, but she says that to everyone.",
)


@dataclass(frozen=True, slots=True)
class Classification:
    """The result of one text.

    Attributes:
        scores: the probability of each label, in the order of the model folder's labels.
        labels: the labels given, best score first.
        evidence: for each label given the half-open ranges of characters, in order, of the
            sentences that carry it.
    """

    scores: tuple[float, ...]
    labels: tuple[str, ...]
    evidence: tuple[tuple[tuple[int, int], ...], ...] = field(default=())


class Classifier:
    """Scores texts for every label; the score of a text is the maximum over its windows.

    The sentences that carry a label are found by scoring each of them. Where the last layer of the
    model averages (see `worker.classifier.last_layer`) that is done in the pass that scores the
    windows; else the sentences of labelled texts are scored in passes of their own.

    Args:
        folder: the verified model folder.
        tokenizer: its tokenizer, a fast one.
        network: its model's forward pass.
        short: that of its model for short texts; None if it has none.
        device: where they compute.
        precision: in which precision it computes.
    """

    def __init__(
        self,
        folder: ModelFolder,
        tokenizer: Any,
        network: Network,
        *,
        short: Network | None = None,
        device: torch.device,
        precision: Precision = Precision.FP32,
    ) -> None:
        self.folder = folder
        self.device = device
        self.precision = precision
        self.tokenizer = BatchTokenizer(tokenizer)
        self._encoder = Encoder(self.tokenizer, folder.window_tokens)
        self._scorer = Scorer(network, len(folder.labels), short)
        self._thresholds = np.array(folder.thresholds, dtype=np.float32)

    @classmethod
    def load(cls, folder: ModelFolder, compute: Compute = AUTO) -> Classifier:
        """Load the model of a verified folder, choose device and precision, and warm up.

        Where the probabilities of a faster precision stray from those in fp32, fp32 is used.

        Raises:
            ModelFolderError: the folder cannot be loaded.
            StartupError: the device or the precision is not available.
        """
        set_threads(compute.threads)
        place = choose_device(compute.device)
        chosen = choose_precision(compute.precision, place)
        tokenizer, model = load_parts(folder, light=chosen in DTYPES)
        model = model.to(place)
        of_short = short_texts_model(folder, model)

        def make(precision: Precision) -> Classifier:
            passes = network(model, precision, place, tokenizer.pad_token_id)
            short = of_short and network(of_short, precision, place, tokenizer.pad_token_id)
            return cls(folder, tokenizer, passes, short=short, device=place, precision=precision)

        try:
            classifier, _ = with_fallback(make, chosen, probe=cls._probe, tolerance=TOLERANCE)
        except ClassificationError as exc:
            raise ModelFolderError(f"{folder.path}: the model scores no text ({exc})") from None
        except DeviceError as exc:
            raise StartupError(str(exc)) from None
        return classifier

    @property
    def label_names(self) -> tuple[str, ...]:
        """Every label, in the order of scores."""
        return self.folder.labels

    @property
    def model_version(self) -> str:
        """Name and version of the model folder."""
        return f"{self.folder.name}@{self.folder.version}"

    def prepare(self, most_tokens: int) -> None:
        """Let passes of up to so many tokens be as fast the first time as they are later."""
        self._scorer.prepare(most_tokens)

    def classify(self, texts: Sequence[str], usage: Usage | None = None) -> list[Classification]:
        """Score texts; results come in the same order.

        Args:
            texts: anonymized texts of any length.
            usage: gets the tokens of this batch added.

        Raises:
            ClassificationError: the model failed; the message holds no text.
            DeviceError: the device is lost, or full.
        """
        with _errors_without_text():
            pieces = self._encoder.windows(texts)
            of_text = _by_text(pieces, len(texts))
            short = short_texts(pieces, of_text, self.folder.short_texts)
            scores, sentence_scores = self._scorer(pieces, short, usage)
            scores = join(scores, sentence_scores, self.folder.sentence_share)
            found = self._combine(scores, of_text)
            if not self._scorer.scores_sentences:
                pieces, sentence_scores, of_text = self._score_sentences(texts, found, short, usage)
            return [
                self._with_evidence(
                    item, [pieces[r] for r in rows], [sentence_scores[r] for r in rows]
                )
                for item, rows in zip(found, of_text, strict=True)
            ]

    def _probe(self) -> torch.Tensor:
        """The probabilities of a few texts by all weights, each text by all that there are."""
        with _errors_without_text():
            pieces = self._encoder.windows(_PROBES)
            every = frozenset(range(len(_PROBES)))
            readers = (frozenset(), every) if self.folder.short_texts else (frozenset(),)
            return torch.cat([torch.from_numpy(self._scorer(pieces, r)[0]) for r in readers])

    def _combine(
        self, scores: NDArray[np.float32], of_text: Sequence[Sequence[int]]
    ) -> list[Classification]:
        """The results of texts, still without evidence.

        Args:
            scores: the probabilities of windows, of shape `(windows, labels)`.
            of_text: for each text the indices of its windows.
        """
        best = np.zeros((len(of_text), len(self.folder.labels)), dtype=np.float32)
        for text, rows in enumerate(of_text):
            if rows:
                best[text] = scores[rows].max(axis=0)
        enough = best.sum(axis=1) >= self.folder.least_expected
        reached = best >= self._thresholds
        results = []
        for text, row in enumerate(best):
            given: list[int] = []
            if enough[text] and of_text[text]:
                if reached[text].any():
                    given = [i for i in np.argsort(-row, kind="stable") if reached[text, i]]
                elif self.folder.at_least_one:
                    given = [int((row / self._thresholds).argmax())]
            labels = tuple(self.folder.labels[i] for i in given)
            results.append(Classification(scores=tuple(row.tolist()), labels=labels))
        return results

    def _score_sentences(
        self,
        texts: Sequence[str],
        found: Sequence[Classification],
        short: frozenset[int],
        usage: Usage | None,
    ) -> tuple[list[Window], list[NDArray[np.float32]], list[list[int]]]:
        """Score each sentence of labelled texts as a window of its own.

        Args:
            texts: anonymized texts.
            found: their results.
            short: the indices of those that are short.
            usage: gets the tokens added.

        Returns:
            The sentences; for each its probabilities, of shape `(1, labels)`; and for each text
            the indices of its sentences. A text of one sentence is not scored again.
        """
        asked = [text if item.labels else "" for text, item in zip(texts, found, strict=True)]
        pieces = self._encoder.windows(asked, by_sentence=True)
        of_text = _by_text(pieces, len(texts))
        scores = np.empty((len(pieces), 1, len(self.folder.labels)), dtype=np.float32)
        again = []
        for item, rows in zip(found, of_text, strict=True):
            if len(rows) == 1:
                scores[rows] = item.scores
            else:
                again += rows
        scores[again, 0] = self._scorer([pieces[r] for r in again], short, usage)[0]
        return pieces, list(scores), of_text

    def _with_evidence(
        self, item: Classification, pieces: list[Window], scores: list[NDArray[np.float32]]
    ) -> Classification:
        """The result with the sentences that carry each label.

        Args:
            item: the result of a text without evidence.
            pieces: the windows of the text, or its sentences, in order.
            scores: for each piece the probabilities of its sentences, `(sentences, labels)`.
        """
        if not item.labels:
            return item
        ranges: list[Sentence | Window] = []
        for piece in pieces:
            ranges += piece.sentences or [piece]
        table = np.concatenate(scores)
        labels = [self.folder.labels.index(name) for name in item.labels]
        found = (
            evidence(ranges, table[:, label], self.folder.thresholds[label]) for label in labels
        )
        return replace(item, evidence=tuple(found))


@contextmanager
def _errors_without_text() -> Iterator[None]:
    try:
        yield
    except (MemoryError, DeviceError):
        raise
    except Exception as exc:  # noqa: BLE001 - a tokenizer's message may hold the text
        raise ClassificationError(type(exc).__name__) from None


def _by_text(pieces: Sequence[Window], texts: int) -> list[list[int]]:
    """For each text of a batch the indices of its windows."""
    rows: list[list[int]] = [[] for _ in range(texts)]
    for index, piece in enumerate(pieces):
        rows[piece.text_index].append(index)
    return rows
