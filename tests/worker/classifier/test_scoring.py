"""Short texts, where a folder has weights of their own for them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.tiny_model import write_tiny_model
from worker.classifier.classifier import Classifier
from worker.errors import ModelFolderError
from worker.models import adapter
from worker.models.compute import Compute
from worker.models.folder import SHORT_TEXTS, ModelFolder, seal_folder
from worker.models.loading import load_parts, short_texts_model

if TYPE_CHECKING:
    from pathlib import Path

#: At most this many tokens, special ones included, and sentences.
TOKENS, SENTENCES = 12, 2
SHORT = ("I know.", "a b c d e f g h i j", "a. b. ", "x")
LONG = ("a b c d e f g h i j k", "a. b. c.", "I know they all think little of me. " * 12)


def changed(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Other weights for the same architecture; the embeddings are the same."""
    torch.manual_seed(5)
    return {
        name: tensor
        if name.startswith("bert.embeddings.")
        else (tensor + 0.3 * torch.randn_like(tensor)).half().float()
        for name, tensor in tensors.items()
    }


def write(path: Path, *, averages: bool, threshold: float = 1e-6) -> dict[str, torch.Tensor]:
    """A folder with weights for short texts, which are returned."""
    write_tiny_model(path, threshold=threshold, averages=averages)
    weights = changed(load_file(path / "model.safetensors"))
    own = {name: value for name, value in weights.items() if "embeddings" not in name}
    adapter.save(path / SHORT_TEXTS, own)
    content = json.loads((path / "thresholds.json").read_text())
    content["short_texts"] = {"tokens": TOKENS, "sentences": SENTENCES}
    (path / "thresholds.json").write_text(json.dumps(content))
    seal_folder(path, name="both")
    return adapter.merge(path / SHORT_TEXTS, own)


@pytest.fixture(params=["fp32", "int8"])
def precision(request: pytest.FixtureRequest) -> str:
    """Without padding, and in the library's own way, which scores sentences apart."""
    return str(request.param)


@pytest.fixture(params=[False, True], ids=["plain", "averages"])
def averages(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def alone(folder: Path, weights: dict[str, torch.Tensor] | None, compute: Compute) -> Classifier:
    """A classifier with one set of weights for all texts."""
    content = json.loads((folder / "thresholds.json").read_text())
    del content["short_texts"]
    (folder / "thresholds.json").write_text(json.dumps(content))
    if weights:
        every = load_file(folder / "model.safetensors") | weights
        save_file(every, folder / "model.safetensors", metadata={"format": "pt"})
    seal_folder(folder, name="one")
    return Classifier.load(ModelFolder.open(folder), compute)


def test_each_text_is_read_with_the_weights_for_its_length(
    tmp_path: Path, precision: str, averages: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.classifier.classifier.TOLERANCE", 1.0)
    compute = Compute("cpu", precision, 1)
    weights = write(tmp_path / "both", averages=averages)
    write(tmp_path / "long", averages=averages)
    write(tmp_path / "short", averages=averages)
    both = Classifier.load(ModelFolder.open(tmp_path / "both"), compute)
    assert both.precision == precision
    expected = [
        *alone(tmp_path / "short", weights, compute).classify(SHORT),
        *alone(tmp_path / "long", None, compute).classify(LONG),
    ]
    usage = SimpleNamespace(tokens=0, padded_tokens=0)
    found = both.classify([*SHORT, *LONG], usage)
    for one, other in zip(found, expected, strict=True):
        assert one.scores == pytest.approx(other.scores, abs=1e-5)
        assert (one.labels, one.evidence) == (other.labels, other.evidence)
    assert len({one.scores for one in found}) == len(found)
    apart = SimpleNamespace(tokens=0, padded_tokens=0)
    for text in (*SHORT, *LONG):
        both.classify([text], apart)
    assert usage.tokens == apart.tokens


def test_a_batch_of_one_kind_is_no_pass_of_the_other(tmp_path: Path) -> None:
    write(tmp_path / "both", averages=True)
    both = Classifier.load(ModelFolder.open(tmp_path / "both"), Compute("cpu", "fp32", 1))
    both._scorer.network = None  # type: ignore[assignment]
    assert all(found.labels for found in both.classify(SHORT))


@pytest.mark.parametrize("limits", [(TOKENS, SENTENCES), (128, 40)], ids=["few", "all"])
@pytest.mark.parametrize("broken", ["short", "long"])
def test_weights_that_give_no_numbers_are_refused_whatever_texts_they_read(
    tmp_path: Path, limits: tuple[int, int], broken: str
) -> None:
    folder = tmp_path / "both"
    weights = write(folder, averages=True)
    if broken == "short":
        weights["classifier.bias"][0] = float("nan")
        adapter.save(folder / SHORT_TEXTS, weights)
    else:
        every = load_file(folder / "model.safetensors")
        every["classifier.bias"][0] = float("nan")
        save_file(every, folder / "model.safetensors", metadata={"format": "pt"})
    content = json.loads((folder / "thresholds.json").read_text())
    content["short_texts"] = dict(zip(("tokens", "sentences"), limits, strict=True))
    (folder / "thresholds.json").write_text(json.dumps(content))
    seal_folder(folder, name="broken")
    with pytest.raises(ModelFolderError, match="scores no text"):
        Classifier.load(ModelFolder.open(folder), Compute("cpu", "fp32", 1))


def test_both_models_share_their_embeddings(tmp_path: Path) -> None:
    weights = write(tmp_path / "both", averages=True)
    folder = ModelFolder.open(tmp_path / "both")
    _, model = load_parts(folder, light=True)
    short = short_texts_model(folder, model)
    assert short is not None
    name = "bert.embeddings.word_embeddings.weight"
    assert short.state[name].data_ptr() == model.state[name].data_ptr()
    changed_name = "bert.encoder.layer.0.output.dense.weight"
    torch.testing.assert_close(short.state[changed_name], weights[changed_name])
    assert not torch.equal(short.state[changed_name], model.state[changed_name])


@pytest.mark.parametrize("light", [True, False])
def test_weights_of_another_model_are_refused(tmp_path: Path, light: bool) -> None:
    write(tmp_path / "both", averages=True)
    file = tmp_path / "both" / SHORT_TEXTS
    for content in ({"classifier.weight": torch.ones(3, 32)}, {}):
        adapter.save(file, content)
        seal_folder(tmp_path / "both", name="lacking")
        folder = ModelFolder.open(tmp_path / "both")
        with pytest.raises(ModelFolderError, match=SHORT_TEXTS):
            short_texts_model(folder, load_parts(folder, light=light)[1])
    file.write_bytes(b"junk")
    seal_folder(tmp_path / "both", name="junk")
    with pytest.raises(ModelFolderError, match=SHORT_TEXTS):
        Classifier.load(ModelFolder.open(tmp_path / "both"), Compute("cpu", "fp32", 1))
