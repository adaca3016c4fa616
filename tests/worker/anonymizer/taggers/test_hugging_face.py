"""Hugging Face's token classifiers as taggers, by configuration."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from transformers import (
    BertConfig,
    BertForTokenClassification,
    DistilBertConfig,
    DistilBertForTokenClassification,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForTokenClassification,
)

from worker.anonymizer.anonymizer import Anonymizer
from worker.anonymizer.taggers import loading as taggers
from worker.anonymizer.taggers.bert import BertTagger
from worker.anonymizer.taggers.entity_types import ENTITY_TYPES, entity_type
from worker.errors import ModelFolderError
from worker.models.compute import EXACT, Compute
from worker.models.folder import SHIPPED_TAGGER, seal_folder

LABELS = ("O", "B-PER", "I-PER", "B-MISC", "B-GPE", "I-GPE", "B-DATE")
#: A word and the labels that the tiny models give it, in equal parts.
KNOWN = {
    "olumide": ("B-PER", "I-PER"),
    "frobnitz": ("B-MISC",),
    "lisbon": ("I-GPE",),
    "today": ("B-DATE",),
}
ARCHITECTURES = {
    "bert": (BertConfig, BertForTokenClassification, {}),
    "distilbert": (DistilBertConfig, DistilBertForTokenClassification, {}),
    "roberta": (RobertaConfig, RobertaForTokenClassification, {"pad_token_id": 1}),
}
SIZE = 32


def write_classifier(
    folder: Path, kind: str = "bert", *, labels: Any = LABELS, words: bool = True
) -> Path:
    """A tiny model that passes its embeddings through, and a head that knows four words."""
    letters = "abcdefghijklmnopqrstuvwxyz.,!?'()-"
    vocabulary = [
        "[UNK]",
        "[PAD]",
        "[CLS]",
        "[SEP]",
        *KNOWN,
        *letters,
        *(f"##{c}" for c in (*letters, *KNOWN)),
    ]
    make_config, make_model, options = ARCHITECTURES[kind]
    torch.manual_seed(3)
    config = make_config(
        vocab_size=len(vocabulary), hidden_size=SIZE, dim=SIZE, num_hidden_layers=1, n_layers=1,
        num_attention_heads=2, n_heads=2, intermediate_size=SIZE, hidden_dim=SIZE,
        max_position_embeddings=64, id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)}, **options,
    )  # fmt: skip
    model = make_model(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if any(
                part in name
                for part in (
                    "output.dense",
                    "out_lin",
                    "lin2",
                    "position_emb",
                    "token_type",
                    "classifier",
                )
            ):
                weight.zero_()
        embeddings = model.base_model.embeddings.word_embeddings.weight
        embeddings.copy_(10.0 * torch.eye(SIZE)[len(KNOWN)])
        for at, (word, its) in enumerate(KNOWN.items()):
            for token in (word, f"##{word}"):
                embeddings[vocabulary.index(token)] = 10.0 * torch.eye(SIZE)[at]
            for label in its:
                if label in labels:
                    model.classifier.weight[labels.index(label), at] = 2.0
        model.classifier.weight[0, len(KNOWN)] = 2.0
    model.save_pretrained(folder)
    tokenizer = Tokenizer(WordPiece({t: i for i, t in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    # As SentencePiece does, the second kind takes a word and the punctuation beside it for one.
    tokenizer.pre_tokenizer = (
        pre_tokenizers.BertPreTokenizer() if words else pre_tokenizers.WhitespaceSplit()
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def classifier_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classifier(tmp_path_factory.mktemp("taggers") / "bert")


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_a_token_classifier_finds_what_it_knows(tmp_path: Path, kind: str, precision: str) -> None:
    tagger = taggers.load(write_classifier(tmp_path / kind, kind), Compute("cpu", precision))
    assert isinstance(tagger, BertTagger)
    assert tagger.precision == precision
    anonymizer = Anonymizer.around(tagger)
    texts = ["today olumide, frobnitz and OLUMIDE's cat met in Lisbon.", "", "olumide",
             "nobody was here. " * 40 + "then olumide came", "x." * 300 + "olumide!"]  # fmt: skip
    found = [item.text for item in anonymizer.anonymize(texts)]
    assert found == [
        "today <PERSON>, frobnitz and <PERSON>'s cat met in <LOCATION>.", "", "<PERSON>",
        "nobody was here. " * 40 + "then <PERSON> came", "x." * 300 + "<PERSON>!",
    ]  # fmt: skip


def test_columns_of_one_type_are_added_up_and_the_threshold_is_the_folders(tmp_path: Path) -> None:
    """B-PER and I-PER have half each: together they reach what neither would."""
    folder = write_classifier(tmp_path / "bert")
    (folder / "tagger.json").write_text('{"threshold": 0.9}')
    tagger = taggers.load(folder, EXACT)
    assert tagger.threshold == 0.9
    assert tagger.types == ["PERSON", "LOCATION"]
    ((hit,),) = tagger.tag(["olumide"])
    assert hit.score > 0.95


def test_punctuation_beside_a_name_does_not_dilute_it(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path / "bert", words=False)
    tagger = taggers.load(folder, EXACT)
    text = "we asked (olumide,... about it"
    assert [(text[h.start : h.end], h.type) for h in tagger.tag([text])[0]] == [
        ("olumide", "PERSON")
    ]


def _without(folder: Path, target: Path, *names: str) -> Path:
    shutil.copytree(folder, target)
    for name in names:
        (target / name).unlink()
    return target


def test_what_is_wrong_with_a_folder_is_told(classifier_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="not found"):
        taggers.check(tmp_path / "none")
    with pytest.raises(ModelFolderError, match=r"no model\.safetensors"):
        taggers.check(_without(classifier_folder, tmp_path / "a", "model.safetensors"))
    with pytest.raises(ModelFolderError, match=r"config\.json: No such file"):
        taggers.check(_without(classifier_folder, tmp_path / "b", "config.json"))
    torn = _without(classifier_folder, tmp_path / "c", "model.safetensors")
    (torn / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(ModelFolderError, match="cannot be loaded as a token classifier"):
        taggers.load(torn, EXACT)
    for wrong in ('{"threshold": 2}', "[", '{"labels": {}}', "[]"):
        odd = _without(classifier_folder, tmp_path / f"d{len(wrong)}{wrong[0]}")
        (odd / "tagger.json").write_text(wrong)
        with pytest.raises(ModelFolderError, match=r"tagger\.json"):
            taggers.check(odd)


def test_weights_without_a_head_are_not_made_up(classifier_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = _without(classifier_folder, tmp_path / "headless")
    weights = load_file(folder / "model.safetensors")
    kept = {name: t for name, t in weights.items() if "classifier" not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelFolderError, match="lacks 2 of the model's tensors"):
        taggers.load(folder, EXACT)


@pytest.mark.parametrize(("labels", "message"), [
    (("O", "B-MISC"), "no label is a type"), (("B-PER", "I-PER"), "no label O"),
    (("LABEL_0", "LABEL_1"), "no id2label"),
])  # fmt: skip
def test_labels_we_cannot_use_are_told(tmp_path: Path, labels: Any, message: str) -> None:
    with pytest.raises(ModelFolderError, match=message):
        taggers.check(write_classifier(tmp_path / "odd", labels=labels))


def test_a_sealed_folder_is_verified(classifier_folder: Path, tmp_path: Path) -> None:
    folder = _without(classifier_folder, tmp_path / "sealed")
    seal_folder(folder, name="mine", required=("model.safetensors",))
    taggers.check(folder)
    (folder / "config.json").write_text((folder / "config.json").read_text() + " ")
    with pytest.raises(ModelFolderError, match="altered"):
        taggers.check(folder)


def test_the_shipped_tagger_passes_the_check() -> None:
    taggers.check(SHIPPED_TAGGER)


@pytest.mark.parametrize(("label", "kind"), [
    ("PER", "PERSON"), ("GPE", "LOCATION"), ("givenName", "PERSON"), ("EMAIL_ADDRESS", "CONTACT"),
    ("street address", "LOCATION"), ("MISC", None), ("DATE", None), ("CREDIT_CARD", "ID"),
    *((kind, kind) for kind in ENTITY_TYPES),
])  # fmt: skip
def test_types_by_other_names(label: str, kind: str | None) -> None:
    assert entity_type(label) == kind
