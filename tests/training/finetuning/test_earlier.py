"""Weights averaged with those of the earlier shipped model."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from training.entries.prepared import seen_earlier
from training.entries.record import Record
from training.entries.split import Part
from training.errors import BaseModelError
from training.finetuning.averaging import earlier
from training.finetuning.callbacks import BestEpoch
from training.finetuning.text_model import TextModel
from training.finetuning.trainer import FinetuneData
from worker.models import adapter
from worker.models.folder import SHIPPED_MODEL, ModelFolder
from worker.models.loading import load_parts

TEXTS = ("I will never get it right.", "We had soup.", "They all think I am a fool.")


def prepared() -> tuple[TextModel, FinetuneData, BestEpoch]:
    folder = ModelFolder.open(SHIPPED_MODEL)
    tokenizer, network = load_parts(folder)
    model = TextModel(network, tokenizer, 128, folder.sentence_share)
    held_out = Part.of([Record(text, folder.labels[:1]) for text in TEXTS], folder.labels)
    windows = model.windows(held_out.texts, held_out.labels)
    data = FinetuneData(windows, windows, held_out, folder.labels, None)
    with model.prepared():
        probabilities = model.predict(windows)
    return model, data, BestEpoch(1.0, probabilities, [], {})


def test_the_weights_are_the_mean_of_both() -> None:
    model, data, best = prepared()
    before = {name: value.clone() for name, value in model.model.state_dict().items()}
    with model.prepared():
        mixed = earlier.averaged_with_earlier(model, data, best)
    merged = adapter.merge(earlier.FILE, before)
    name = "bert.encoder.layer.2.output.dense.weight"
    after = model.model.state_dict()
    assert not torch.equal(before[name], merged[name])
    torch.testing.assert_close(after[name], (before[name] + merged[name]) / 2)
    torch.testing.assert_close(mixed.state[name], after[name])
    assert not np.allclose(mixed.probabilities, best.probabilities)


def test_other_weights_than_the_earlier_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, data, best = prepared()
    other = tmp_path / adapter.FILE
    other.write_bytes((SHIPPED_MODEL / adapter.FILE).read_bytes())
    monkeypatch.setattr(earlier, "FILE", other)
    with pytest.raises(BaseModelError, match="not the earlier model's weights"):
        earlier.averaged_with_earlier(model, data, best)


def test_what_the_earlier_model_has_seen_validates_nothing() -> None:
    metrics = json.loads((SHIPPED_MODEL / "metrics.json").read_text())
    assert metrics["settings"]["with_earlier"]
    data = metrics["data"]
    assert data["validation_entries"] < 0.1 * data["train_entries"]
    lines = (Path(earlier.FILE).parents[1] / "calm.jsonl").read_text().splitlines()
    assert all(seen_earlier.seen_earlier(json.loads(line)["text"]) for line in lines)
    assert not seen_earlier.seen_earlier("an entry that nobody wrote")
    assert hashlib.sha256(earlier.FILE.read_bytes()).hexdigest() == earlier.SHA256
