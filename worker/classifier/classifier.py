"""The classifier: a verified model folder applied to batches of anonymized texts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from worker.classifier.cls_token import AVERAGES, is_bert, read
from worker.classifier.encoder import Encoder
from worker.classifier.evidence import evidence
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

#: Most tokens, padding included, in one forward pass. On a CPU small passes stay in the
#: cache (256 to 1,024 tokens were within 5% of one another); a GPU wants them large.
PADDED_TOKENS = {"cpu": 512, "cuda": 32_768}
#: Largest difference of a probability from fp32 that a faster precision may show at warm-up.
TOLERANCE = 0.06
_NONE = np.empty((0, 0), dtype=np.float32)
_PROBES = (
    "I missed one call from my sister and now she will never speak to me again.",
    "We planted beans along the fence and it rained all afternoon.",
    "If the report is not perfect, there was no point in writing it at all.",
    "She said she liked the soup, but she says that to everyone.",
)


class Usage(Protocol):
    """Something that counts what a batch cost."""

    #: Tokens that carried text.
    tokens: int
    #: Tokens computed, padding included.
    padded_tokens: int


@dataclass(frozen=True, slots=True)
class Classification:
    """What was found in one text.

    Attributes:
        scores: the probability of each label, in the order of the model folder's labels.
        labels: the labels given, best score first.
        evidence: for each label given, character ranges of the classified text, in order.
    """

    scores: tuple[float, ...]
    labels: tuple[str, ...]
    evidence: tuple[tuple[tuple[int, int], ...], ...] = field(default=())


class Classifier:
    """Scores texts for every label; an entry's score is the maximum over its windows.

    What carries a label is found by scoring each sentence: in the same pass where the model's last
    layer averages (see `worker.classifier.cls_token`), else the sentences of labelled texts one by
    one.
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
        self._reads_sentences = is_bert(model) and getattr(model.config, AVERAGES, False)

    @classmethod
    def load(cls, folder: ModelFolder, compute: Compute = AUTO) -> Classifier:
        """Load a verified folder, choose device and precision, and warm up.

        A faster precision whose probabilities stray from fp32 is given up for fp32.

        Raises:
            ModelFolderError: the folder cannot be loaded.
            StartupError: the device or precision is not to be had.
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
            scores, inner = self._score(pieces, usage, inside=self._reads_sentences)
            of_text = _by_text(pieces, len(texts))
            found = [self._combine(scores[rows]) for rows in of_text]
            if not self._reads_sentences:
                pieces, inner, of_text = self._read_again(texts, found, usage)
            return [
                self._with_evidence(item, [pieces[r] for r in rows], [inner[r] for r in rows])
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
        """Probabilities in fp32 on the CPU.

        Returns:
            Those of the windows, of shape `(windows, labels)`; and for each window those of its
            sentences, of shape `(sentences, labels)`, if `inside` is wanted.
        """
        scores = torch.zeros(len(pieces), len(self.folder.labels))
        inner = [_NONE] * len(pieces)
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
                    inner[index] = found[row, 1 : 1 + len(pieces[index].sentences)].numpy()
        return scores, inner

    def _probabilities(self, batch: PaddedBatch, parts: torch.Tensor | None) -> torch.Tensor:
        """Of windows and parts of them, on the CPU: `(windows, 1 + parts, labels)`."""
        ids, mask = batch.ids.to(self.device), batch.mask.to(self.device)
        with torch.inference_mode():
            if is_bert(self._model):
                logits = read(
                    self._model, ids, mask, None if parts is None else parts.to(self.device)
                )
            else:
                logits = self._model(input_ids=ids, attention_mask=mask.long()).logits[:, None]
        return torch.sigmoid(finite(logits).float()).cpu()

    def _combine(self, scores: torch.Tensor) -> Classification:
        """What one text's windows say, of shape `(windows, labels)`, yet without evidence."""
        if not len(scores):
            return Classification(scores=(0.0,) * len(self.folder.labels), labels=())
        best = scores.max(dim=0).values
        given = [i for i in torch.argsort(best, descending=True).tolist()
                 if best[i] >= self._thresholds[i]]  # fmt: skip
        if float(best.sum()) < self.folder.least_expected:
            given = []
        elif self.folder.at_least_one and not given:
            given = [int((best / self._thresholds).argmax())]
        return Classification(
            scores=tuple(best.tolist()), labels=tuple(self.folder.labels[i] for i in given)
        )

    def _read_again(
        self, texts: Sequence[str], found: Sequence[Classification], usage: Usage | None
    ) -> tuple[list[Window], list[NDArray[np.float32]], list[list[int]]]:
        """The sentences of labelled texts, scored one by one."""
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
        """The same, with the sentences that carry each label."""
        if not item.labels:
            return item
        ranges: list[Sentence | Window] = []
        for piece in pieces:
            ranges += piece.sentences or [piece]
        table = np.concatenate(scores)
        labels = [self.folder.labels.index(name) for name in item.labels]
        return replace(item, evidence=tuple(
            evidence(ranges, table[:, label], self.folder.thresholds[label]) for label in labels
        ))  # fmt: skip


def _parts(pieces: Sequence[Window], mask: torch.Tensor) -> torch.Tensor:
    """Which tokens each sentence has, of shape `(windows, sentences, tokens)`.

    Windows with fewer sentences than others are read as a whole in their place.
    """
    most = max(len(piece.sentences) for piece in pieces)
    parts = mask[:, None].repeat(1, most, 1)
    for row, piece in enumerate(pieces):
        for at, sentence in enumerate(piece.sentences):
            parts[row, at] = False
            parts[row, at, sentence.first : sentence.last] = True
    return parts


def _by_text(pieces: Sequence[Window], texts: int) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in range(texts)]
    for index, piece in enumerate(pieces):
        rows[piece.text_index].append(index)
    return rows
