"""A classifier with its tokenizer: from texts to probabilities, as a worker computes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.utils.data import DataLoader

from training.finetuning.windows import Collator, tokenize
from worker.classifier.cls_token import cls_token_only

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

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
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    window_tokens: int

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
        windows = tokenize(texts, no_labels, self.tokenizer, window_tokens=self.window_tokens)
        with cls_token_only(self.model):
            return self.predict(windows)

    @torch.no_grad()
    def predict(self, windows: Windows) -> NDArray[np.float32]:
        """The same of texts that are tokenized already, shape `(texts, labels)`."""
        loader = DataLoader(
            windows.dataset, batch_size=EVALUATION_BATCH, collate_fn=Collator(self.pad_token_id)
        )
        self.model.eval()
        scores = [
            torch.sigmoid(
                self.model(input_ids=b["input_ids"], attention_mask=b["attention_mask"]).logits
            )
            for b in loader
        ]
        return windows.best_by_text(torch.cat(scores).float().numpy())
