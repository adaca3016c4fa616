"""Tiny token classifiers of several architectures that know four words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LABELS = ("O", "B-PER", "I-PER", "B-MISC", "B-GPE", "I-GPE", "B-DATE")
#: The known words, and the labels that the models give each of them in equal parts.
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
_LETTERS = "abcdefghijklmnopqrstuvwxyz.,!?'()-"
_SPECIAL = ("[UNK]", "[PAD]", "[CLS]", "[SEP]")
_VOCABULARY = [*_SPECIAL, *KNOWN, *_LETTERS, *(f"##{part}" for part in (*_LETTERS, *KNOWN))]
_SIZE = 32
#: Parts of the names of weights that are set to 0, so that embeddings reach the head unchanged.
_ZEROED = ("output.dense", "out_lin", "lin2", "position_emb", "token_type", "classifier")


def write_classifier(
    folder: Path,
    architecture: str = "bert",
    *,
    labels: Sequence[str] = LABELS,
    splits_punctuation: bool = True,
) -> Path:
    """Write the folder of a model whose head knows four words.

    Args:
        folder: where to write.
        architecture: one of `ARCHITECTURES`.
        labels: the labels of the model.
        splits_punctuation: whether the tokenizer separates words from the punctuation beside them;
            SentencePiece's do not.
    """
    _model(architecture, labels).save_pretrained(folder)
    tokenizer = Tokenizer(WordPiece({t: i for i, t in enumerate(_VOCABULARY)}, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = (
        pre_tokenizers.BertPreTokenizer()
        if splits_punctuation
        else pre_tokenizers.WhitespaceSplit()
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    ).save_pretrained(folder)
    return folder


def _model(architecture: str, labels: Sequence[str]) -> Any:
    make_config, make_model, options = ARCHITECTURES[architecture]
    torch.manual_seed(3)
    config = make_config(
        vocab_size=len(_VOCABULARY),
        **dict.fromkeys(("hidden_size", "dim", "intermediate_size", "hidden_dim"), _SIZE),
        **dict.fromkeys(("num_hidden_layers", "n_layers"), 1),
        **dict.fromkeys(("num_attention_heads", "n_heads"), 2),
        max_position_embeddings=64,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
        **options,
    )
    model = make_model(config)
    with torch.no_grad():
        _teach(model, labels)
    return model


def _teach(model: Any, labels: Sequence[str]) -> None:
    """Let each known word have an embedding of its own, and the head know its labels."""
    for name, weight in model.named_parameters():
        if any(part in name for part in _ZEROED):
            weight.zero_()
    directions = 10.0 * torch.eye(_SIZE)
    embeddings = model.base_model.embeddings.word_embeddings.weight
    embeddings.copy_(directions[len(KNOWN)])
    for at, (word, its_labels) in enumerate(KNOWN.items()):
        for token in (word, f"##{word}"):
            embeddings[_VOCABULARY.index(token)] = directions[at]
        for label in its_labels:
            if label in labels:
                model.classifier.weight[labels.index(label), at] = 2.0
    model.classifier.weight[0, len(KNOWN)] = 2.0
