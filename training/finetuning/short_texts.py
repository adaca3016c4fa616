"""The earlier shipped model beside the new one, for short texts.

One thought in a sentence or two and a page of a diary are different tasks to a model of this size:
what new entries teach it about the one costs it some of the other (Z. Li and D. Hoiem, "Learning
without forgetting", ECCV 2016). So the short texts, which the earlier model reads better, stay with
it, as in a mixture of two experts with a fixed gate (R. Jacobs et al., "Adaptive mixtures of local
experts", Neural Computation 1991).

The adapter of the earlier model is `training/data/earlier/adapter.safetensors`; it learnt from the
entries there were before `counsel.jsonl`, `implied.jsonl`, `personas.jsonl` and
`understated.jsonl`, and is itself a mean of the weights of several models.
"""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training.errors import BaseModelError
from worker.errors import WorkerError
from worker.models import adapter
from worker.models.folder import ShortTexts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from transformers import PreTrainedModel

    from training.finetuning.windows import Windows

_FOLDER = Path(__file__).parents[1] / "data" / "earlier"
FILE = _FOLDER / adapter.FILE
#: The names of its labels in the order of its outputs, one a line.
LABELS = _FOLDER / "labels.txt"
SHA256 = "51f894e9c2a9410ad5337e4deb7767995c00ce0b5a33b588b0b7e8415f8b7204"
#: The texts that are read with the earlier weights: see `training/LOG.md`.
SHORT = ShortTexts(tokens=48, sentences=2)


@dataclass(frozen=True, slots=True)
class ShortTextModel:
    """A model for short texts.

    Attributes:
        model: like that for all others, but for its weights above the embeddings.
        texts: which texts it reads.
    """

    model: PreTrainedModel
    texts: ShortTexts

    def windows(self, windows: Windows) -> NDArray[np.bool_]:
        """Which windows are those of short texts, shape `(windows,)`."""
        of_text = np.bincount(windows.text_index, minlength=windows.texts)
        rows: Iterator[tuple[int, list[list[int]]]] = zip(
            windows.dataset["length"], windows.dataset["parts"], strict=True
        )
        short = np.array([self.texts.include(length, len(parts)) for length, parts in rows])
        return np.asarray(short & (of_text[windows.text_index] == 1))


def earlier_model(model: PreTrainedModel, labels: Sequence[str]) -> ShortTextModel:
    """The earlier model, beside one that begins at the same base.

    Args:
        model: the other one; it stays as it is.
        labels: its labels, in the order of its outputs.

    Raises:
        BaseModelError: the earlier weights are not those that are meant, or for other labels; or
            the base is not installed.
    """
    if hashlib.sha256(FILE.read_bytes()).hexdigest() != SHA256:
        raise BaseModelError(f"{FILE.name}: not the earlier model's weights")
    if list(labels) != LABELS.read_text(encoding="utf-8").splitlines():
        raise BaseModelError("--with-earlier: the earlier model has other labels than the entries")
    earlier = copy.deepcopy(model)
    try:
        earlier.load_state_dict(adapter.merge(FILE, earlier.state_dict()))
    except WorkerError as exc:
        raise BaseModelError(str(exc)) from None
    return ShortTextModel(earlier.requires_grad_(requires_grad=False), SHORT)
