"""Loading the base with a classification head, ready to be fine-tuned."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertForSequenceClassification,
)

from training.errors import BaseModelError
from training.finetuning.averaging_layer import put_averaging_layer
from training.finetuning.base_model import verify
from worker.classifier.cls_token import AVERAGES
from worker.errors import WorkerError
from worker.models.folder import ModelFolder
from worker.models.loading import load_parts, most_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from training.finetuning.base_model import Base

_PROBLEM = "multi_label_classification"
_SMALL_HIDDEN = 512


def load_base(
    base: Base, labels: Sequence[str], *, window_tokens: int, allow_download: bool
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model with a fresh head for `labels`, and its tokenizer.

    A BERT base becomes `BertForSequenceClassification`; a mean-pooled one gets an averaging layer
    on top of the lower two thirds of its layers; a fine-tuned model keeps its head for the labels
    it knows. Only safetensors weights are read.

    Raises:
        BaseModelError: it cannot be loaded, its weights are not those that were asked for, or its
            tokenizer or window does not serve.
    """
    model, tokenizer = (
        _fine_tuned(base, labels)
        if base.fine_tuned
        else _with_new_head(base, labels, allow_download=allow_download)
    )
    verify(base)
    if not tokenizer.is_fast:
        raise BaseModelError(f"base {base.source} has no fast tokenizer (tokenizer.json)")
    longest = most_tokens(model)
    if longest is not None and window_tokens > longest:
        raise BaseModelError(f"base {base.source} reads at most {longest} tokens at once")
    if starts_as_average(base, model):
        put_averaging_layer(model)
    return model, tokenizer


def _with_new_head(
    base: Base, labels: Sequence[str], *, allow_download: bool
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    options: dict[str, Any] = {"local_files_only": not allow_download, "trust_remote_code": False}
    try:
        config = AutoConfig.from_pretrained(base.source, **options)
        is_bert = config.model_type == "bert"
        tokenizer = AutoTokenizer.from_pretrained(base.source, **options)
        kind = BertForSequenceClassification if is_bert else AutoModelForSequenceClassification
        model = kind.from_pretrained(
            base.source,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            label2id={label: index for index, label in enumerate(labels)},
            problem_type=_PROBLEM,
            use_safetensors=True,
            # By default weights stay as they were saved. In half precision a step of a hundredth
            # of a percent is lost in rounding, and nothing is learnt.
            dtype=torch.float32,
            ignore_mismatched_sizes=True,
            **_without_attention_dropout(config),
            **options,
        )
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as exc:
        raise BaseModelError(
            f"base {base.source} cannot be loaded ({type(exc).__name__}): it must be a local "
            "folder, or a model in the local cache, with safetensors weights and a tokenizer"
        ) from None
    return model, tokenizer


def _fine_tuned(
    base: Base, labels: Sequence[str]
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A fine-tuned model with a head for other labels; of labels it knows it keeps the weights."""
    try:
        folder = ModelFolder.open(Path(base.source))
        tokenizer, model = load_parts(folder)
    except WorkerError as exc:
        raise BaseModelError(str(exc)) from None
    old = getattr(model, "classifier", None)
    if not isinstance(old, nn.Linear):
        raise BaseModelError(f"base {base.source}: cannot go on from this kind of model")
    new = nn.Linear(old.in_features, len(labels))
    nn.init.zeros_(new.weight)
    nn.init.constant_(new.bias, float(old.bias.detach().mean()))
    with torch.no_grad():
        for row, label in enumerate(labels):
            if label in folder.labels:
                known = folder.labels.index(label)
                new.weight[row], new.bias[row] = old.weight[known], old.bias[known]
    model.classifier = new
    model.num_labels = model.config.num_labels = len(labels)
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: index for index, label in enumerate(labels)}
    return model, tokenizer


def starts_as_average(base: Base, model: PreTrainedModel) -> bool:
    """Whether the model gets an averaging layer, as a mean-pooled BERT does."""
    return base.mean_pooled and model.config.model_type == "bert"


def default_learning_rate(model: PreTrainedModel) -> float:
    """1.5e-4 for small encoders such as MiniLM, 3e-5 (Devlin et al., 2019) for larger ones."""
    small = getattr(model.config, "hidden_size", _SMALL_HIDDEN + 1) <= _SMALL_HIDDEN
    return 1.5e-4 if small else 3e-5


def freeze(model: PreTrainedModel, train_layers: int | None) -> None:
    """Leave as they are what is not to learn, the embeddings and the lower layers.

    Args:
        model: its parameters are marked in place.
        train_layers: how many of the upper layers learn. By default all of them, or, of the
            built-in base, all but the lowest quarter: that and the embeddings hold most of its
            parameters and represent words, which a small data set does not improve. Freezing half
            of the layers is faster still, but finds less.

    Raises:
        BaseModelError: there are not that many layers, or they are the same one.
    """
    layers = _layers(model)
    if train_layers is None:
        if not getattr(model.config, AVERAGES, False):
            return
        train_layers = len(layers) - len(layers) // 4
    if train_layers > len(layers):
        raise BaseModelError(f"--train-layers {train_layers}: the base has {len(layers)} layers")
    encoder = model.base_model
    upper = [*layers[len(layers) - train_layers :], getattr(encoder, "pooler", None)]
    learning = {id(module) for part in upper if part is not None for module in part.modules()}
    for module in encoder.modules():
        if id(module) in learning:
            continue
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad = False
        if isinstance(module, nn.Dropout):
            module.p = 0.0  # noise in what does not learn only costs time


def _layers(model: PreTrainedModel) -> nn.ModuleList | list[nn.Module]:
    """The layers of the encoder, from the lowest on."""
    lists = [part for part in model.base_model.modules() if isinstance(part, nn.ModuleList)]
    return max(lists, key=len, default=[])


def _without_attention_dropout(config: Any) -> dict[str, float]:
    """Random numbers for every pair of tokens cost a quarter of the time on a CPU."""
    name = "attention_probs_dropout_prob"
    return {name: 0.0} if hasattr(config, name) else {}


def silence_libraries() -> None:
    """Only our own progress and errors reach the terminal."""
    from transformers.utils import logging  # noqa: PLC0415

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", module=r"(torch|transformers|accelerate|datasets)(\.|$)")
