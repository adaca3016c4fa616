"""The weights of a plain BERT with a head, under the names that Hugging Face gives them.

What computes without padding needs the weights and nothing else of a model. To import Hugging
Face's library for them takes seconds and 100 MB; torch's own modules without values bring torch's
compiler, which takes as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What `config.json` may leave out: the defaults of Hugging Face's `BertConfig`.
DEFAULTS = {
    "hidden_act": "gelu",
    "hidden_size": 768,
    "intermediate_size": 3072,
    "is_decoder": False,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512,
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "type_vocab_size": 2,
    "vocab_size": 30_522,
}
#: What `config.json` must hold besides, or must not hold with another value.
_PLAIN = {
    "model_type": ("bert",),
    "hidden_act": ("gelu",),
    "is_decoder": (False,),
    "add_cross_attention": (False, None),
    "position_embedding_type": ("absolute", None),
    "quantization_config": (None,),
}


@dataclass(frozen=True, slots=True, eq=False)
class LinearWeights:
    """A linear layer: `weight` of shape `(outputs, inputs)`, `bias` of shape `(outputs,)`."""

    weight: torch.Tensor
    bias: torch.Tensor

    def __call__(self, given: torch.Tensor) -> torch.Tensor:
        """From shape `(rows, inputs)` to `(rows, outputs)`."""
        return functional.linear(given, self.weight, self.bias)


@dataclass(frozen=True, slots=True, eq=False)
class NormWeights:
    """A normalization of `(rows, hidden)`; `eps` is added to the variance."""

    weight: torch.Tensor
    bias: torch.Tensor
    eps: float

    @property
    def normalized_shape(self) -> tuple[int, ...]:
        """What is normalized together: `(hidden,)`."""
        return tuple(self.weight.shape)


class BertWeights(SimpleNamespace):
    """The weights of a `BertModel`, with the same names for its parts."""


class BertWithHead:
    """The weights of a BERT classifier of texts (with a pooler) or of tokens (without).

    Args:
        config: as `plain_config` returns it.
        tensors: in fp32, by Hugging Face's names; all that `shapes` tells.
        pooled: whether the head reads the pooled `[CLS]`, or every token.
    """

    def __init__(
        self, config: SimpleNamespace, tensors: Mapping[str, torch.Tensor], *, pooled: bool
    ) -> None:
        self.config = config
        #: All tensors by their names.
        self.state = tensors
        self._pooled = pooled
        self.bert = BertWeights(
            config=config,
            embeddings=SimpleNamespace(
                word_embeddings=self._embedding("word"),
                position_embeddings=self._embedding("position"),
                token_type_embeddings=self._embedding("token_type"),
                LayerNorm=self._norm("bert.embeddings.LayerNorm"),
            ),
            encoder=SimpleNamespace(
                layer=[
                    self._layer(f"bert.encoder.layer.{number}")
                    for number in range(config.num_hidden_layers)
                ]
            ),
        )
        if pooled:
            dense = self._linear("bert.pooler.dense")
            self.bert.pooler = SimpleNamespace(dense=dense, activation=torch.tanh)
        self.classifier = self._linear("classifier")

    def to(self, device: torch.device) -> Self:
        """The same on a device."""
        moved = {name: tensor.to(device) for name, tensor in self.state.items()}
        return type(self)(self.config, moved, pooled=self._pooled)

    def eval(self) -> Self:
        """The same: there is no other mode."""
        return self

    def _embedding(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(weight=self.state[f"bert.embeddings.{name}_embeddings.weight"])

    def _linear(self, name: str) -> LinearWeights:
        return LinearWeights(self.state[f"{name}.weight"], self.state[f"{name}.bias"])

    def _norm(self, name: str) -> NormWeights:
        weight, bias = self.state[f"{name}.weight"], self.state[f"{name}.bias"]
        return NormWeights(weight, bias, self.config.layer_norm_eps)

    def _layer(self, name: str) -> SimpleNamespace:
        heads = self.config.num_attention_heads
        attention = SimpleNamespace(
            query=self._linear(f"{name}.attention.self.query"),
            key=self._linear(f"{name}.attention.self.key"),
            value=self._linear(f"{name}.attention.self.value"),
            num_attention_heads=heads,
            attention_head_size=self.config.hidden_size // heads,
        )
        return SimpleNamespace(
            attention=SimpleNamespace(
                self=attention, output=self._output(f"{name}.attention.output")
            ),
            intermediate=SimpleNamespace(dense=self._linear(f"{name}.intermediate.dense")),
            output=self._output(f"{name}.output"),
        )

    def _output(self, name: str) -> SimpleNamespace:
        dense, norm = self._linear(f"{name}.dense"), self._norm(f"{name}.LayerNorm")
        return SimpleNamespace(dense=dense, LayerNorm=norm)


def shapes(config: SimpleNamespace, *, pooled: bool) -> dict[str, tuple[int, ...]]:
    """The names and shapes of all tensors of a model.

    Args:
        config: as `plain_config` returns it.
        pooled: see `BertWithHead`.
    """
    size, inner = config.hidden_size, config.intermediate_size
    found: dict[str, tuple[int, ...]] = {
        "bert.embeddings.word_embeddings.weight": (config.vocab_size, size),
        "bert.embeddings.position_embeddings.weight": (config.max_position_embeddings, size),
        "bert.embeddings.token_type_embeddings.weight": (config.type_vocab_size, size),
    }
    linear = {"classifier": (len(config.id2label), size)}
    if pooled:
        linear["bert.pooler.dense"] = (size, size)
    norms = ["bert.embeddings.LayerNorm"]
    for number in range(config.num_hidden_layers):
        name = f"bert.encoder.layer.{number}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            linear[f"{name}.attention.{part}"] = (size, size)
        linear[f"{name}.intermediate.dense"] = (inner, size)
        linear[f"{name}.output.dense"] = (size, inner)
        norms += [f"{name}.attention.output.LayerNorm", f"{name}.output.LayerNorm"]
    for name, shape in linear.items():
        found |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    for name in norms:
        found |= {f"{name}.weight": (size,), f"{name}.bias": (size,)}
    return found


def plain_config(content: Mapping[str, Any]) -> SimpleNamespace | None:
    """The values of a `config.json`, with defaults; None if it is not that of a plain BERT.

    `id2label` of the result has integers as keys, as in Hugging Face's configurations.
    """
    values = {**DEFAULTS, **content}
    if any(values.get(name) not in allowed for name, allowed in _PLAIN.items()):
        return None
    try:
        values["id2label"] = {int(key): str(label) for key, label in values["id2label"].items()}
    except (KeyError, ValueError, AttributeError):
        return None
    sizes = [values[name] for name, default in DEFAULTS.items() if isinstance(default, int)]
    if not all(isinstance(size, int) for size in sizes):
        return None
    if values["hidden_size"] % max(1, values["num_attention_heads"]):
        return None
    return SimpleNamespace(**values)


def with_weights(
    config: SimpleNamespace, tensors: Mapping[str, torch.Tensor], *, pooled: bool
) -> BertWithHead | None:
    """A model with these tensors, in fp32; None if one is missing or of another shape.

    Args:
        config: as `plain_config` returns it.
        tensors: by their names; further ones are left out.
        pooled: see `BertWithHead`.
    """
    wanted = shapes(config, pooled=pooled)
    if any(name not in tensors or tensors[name].shape != wanted[name] for name in wanted):
        return None
    return BertWithHead(config, {name: tensors[name].float() for name in wanted}, pooled=pooled)
