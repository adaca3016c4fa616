"""The classifier: scores batches of anonymized texts with the model of a verified folder."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from worker.classifier.encoder import Encoder
from worker.classifier.evidence import evidence
from worker.classifier.joining import join
from worker.classifier.networks import network
from worker.errors import ClassificationError, DeviceError, ModelFolderError, StartupError
from worker.models.compute import AUTO
from worker.models.device import in_passes
from worker.models.loading import load_parts
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
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from worker.classifier.networks import Network
    from worker.models.compute import Compute
    from worker.models.folder import ModelFolder
    from worker.models.windows import Sentence, Window

#: Largest difference of a probability from that in fp32 which is accepted of a faster precision.
TOLERANCE = 0.06
_NO_SCORES = np.empty((0, 0), dtype=np.float32)
_PROBES = (
    "I missed one call from my sister and now she will never speak to me again.",
    "We planted beans along the fence and it rained all afternoon.",
    "If the report is not perfect, there was no point in writing it at all.",
    "She said she liked the soup, but she says that to everyone.",
)


class Usage(Protocol):
    """Something that counts the tokens of a batch."""

    #: Tokens of windows, special tokens included and padding not.
    tokens: int
    #: Tokens computed, padding included.
    padded_tokens: int


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
        device: where that computes.
        precision: in which precision it computes.
    """

    def __init__(
        self,
        folder: ModelFolder,
        tokenizer: Any,
        network: Network,
        *,
        device: torch.device,
        precision: Precision = Precision.FP32,
    ) -> None:
        self.folder = folder
        self.device = device
        self.precision = precision
        self.tokenizer = BatchTokenizer(tokenizer)
        self._encoder = Encoder(self.tokenizer, folder.window_tokens)
        self._network = network
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

        def make(precision: Precision) -> Classifier:
            passes = network(model, precision, place, tokenizer.pad_token_id)
            return cls(folder, tokenizer, passes, device=place, precision=precision)

        def probe(classifier: Classifier) -> torch.Tensor:
            return torch.tensor([found.scores for found in classifier.classify(_PROBES)])

        try:
            classifier, _ = with_fallback(make, chosen, probe=probe, tolerance=TOLERANCE)
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
        self._network.prepare(most_tokens)

    def classify(self, texts: Sequence[str], usage: Usage | None = None) -> list[Classification]:
        """Score texts; results come in the same order.

        Args:
            texts: anonymized texts of any length.
            usage: gets the tokens of this batch added.

        Raises:
            ClassificationError: the model failed; the message holds no text.
            DeviceError: the device is lost, or full.
        """
        try:
            pieces = self._encoder.windows(texts)
            scores, sentence_scores = self._score(pieces, usage)
            scores = join(scores, sentence_scores, self.folder.sentence_share)
            of_text = _by_text(pieces, len(texts))
            found = self._combine(scores, of_text)
            if not self._network.scores_sentences:
                pieces, sentence_scores, of_text = self._score_sentences(texts, found, usage)
            return [
                self._with_evidence(
                    item, [pieces[r] for r in rows], [sentence_scores[r] for r in rows]
                )
                for item, rows in zip(found, of_text, strict=True)
            ]
        except (MemoryError, DeviceError):
            raise
        except Exception as exc:  # noqa: BLE001 - a tokenizer's message may hold the text
            raise ClassificationError(type(exc).__name__) from None

    def _score(
        self, pieces: Sequence[Window], usage: Usage | None
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        """Score windows, and the sentences inside each where the network does so in one pass.

        Returns:
            The probabilities of windows, of shape `(windows, labels)`; and for each window those
            of its sentences, of shape `(sentences, labels)`.
        """
        scores = np.zeros((len(pieces), len(self.folder.labels)), dtype=np.float32)
        of_sentences = [_NO_SCORES] * len(pieces)
        lengths = [len(piece.token_ids) for piece in pieces]
        passes = in_passes(
            self._network.passes(lengths),
            lambda group: self._network.logits([pieces[i] for i in group]),
        )
        for group, logits in passes:
            if usage is not None:
                usage.tokens += sum(lengths[i] for i in group)
                usage.padded_tokens += self._network.computed([lengths[i] for i in group])
            found = torch.sigmoid(logits).numpy()
            row = 0
            for index in group:
                inside = len(pieces[index].sentences) if self._network.scores_sentences else 0
                scores[index] = found[row]
                of_sentences[index] = found[row + 1 : row + 1 + inside]
                row += 1 + inside
        return scores, of_sentences

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
        self, texts: Sequence[str], found: Sequence[Classification], usage: Usage | None
    ) -> tuple[list[Window], list[NDArray[np.float32]], list[list[int]]]:
        """Score each sentence of labelled texts as a window of its own.

        Returns:
            The sentences; for each its probabilities, of shape `(1, labels)`; and for each text
            the indices of its sentences. A text of one sentence is not scored again.
        """
        labelled = [i for i, item in enumerate(found) if item.labels]
        pieces = self._encoder.windows([texts[i] for i in labelled], by_sentence=True)
        of_text: list[list[int]] = [[] for _ in texts]
        for row, piece in enumerate(pieces):
            of_text[labelled[piece.text_index]].append(row)
        scores = np.empty((len(pieces), 1, len(self.folder.labels)), dtype=np.float32)
        again = []
        for item, rows in zip(found, of_text, strict=True):
            if len(rows) == 1:
                scores[rows] = item.scores
            else:
                again += rows
        scores[again, 0] = self._score([pieces[r] for r in again], usage)[0]
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


def _by_text(pieces: Sequence[Window], texts: int) -> list[list[int]]:
    """For each text of a batch the indices of its windows."""
    rows: list[list[int]] = [[] for _ in range(texts)]
    for index, piece in enumerate(pieces):
        rows[piece.text_index].append(index)
    return rows
