"""Probabilities are brought to what is true as often, without changing any order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from training.finetuning.base_model import find_base
from training.finetuning.model import load_base
from training.scoring.temperature import best_temperature, cooled, fold_in

if TYPE_CHECKING:
    from pathlib import Path


def too_sure(factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Truth drawn from probabilities, and these probabilities with their logits stretched."""
    chance = np.random.default_rng(4)
    logits = chance.normal(-1.0, 1.5, size=(4_000, 3))
    truth = chance.random(logits.shape) < 1 / (1 + np.exp(-logits))
    return truth.astype(np.float32), (1 / (1 + np.exp(-logits * factor))).astype(np.float32)


@pytest.mark.parametrize("factor", [0.6, 1.0, 2.5])
def test_the_temperature_is_how_over_confident_a_model_is(factor: float) -> None:
    truth, probabilities = too_sure(factor)
    assert best_temperature(truth, probabilities) == pytest.approx(factor, rel=0.1)


def test_a_temperature_keeps_the_order_and_certain_probabilities_finite() -> None:
    certain = np.array([[0.0, 0.2, 0.9, 1.0]], dtype=np.float32)
    found = cooled(certain, 2.0)
    assert np.isfinite(found).all()
    assert (np.diff(found) > 0).all()
    assert found[0, 1] == pytest.approx(1 / 3)  # odds of 1 to 4 become odds of 1 to 2


def test_folding_in_divides_the_logits(tiny_base: Path) -> None:
    model, tokenizer = load_base(
        find_base(str(tiny_base)), ["A", "B"], window_tokens=64, allow_download=False
    )
    model.eval()
    inputs = tokenizer(["we walked"], return_tensors="pt")
    before = model(**inputs).logits
    fold_in(model, 2.0)
    assert torch.allclose(model(**inputs).logits, before / 2, atol=1e-6)
