"""What training makes small, label by label and as a whole."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from training.finetuning.loss import any_loss, class_weights, known_loss, training_loss

NAN = float("nan")


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def test_unknown_labels_have_no_gradient() -> None:
    logits = torch.tensor([[0.3, -2.0], [1.0, 4.0]], requires_grad=True)
    labels = torch.tensor([[1.0, NAN], [NAN, 0.0]])
    training_loss(logits, labels, torch.tensor([1.0, 2.0]), any_weight=1.0).backward()
    assert logits.grad is not None
    assert (logits.grad == 0).tolist() == [[False, True], [True, False]]


def test_positives_of_rare_labels_count_more() -> None:
    wanted = np.zeros((1000, 3), dtype=np.float32)
    wanted[:100, 0] = wanted[:500, 1] = 1
    wanted[0, 2] = 1
    wanted[500:, 0] = NAN
    assert class_weights(wanted).tolist() == [2.0, 1.0, 10.0]
    logits, ones = torch.zeros(1, 3), torch.ones(1)
    plain = known_loss(logits, torch.tensor([[1.0, NAN, NAN]]), ones)
    heavy = known_loss(logits, torch.tensor([[1.0, NAN, NAN]]), ones, class_weights(wanted))
    assert heavy == pytest.approx(2 * plain)


def test_any_loss_is_the_cross_entropy_of_a_noisy_or() -> None:
    logits = torch.tensor([[logit(0.2), logit(0.5)], [logit(0.1), logit(0.3)]])
    hard = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    expected = -(math.log(1 - 0.8 * 0.5) + math.log(0.9 * 0.7)) / 2
    assert any_loss(logits, hard, torch.ones(2)) == pytest.approx(expected, abs=1e-6)
    votes = torch.tensor([[0.4, 0.2], [0.0, NAN]])
    any_of_votes = 1 - 0.6 * 0.8
    first = any_of_votes * math.log(0.6) + (1 - any_of_votes) * math.log(0.4)
    expected = -(3 * first + math.log(0.9)) / 2
    found = any_loss(logits, votes, torch.tensor([3.0, 1.0]))
    assert found == pytest.approx(expected, abs=1e-6)


def test_the_loss_is_finite_for_any_logit() -> None:
    for value in (-200.0, 200.0):
        logits = torch.full((2, 3), value, requires_grad=True)
        labels = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
        loss = training_loss(logits, labels, torch.ones(2), any_weight=1.0)
        loss.backward()
        assert torch.isfinite(loss)
        assert logits.grad is not None
        assert torch.isfinite(logits.grad).all()


def test_the_training_loss_is_the_weighted_sum_of_both() -> None:
    logits, labels = torch.tensor([[0.5, -1.0]]), torch.tensor([[1.0, 0.0]])
    one = torch.ones(1)
    both = known_loss(logits, labels, one) + 0.5 * any_loss(logits, labels, one)
    assert training_loss(logits, labels, one, any_weight=0.5) == both
    assert training_loss(logits, labels, one) == known_loss(logits, labels, one)
