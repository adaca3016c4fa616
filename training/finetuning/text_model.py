"""A classifier with its tokenizer: from texts to probabilities, as a worker computes them."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.utils.data import DataLoader

from training.finetuning.sentences.scores import joined_logits, scores_parts
from training.finetuning.sentences.windows import windows_to_score
from training.finetuning.windows import Collator, tokenize
from worker.classifier.cls_token import cls_token_only
from worker.models import adapter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from training.finetuning.short_texts import ShortTextModel
    from training.finetuning.windows import Windows

#: Windows scored at once.
EVALUATION_BATCH = 32


@dataclass(frozen=True, slots=True)
class TextModel:
    """A model with what it takes to read texts.

    Attributes:
        model: classifies windows of tokens; training changes its weights in place.
        tokenizer: the model's, a fast one.
        window_tokens: most tokens in a window, special tokens included.
        sentence_share: how much the best sentence of a window counts beside the window.
        short: what reads short texts in its place; None if `model` reads all.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    window_tokens: int
    sentence_share: float = 0.0
    short: ShortTextModel | None = None

    @property
    def networks(self) -> tuple[PreTrainedModel, ...]:
        """Every model that reads texts."""
        return (self.model, self.short.model) if self.short else (self.model,)

    @property
    def pad_token_id(self) -> int:
        """What fills up the shorter windows of a batch."""
        return self.tokenizer.pad_token_id or 0

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Probabilities of texts, each the maximum over its windows, shape `(texts, labels)`.

        Raises:
            DataError: the model knows no word of any of these texts.
        """
        no_labels = np.zeros((len(texts), self.model.config.num_labels), np.float32)
        windows = self.windows(texts, no_labels)
        with self.prepared():
            return self.predict(windows)

    def windows(self, texts: Sequence[str], labels: NDArray[np.float32]) -> Windows:
        """Every window of the texts, with its sentences if they count.

        Args:
            texts: anonymized texts.
            labels: of each text, shape `(texts, labels)`.

        Raises:
            DataError: the model knows no word of any of these texts.
        """
        cut = windows_to_score if self.sentence_share else tokenize
        return cut(texts, labels, self.tokenizer, window_tokens=self.window_tokens)

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Within the block the model computes what is needed of its last layer, and no more."""
        prepare = scores_parts if self.sentence_share else cls_token_only
        with ExitStack() as stack:
            for network in self.networks:
                stack.enter_context(prepare(network))
            yield

    def round_to_adapters(self, *, small: bool) -> bool:
        """Give what is stored as an adapter the weights that this keeps: figures are the worker's.

        Args:
            small: whether the model is stored so; that for short texts always is.

        Returns:
            Whether there was anything to round.
        """
        stored = self.networks if small else self.networks[1:]
        with tempfile.TemporaryDirectory(prefix="journal-train-") as folder:
            file = Path(folder) / adapter.FILE
            for network in stored:
                adapter.save(file, network.state_dict())
                network.load_state_dict(adapter.merge(file, network.state_dict()))
        return bool(stored)

    @torch.no_grad()
    def predict(self, windows: Windows) -> NDArray[np.float32]:
        """The same of texts that are tokenized already, within `prepared()`."""
        probabilities = np.zeros((len(windows.dataset), self.model.config.num_labels), np.float32)
        for network, rows in self._readers(windows):
            loader = DataLoader(
                windows.dataset.select(rows, keep_in_memory=True),
                batch_size=EVALUATION_BATCH,
                collate_fn=Collator(self.pad_token_id),
            )
            network.eval()
            logits = [self._logits(network, batch) for batch in loader]
            probabilities[rows] = torch.sigmoid(torch.cat(logits).float()).numpy()
        return windows.best_by_text(probabilities)

    def _readers(self, windows: Windows) -> list[tuple[PreTrainedModel, NDArray[np.int64]]]:
        """Each model with the rows of the windows that it reads, if there are any."""
        short = self.short.windows(windows) if self.short else np.zeros(len(windows.dataset), bool)
        readers = zip(self.networks, (~short, short), strict=False)
        return [(network, np.flatnonzero(read)) for network, read in readers if read.any()]

    def _logits(self, network: PreTrainedModel, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """The logits that count for each window, shape `(windows, labels)`."""
        ids, mask, parts = batch["input_ids"], batch["attention_mask"], batch.get("parts")
        if not self.sentence_share:
            logits: torch.Tensor = network(input_ids=ids, attention_mask=mask).logits
            return logits
        found = network(input_ids=ids, attention_mask=mask, parts=parts).logits
        return joined_logits(found, parts, mask, self.sentence_share)
