"""Passes that a device refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from worker.anonymizer.anonymizer import Anonymizer
from worker.classifier.classifier import Classifier
from worker.errors import DeviceError
from worker.models.compute import EXACT
from worker.models.device import in_passes
from worker.models.folder import ModelFolder

FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
LOST = RuntimeError("CUDA error: unspecified launch failure")
TEXTS = ["They hate me! I will fail.", "It rained.", "x", "So be it, so what?", "one. two."] * 3


class Device:
    """Stands in for one that has room for so many sequences in a pass."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.passes: list[int] = []

    def refuse(self, sequences: int) -> None:
        self.passes.append(sequences)
        if sequences > self.room:
            raise FULL


def test_what_there_is_no_memory_for_is_computed_in_halves_and_in_order() -> None:
    device = Device(room=3)

    def compute(group: list[int]) -> torch.Tensor:
        device.refuse(len(group))
        return torch.tensor(group) * 10

    found = list(in_passes([list(range(8)), [8, 9]], compute))
    assert [index for group, _ in found for index in group] == list(range(10))
    assert torch.cat([values for _, values in found]).tolist() == list(range(0, 100, 10))
    assert device.passes == [8, 4, 2, 2, 4, 2, 2, 2]


@pytest.mark.parametrize("error", [FULL, LOST])
def test_a_device_that_is_lost_or_full_is_told_as_such(error: RuntimeError) -> None:
    def fail(_: list[int]) -> torch.Tensor:
        raise error

    with pytest.raises(DeviceError, match="device"):
        list(in_passes([[0]], fail))


def test_other_errors_stay_what_they_are() -> None:
    def fail(_: list[int]) -> torch.Tensor:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        list(in_passes([[0], [1]], fail))


@pytest.fixture
def classifier(tiny_model: Path) -> Classifier:
    return Classifier.load(ModelFolder.open(tiny_model), EXACT)


def test_a_classifier_on_a_small_device_scores_the_same(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = classifier.classify(TEXTS)
    device, network = Device(room=2), classifier._scorer.network
    compute = network.logits

    def logits(windows: Any) -> torch.Tensor:
        device.refuse(len(windows))
        return compute(windows)

    monkeypatch.setattr(network, "logits", logits)
    found = classifier.classify(TEXTS)
    assert max(device.passes) > device.room
    for one, other in zip(found, expected, strict=True):
        assert one.scores == pytest.approx(other.scores, abs=1e-5)


def test_neither_stage_takes_a_lost_device_for_a_fault_of_a_text(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> torch.Tensor:
        raise LOST

    monkeypatch.setattr(classifier._scorer.network, "logits", fail)
    with pytest.raises(DeviceError):
        classifier.classify(["A text."])
    anonymizer = Anonymizer.load(compute=EXACT)
    monkeypatch.setattr(anonymizer._nlp.tagger._network, "logits", fail)  # type: ignore[attr-defined]
    with pytest.raises(DeviceError):
        anonymizer.anonymize(["A text."])
