"""Weights averaged with those of the earlier shipped model."""

from __future__ import annotations

import hashlib
import json
from contextlib import nullcontext
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from tests.training.fitting import options
from training.entries.preparation import prepare
from training.entries.prepared.seen_earlier import seen_earlier, validated_earlier
from training.entries.record import Record, label_names
from training.entries.sources import read_shipped
from training.entries.split import Part
from training.errors import BaseModelError, DataError
from training.finetuning.averaging import earlier
from training.finetuning.callbacks import BestEpoch
from training.finetuning.text_model import TextModel
from training.finetuning.trainer import FinetuneData
from training.progress import Progress
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
    expected = torch.lerp(before[name], merged[name], earlier.SHARE)
    torch.testing.assert_close(after[name], expected)
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
    data_folder = Path(earlier.FILE).parents[1]
    texts = {
        name: [json.loads(line)["text"] for line in (data_folder / name).read_text().splitlines()]
        for name in ("calm.jsonl", "implied.jsonl")
    }
    assert all(seen_earlier(text) != validated_earlier(text) for text in texts["calm.jsonl"])
    assert not any(seen_earlier(text) or validated_earlier(text) for text in texts["implied.jsonl"])
    assert hashlib.sha256(earlier.FILE.read_bytes()).hexdigest() == earlier.SHA256


def test_what_validated_once_validates_again_and_nothing_else_is_held_back() -> None:
    records = read_shipped()
    names = label_names(records)
    with Progress(Console(file=StringIO())) as progress:
        parts = prepare(
            records,
            None,
            names,
            anonymizer=None,
            options=options(with_earlier=True, validation_share=0.15),
            progress=progress,
        )
    held_out = set(parts.held_out_as_written)
    assert {record.text for record in records if validated_earlier(record.text)} <= held_out
    assert not any(seen_earlier(text) for text in held_out)
    learnt = set(parts.train.texts)
    assert held_out.isdisjoint(learnt)
    new = [r.text for r in records if not (seen_earlier(r.text) or validated_earlier(r.text))]
    assert 0.1 < sum(text in held_out for text in new) / len(new) < 0.2


@pytest.mark.parametrize("validated", [True, False])
def test_without_new_entries_those_that_validated_do_so_again(validated: bool) -> None:
    records = [r for r in read_shipped() if seen_earlier(r.text) or validated_earlier(r.text)]
    if not validated:
        records = [record for record in records if seen_earlier(record.text)]
    names = label_names(records)
    refused = nullcontext() if validated else pytest.raises(DataError, match="none is left")
    with Progress(Console(file=StringIO())) as progress, refused:
        parts = prepare(
            records,
            None,
            names,
            anonymizer=None,
            options=options(with_earlier=True),
            progress=progress,
        )
        assert all(map(validated_earlier, parts.held_out_as_written))
