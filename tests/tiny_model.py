"""A tiny random BERT as a model folder: everything a worker needs, in milliseconds."""

from __future__ import annotations

import json
import string
from typing import TYPE_CHECKING

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from worker.classifier.cls_token import AVERAGES
from worker.models.folder import seal_folder

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ("Catastrophizing", "Mind Reading", "Self-blame")
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
#: Letters of a few scripts, so that most texts have tokens the model knows.
_LETTERS = string.ascii_lowercase + string.digits + string.punctuation + "äöüß" + "אבגדהוזחטי"


def write_tiny_model(
    path: Path, *, window_tokens: int = 64, threshold: float = 0.5, averages: bool = False
) -> None:
    """Write a folder whose predictions are arbitrary but always the same.

    With `averages` it says of its last layer that it averages, as our own models' does.
    """
    vocabulary = [*_SPECIAL, *_LETTERS, *(f"##{letter}" for letter in _LETTERS)]
    tokenizer = Tokenizer(
        WordPiece({token: i for i, token in enumerate(vocabulary)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        id2label=dict(enumerate(LABELS)),
        label2id={label: i for i, label in enumerate(LABELS)},
        problem_type="multi_label_classification",
        initializer_range=0.5,
        **({AVERAGES: True} if averages else {}),
    )
    BertForSequenceClassification(config).save_pretrained(path)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    ).save_pretrained(path)
    thresholds = {
        "window_tokens": window_tokens,
        "thresholds": dict.fromkeys(LABELS, threshold),
    }
    (path / "thresholds.json").write_text(json.dumps(thresholds))
    (path / "metrics.json").write_text("{}")
    (path / "README.md").write_text("A tiny random model for tests.\n")
    seal_folder(path, name="tiny")
