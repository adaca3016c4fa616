"""Averaging new weights with those of the earlier shipped model.

G. Ilharco et al., "Patching open-vocabulary models by interpolating weights", NeurIPS 2022, and
M. Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022: what a model has learnt
lately costs it some of what it did well before; the mean of the weights of both models, made of the
same base, keeps both. The earlier model learnt from the entries there were before
`counsel.jsonl`, `implied.jsonl`, `personas.jsonl` and `understated.jsonl`, and is itself such a
mean; its adapter is `training/data/earlier/adapter.safetensors`.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from training.errors import BaseModelError
from training.scoring.temperature import best_temperature, fold_in
from worker.models import adapter

if TYPE_CHECKING:
    from training.finetuning.callbacks import BestEpoch
    from training.finetuning.text_model import TextModel
    from training.finetuning.trainer import FinetuneData

FILE = Path(__file__).parents[2] / "data" / "earlier" / adapter.FILE
SHA256 = "51f894e9c2a9410ad5337e4deb7767995c00ce0b5a33b588b0b7e8415f8b7204"
#: How much the earlier weights count: see `training/LOG.md`.
SHARE = 0.8


def averaged_with_earlier(model: TextModel, data: FinetuneData, best: BestEpoch) -> BestEpoch:
    """Give the model, fine-tuned from the built-in base, the mean of its and the earlier weights.

    The new logits are divided by their temperature first, as the earlier ones were, so that neither
    outweighs the other.

    Raises:
        BaseModelError: the earlier weights are not those that are meant.
        ModelFolderError: they are for other labels than the model's.
    """
    if hashlib.sha256(FILE.read_bytes()).hexdigest() != SHA256:
        raise BaseModelError(f"{FILE.name}: not the earlier model's weights")
    held_out = data.held_out
    truth = np.where(held_out.known, held_out.labels, np.float32("nan"))
    fold_in(model.model, best_temperature(truth, best.probabilities))
    new = model.model.state_dict()
    earlier = adapter.merge(FILE, new)
    state = {
        name: torch.lerp(value, earlier[name], SHARE) if value.is_floating_point() else value
        for name, value in new.items()
    }
    model.model.load_state_dict(state)
    return replace(best, probabilities=model.predict(data.validation), state=state)
