"""The classifier: scores batches of anonymized texts with the model of a verified folder."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from worker.classifier.cls_token import AVERAGES, cls_logits, is_bert
from worker.classifier.encoder import Encoder
from worker.classifier.evidence import evidence
from worker.classifier.joining import join
from worker.errors import ClassificationError, ModelFolderError
from worker.models.compute import AUTO
from worker.models.loading import load_parts
from worker.models.padding import PaddedBatch, pad, similar_lengths
from worker.models.precision import (
    Precision,
    choose_device,
    choose_precision,
    finite,
    set_threads,
    with_fallback,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from worker.models.compute import Compute
    from worker.models.folder import ModelFolder
    from worker.models.windows import Sentence, Window

#: Most tokens, padding included, in one forward pass. On a CPU the activations of a small pass stay
#: in the cache (256 to 1,024 tokens were within 5% of one another); a GPU needs large ones.
PADDED_TOKENS = {"cpu": 512, "cuda": 32_768}
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

    The sentences that carry a label are found by scoring each. Where the last layer averages (see
    `worker.classifier.cls_token`) the pass of the windows does it; else labelled texts get another.

    Args:
        folder: the verified model folder.
        tokenizer: its tokenizer, a fast one.
        model: its model in fp32, on `device`.
        device: where to compute.
    """

    def __init__(
        self, folder: ModelFolder, tokenizer: Any, model: Any, *, device: torch.device
    ) -> None:
        self.folder = folder
        self.device = device
        self.precision = Precision.FP32
        self._tokenizer = tokenizer
        self._encoder = Encoder(tokenizer, folder.window_tokens)
        self._model = model
        self._padded_tokens = PADDED_TOKENS[device.type]
        self._thresholds = torch.tensor(folder.thresholds)
        self._scores_sentences_inside = is_bert(model) and getattr(model.config, AVERAGES, False)

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
        tokenizer, model = load_parts(folder)
        classifier = cls(folder, tokenizer, model.to(place), device=place)
        try:
            classifier._warm_up(chosen)
        except ClassificationError as exc:
            raise ModelFolderError(f"{folder.path}: the model scores no text ({exc})") from None
        return classifier

    @property
    def label_names(self) -> tuple[str, ...]:
        """Every label, in the order of scores."""
        return self.folder.labels

    @property
    def model_version(self) -> str:
        """Name and version of the model folder."""
        return f"{self.folder.name}@{self.folder.version}"

    def classify(self, texts: Sequence[str], usage: Usage | None = None) -> list[Classification]:
        """Score texts; results come in the same order.

        Args:
            texts: anonymized texts of any length.
            usage: gets the tokens of this batch added.

        Raises:
            ClassificationError: the model failed; the message holds no text.
        """
        try:
            pieces = self._encoder.windows(texts)
            inside = self._scores_sentences_inside
            scores, sentence_scores = self._score(pieces, usage, inside=inside)
            scores = join(scores, sentence_scores, self.folder.sentence_share)
            of_text = _by_text(pieces, len(texts))
            found = [self._combine(scores[rows]) for rows in of_text]
            if not inside:
                pieces, sentence_scores, of_text = self._score_sentences(texts, found, usage)
            return [
                self._with_evidence(
                    item, [pieces[r] for r in rows], [sentence_scores[r] for r in rows]
                )
                for item, rows in zip(found, of_text, strict=True)
            ]
        except MemoryError:
            raise
        except Exception as exc:  # noqa: BLE001 - a tokenizer's message may hold the text
            raise ClassificationError(type(exc).__name__) from None

    def _warm_up(self, precision: Precision) -> None:
        """Score a few texts; compute in `precision` from then on, if it agrees with fp32 on them.

        Raises:
            ClassificationError: the model scores no text in fp32.
        """

        def probe(model: Any) -> torch.Tensor:
            self._model = model
            return torch.tensor([found.scores for found in self.classify(_PROBES)])

        self._model, self.precision = with_fallback(
            self._model, precision, self.device, probe=probe, tolerance=TOLERANCE
        )

    def _score(
        self, pieces: Sequence[Window], usage: Usage | None, *, inside: bool = False
    ) -> tuple[torch.Tensor, list[NDArray[np.float32]]]:
        """Score windows, and with `inside` the sentences inside each window too.

        Returns:
            The probabilities of windows, of shape `(windows, labels)`; and for each window those
            of its sentences, of shape `(sentences, labels)`. All are in fp32 on the CPU.
        """
        scores = torch.zeros(len(pieces), len(self.folder.labels))
        of_sentences = [_NO_SCORES] * len(pieces)
        lengths = [len(piece.token_ids) for piece in pieces]
        for group in similar_lengths(lengths, self._padded_tokens):
            batch = pad([pieces[i].token_ids for i in group], self._tokenizer.pad_token_id)
            if usage is not None:
                usage.tokens += int(batch.mask.sum())
                usage.padded_tokens += batch.ids.numel()
            parts = _parts([pieces[i] for i in group], batch.mask) if inside else None
            found = self._probabilities(batch, parts)
            scores[group] = found[:, 0]
            if inside:
                for row, index in enumerate(group):
                    count = len(pieces[index].sentences)
                    of_sentences[index] = found[row, 1 : 1 + count].numpy()
        return scores, of_sentences

    def _probabilities(self, batch: PaddedBatch, parts: torch.Tensor | None) -> torch.Tensor:
        """The probabilities of windows and of their parts, `(windows, 1 + parts, labels)`."""
        ids, mask = batch.ids.to(self.device), batch.mask.to(self.device)
        with torch.inference_mode():
            if is_bert(self._model):
                parts = None if parts is None else parts.to(self.device)
                logits = cls_logits(self._model, ids, mask, parts)
            else:
                logits = self._model(input_ids=ids, attention_mask=mask.long()).logits[:, None]
        return torch.sigmoid(finite(logits).float()).cpu()

    def _combine(self, scores: torch.Tensor) -> Classification:
        """The result of a text, still without evidence.

        Args:
            scores: the probabilities of its windows, of shape `(windows, labels)`.
        """
        if not len(scores):
            return Classification(scores=(0.0,) * len(self.folder.labels), labels=())
        best = scores.max(dim=0).values
        order = torch.argsort(best, descending=True).tolist()
        given = [i for i in order if best[i] >= self._thresholds[i]]
        if float(best.sum()) < self.folder.least_expected:
            given = []
        elif self.folder.at_least_one and not given:
            given = [int((best / self._thresholds).argmax())]
        return Classification(
            scores=tuple(best.tolist()), labels=tuple(self.folder.labels[i] for i in given)
        )

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
        scores[again, 0] = self._score([pieces[r] for r in again], usage)[0].numpy()
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


def _parts(pieces: Sequence[Window], mask: torch.Tensor) -> torch.Tensor:
    """True at the tokens of each sentence, of shape `(windows, sentences, tokens)`.

    Where a window has fewer sentences than others, the rest of its parts are the whole window.
    """
    most = max(len(piece.sentences) for piece in pieces)
    parts = mask[:, None].repeat(1, most, 1)
    for row, piece in enumerate(pieces):
        for at, sentence in enumerate(piece.sentences):
            parts[row, at] = False
            parts[row, at, sentence.first : sentence.last] = True
    return parts


def _by_text(pieces: Sequence[Window], texts: int) -> list[list[int]]:
    """For each text of a batch the indices of its windows."""
    rows: list[list[int]] = [[] for _ in range(texts)]
    for index, piece in enumerate(pieces):
        rows[piece.text_index].append(index)
    return rows
