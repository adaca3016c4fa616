"""Short texts are read with the earlier shipped model's weights, all others with the new ones."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import nullcontext
from dataclasses import asdict, replace
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
from training.finetuning import learning, short_texts
from training.finetuning.callbacks import BestEpoch
from training.finetuning.text_model import TextModel
from training.finetuning.trainer import FinetuneData
from training.progress import Progress
from training.scoring.temperature import best_temperature
from worker.classifier.classifier import Classifier
from worker.models import adapter
from worker.models.compute import EXACT
from worker.models.folder import SHIPPED_MODEL, SHORT_TEXTS, ModelFolder, seal_folder
from worker.models.loading import load_parts

SHORT, LONG = "I will never get it right.", "We had soup. It rained. They all think I am a fool."


def two_models() -> TextModel:
    """The shipped model, beside the earlier one for short texts."""
    folder = ModelFolder.open(SHIPPED_MODEL)
    tokenizer, network = load_parts(folder)
    earlier = short_texts.earlier_model(network, model_labels())
    return TextModel(network, tokenizer, 128, folder.sentence_share, earlier)


def test_the_earlier_weights_read_short_texts_and_the_new_ones_all_others() -> None:
    model = two_models()
    assert model.short is not None
    new = replace(model, short=None).probabilities([SHORT, LONG])
    old = replace(model, model=model.short.model, short=None).probabilities([SHORT, LONG])
    both = model.probabilities([SHORT, LONG])
    assert np.abs(new - old).max(axis=1).min() > 1e-3
    np.testing.assert_allclose(both, [old[0], new[1]], atol=1e-6)


def test_only_the_whole_of_a_short_text_is_one() -> None:
    """The last window of a long text has few tokens and sentences, too."""
    model = two_models()
    assert model.short is not None
    long = "It was a day like many others and nothing at all came of it. " * 9 + SHORT
    texts = [long, SHORT, "Yes. No. Yes.", "word " * 60]
    windows = model.windows(texts, np.zeros((len(texts), 11), np.float32))
    short = model.short.windows(windows)
    assert windows.text_index[short].tolist() == [1]
    assert (windows.text_index == 0).sum() > 1


def test_the_new_weights_are_calibrated_by_themselves() -> None:
    model = two_models()
    assert model.short is not None
    held_out = Part.of([Record(text, model_labels()[:1]) for text in (SHORT, LONG)], model_labels())
    windows = model.windows(held_out.texts, held_out.labels)
    data = FinetuneData(windows, windows, held_out, model_labels(), None)
    new = {name: value.clone() for name, value in model.model.state_dict().items()}
    earlier = {name: value.clone() for name, value in model.short.model.state_dict().items()}
    alone = replace(model, short=None).probabilities(held_out.texts)
    temperature = best_temperature(held_out.labels, alone)
    assert temperature != best_temperature(held_out.labels, model.probabilities(held_out.texts))
    with model.prepared():
        found = model.predict(windows)
        best = learning._with_earlier(model, data, BestEpoch(1.0, found, [], {}))
    layer, head = "bert.encoder.layer.2.output.dense.weight", "classifier.weight"
    new[head] /= temperature
    for name in (layer, head):
        torch.testing.assert_close(model.model.state_dict()[name], new[name])
        torch.testing.assert_close(best.state[name], new[name])
        assert torch.equal(model.short.model.state_dict()[name], earlier[name])
    np.testing.assert_allclose(best.probabilities, model.probabilities([SHORT, LONG]), atol=1e-6)


def model_labels() -> tuple[str, ...]:
    return ModelFolder.open(SHIPPED_MODEL).labels


def test_what_is_written_scores_as_what_was_trained(tmp_path: Path) -> None:
    """Both sets of weights, and which texts are short, reach the worker."""
    model = two_models()
    assert model.short is not None
    shutil.copytree(SHIPPED_MODEL, tmp_path / "written")
    adapter.save(tmp_path / "written" / SHORT_TEXTS, model.short.model.state_dict())
    file = tmp_path / "written" / "thresholds.json"
    content = json.loads(file.read_text()) | {"short_texts": asdict(model.short.texts)}
    file.write_text(json.dumps(content))
    seal_folder(tmp_path / "written", name="written")
    classifier = Classifier.load(ModelFolder.open(tmp_path / "written"), EXACT)
    texts = [SHORT, LONG, "It rained.", LONG * 9]
    found = np.array([one.scores for one in classifier.classify(texts)])
    np.testing.assert_allclose(found, model.probabilities(texts), atol=2e-3)


def test_other_weights_than_the_earlier_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, network = load_parts(ModelFolder.open(SHIPPED_MODEL))
    other = tmp_path / adapter.FILE
    other.write_bytes((SHIPPED_MODEL / adapter.FILE).read_bytes())
    monkeypatch.setattr(short_texts, "FILE", other)
    with pytest.raises(BaseModelError, match="not the earlier model's weights"):
        short_texts.earlier_model(network, model_labels())


def test_a_model_with_other_labels_has_no_earlier_one() -> None:
    """Not even with as many of them, which would be read as one another."""
    _, network = load_parts(ModelFolder.open(SHIPPED_MODEL))
    renamed = sorted(["Zooming In", *model_labels()[1:]])
    with pytest.raises(BaseModelError, match="other labels"):
        short_texts.earlier_model(network, renamed)


def test_what_the_earlier_model_has_seen_validates_nothing() -> None:
    metrics = json.loads((SHIPPED_MODEL / "metrics.json").read_text())
    assert metrics["settings"]["with_earlier"]
    data = metrics["data"]
    assert data["validation_entries"] < 0.1 * data["train_entries"]
    data_folder = Path(short_texts.FILE).parents[1]
    texts = {
        name: [json.loads(line)["text"] for line in (data_folder / name).read_text().splitlines()]
        for name in ("calm.jsonl", "implied.jsonl")
    }
    assert all(seen_earlier(text) != validated_earlier(text) for text in texts["calm.jsonl"])
    assert not any(seen_earlier(text) or validated_earlier(text) for text in texts["implied.jsonl"])
    assert hashlib.sha256(short_texts.FILE.read_bytes()).hexdigest() == short_texts.SHA256


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
