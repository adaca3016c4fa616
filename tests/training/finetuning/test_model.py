"""The base is found and loaded as the architecture it is, and started well."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from huggingface_hub import constants
from transformers import BertForSequenceClassification, DistilBertConfig, DistilBertModel

from tests.training.conftest import make_rows
from training.entries.multi_hot import multi_hot
from training.errors import BaseModelError
from training.finetuning.base_model import Base, find_base
from training.finetuning.linear_probe import fit_head
from training.finetuning.model import freeze, load_base
from training.finetuning.windows import Collator, tokenize
from worker.classifier.cls_token import cls_token_only
from worker.models import builtin_base as built_in_base
from worker.models.folder import SHIPPED_MODEL, ModelFolder
from worker.models.loading import load_parts

if TYPE_CHECKING:
    from training.progress import Progress

LABELS = ["Alpha", "Beta", "Gamma", "Delta"]


def load(base: Base) -> tuple[BertForSequenceClassification, object]:
    return load_base(base, LABELS, window_tokens=64, allow_download=False)


def batch(tokenizer: object) -> dict[str, torch.Tensor]:
    texts = ["we walked.", "aaaa bbbb, it rained all day and the tram was late"]
    return dict(tokenizer(texts, padding=True, return_tensors="pt"))  # type: ignore[operator]


def test_built_in_base_is_found_without_importing_it() -> None:
    base = find_base(None)
    assert Path(base.source, "model.safetensors").is_file()
    assert base.mean_pooled
    assert built_in_base.PACKAGE not in sys.modules


def test_folder_is_a_base_and_its_path_stays_here(tiny_base: Path) -> None:
    base = find_base(str(tiny_base))
    assert (base.name, base.mean_pooled) == ("tiny-bert", False)


def test_missing_or_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match="not found"):
        find_base(str(tmp_path / "none"))
    with pytest.raises(BaseModelError, match=r"no config\.json"):
        find_base(str(tmp_path))


def test_unknown_name_is_refused_without_asking_the_network() -> None:
    with pytest.raises(BaseModelError, match="nobody/no-such-model"):
        load(find_base("nobody/no-such-model"))


def test_weights_that_are_pickles_are_refused(tiny_base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    shutil.copytree(tiny_base, folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(BaseModelError, match="safetensors"):
        load(find_base(str(folder)))


def test_window_beyond_the_base_is_refused(tiny_base: Path) -> None:
    with pytest.raises(BaseModelError, match="at most 128 tokens"):
        load_base(find_base(str(tiny_base)), LABELS, window_tokens=129, allow_download=False)


def test_bert_gets_a_multi_label_head_with_our_labels(tiny_base: Path) -> None:
    model, _ = load(find_base(str(tiny_base)))
    assert isinstance(model, BertForSequenceClassification)
    assert model.config.problem_type == "multi_label_classification"
    assert model.config.id2label == dict(enumerate(LABELS))
    assert model.classifier.out_features == 4


def test_a_distilbert_base_keeps_its_own_class(tiny_base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "distilbert"
    config = DistilBertConfig(
        vocab_size=json.loads((tiny_base / "config.json").read_text())["vocab_size"],
        dim=16,
        n_layers=1,
        n_heads=2,
        hidden_dim=32,
        max_position_embeddings=64,
    )
    DistilBertModel(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tiny_base / name, folder)
    model, tokenizer = load(find_base(str(folder)))
    assert type(model).__name__ == "DistilBertForSequenceClassification"
    with cls_token_only(model):
        inputs = batch(tokenizer)
        inputs.pop("token_type_ids", None)
        assert model(**inputs).logits.shape == (2, 4)


def test_a_mean_pooled_base_starts_with_its_cls_token_as_the_mean(averaged_base: Path) -> None:
    model, tokenizer = load(find_base(str(averaged_base)))
    model.eval()
    inputs = batch(tokenizer)
    states = model.bert(**inputs, output_hidden_states=True).hidden_states
    mask = inputs["attention_mask"][..., None]
    mean = (states[-2] * mask).sum(1) / mask.sum(1)
    alike = torch.cosine_similarity(states[-1][:, 0], mean)
    assert (alike > 0.9).all()
    own = torch.cosine_similarity(states[-2][:, 0], mean)
    assert (alike > own).all()


def test_computing_only_the_cls_token_in_the_last_layer_gives_the_same_logits(
    averaged_base: Path,
) -> None:
    model, tokenizer = load(find_base(str(averaged_base)))
    model.eval()
    inputs = batch(tokenizer)
    expected = model(**inputs).logits
    with cls_token_only(model):
        assert model.bert(**inputs).last_hidden_state.shape[1] == 1
        assert torch.allclose(model(**inputs).logits, expected, atol=1e-6)
    assert model.bert(**inputs).last_hidden_state.shape[1] > 1


def test_frozen_layers_get_no_gradient_and_no_dropout(averaged_base: Path) -> None:
    model, tokenizer = load(find_base(str(averaged_base)))
    freeze(model, None)
    model.train()
    model(**batch(tokenizer)).logits.sum().backward()
    with_gradient = {name for name, p in model.named_parameters() if p.grad is not None}
    assert not any("embeddings" in name for name in with_gradient)
    assert any("layer.1" in name for name in with_gradient)
    assert model.bert.embeddings.dropout.p == 0


@pytest.mark.parametrize("base", ["tiny_base", "averaged_base", "distil_base"])
def test_the_linear_probe_halves_the_loss_of_the_head(
    base: str, progress: Progress, request: pytest.FixtureRequest
) -> None:
    model, tokenizer = load(find_base(str(request.getfixturevalue(base))))
    rows = make_rows(120)
    labels = multi_hot((labels for _, labels in rows), LABELS[:3])
    labels = torch.nn.functional.pad(torch.from_numpy(labels), (0, 1)).numpy()
    windows = tokenize(
        [text for text, _ in rows],
        labels,
        tokenizer,  # type: ignore[arg-type]
        window_tokens=64,
    )
    inputs = Collator(0)(list(windows.dataset))

    def loss() -> float:
        with torch.inference_mode():
            return float(model.eval()(**inputs).loss)

    before = loss()
    fit_head(model, windows, 0, progress)
    assert loss() < before / 2


@pytest.mark.parametrize("base", ["tiny_base", "averaged_base", "distil_base"])
def test_the_linear_probe_weighs_texts(
    base: str, progress: Progress, request: pytest.FixtureRequest
) -> None:
    model, tokenizer = load(find_base(str(request.getfixturevalue(base))))
    labels = torch.tensor([[1.0, 0, 0, 0], [0, 1.0, 0, 0]] * 8).numpy()
    texts = ["aaaa bbbb", "aaaa bbbb"] * 8
    windows = tokenize(
        texts,
        labels,
        tokenizer,
        window_tokens=64,  # type: ignore[arg-type]
        weights=[9.0, 1.0] * 8,
    )
    fit_head(model, windows, 0, progress)
    inputs = Collator(0)(list(windows.dataset))
    with torch.inference_mode():
        said = torch.sigmoid(model.eval()(**inputs).logits[0])
    assert said[0] == pytest.approx(0.9, abs=0.05)
    assert said[1] == pytest.approx(0.1, abs=0.05)


def test_a_fine_tuned_base_keeps_its_head_weights_for_the_labels_it_knows(tiny_model: Path) -> None:
    folder = ModelFolder.open(tiny_model)
    _, before = load_parts(folder)
    base = find_base(str(tiny_model))
    assert base.fine_tuned
    labels = ("Something new", folder.labels[2], folder.labels[0])
    model, _ = load_base(base, labels, window_tokens=64, allow_download=False)
    assert list(model.config.id2label.values()) == list(labels)
    assert torch.equal(model.classifier.weight[1], before.classifier.weight[2])
    assert torch.equal(model.classifier.weight[2], before.classifier.weight[0])
    assert not model.classifier.weight[0].any()


def test_the_shipped_model_is_a_base_with_the_same_logits() -> None:
    base = find_base("shipped")
    assert (base.fine_tuned, base.built_in) == (True, True)
    folder = ModelFolder.open(SHIPPED_MODEL)
    model, tokenizer = load_base(base, folder.labels, window_tokens=128, allow_download=False)
    _, shipped = load_parts(folder)
    model.eval()
    inputs = batch(tokenizer)
    assert torch.allclose(model(**inputs).logits, shipped.eval()(**inputs).logits, atol=1e-5)


def test_an_altered_model_is_refused_as_a_base(tiny_model: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(tiny_model, broken)
    (broken / "thresholds.json").write_text("{}")
    with pytest.raises(BaseModelError, match="broken"):
        load(find_base(str(broken)))


def test_weights_are_held_against_the_sha_256_that_stands_behind_the_base(tiny_base: Path) -> None:
    digest = hashlib.sha256((tiny_base / "model.safetensors").read_bytes()).hexdigest()
    for pinned in (digest, digest.upper()):
        base = find_base(f"{tiny_base}@sha256:{pinned}")
        assert base.name == "tiny-bert"
        load(base)
    with pytest.raises(BaseModelError, match=f"tiny-bert: its weights have another .*{digest}"):
        load(find_base(f"{tiny_base}@sha256:{'0' * 64}"))
    with pytest.raises(BaseModelError, match="64 hexadecimal digits"):
        find_base(f"{tiny_base}@sha256:{digest[1:]}")


def test_a_base_in_a_package_is_found_without_importing_it(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "some_encoder"
    shutil.copytree(tiny_base, package / "weights")
    (package / "__init__.py").write_text("raise SystemExit")
    monkeypatch.syspath_prepend(tmp_path)
    base = find_base("package:some-encoder")
    assert base.name == "some-encoder"
    load(base)
    for wrong in ("package:no_such_encoder", "package:json", "package:../x", "package:"):
        with pytest.raises(BaseModelError, match=r"not installed, or without model\.safetensors"):
            find_base(wrong)


def test_a_base_in_the_cache_of_the_hub_is_found_by_name(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = hashlib.sha256((tiny_base / "model.safetensors").read_bytes()).hexdigest()
    commit = "0" * 40
    cached = tmp_path / "models--someone--tiny"
    shutil.copytree(tiny_base, cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    load(find_base(f"someone/tiny@sha256:{digest}"))
    with pytest.raises(BaseModelError, match="another SHA-256"):
        load(find_base(f"someone/tiny@sha256:{'0' * 64}"))
