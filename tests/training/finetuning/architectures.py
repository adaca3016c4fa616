"""The real weights of the built-in base, dressed as other architectures with the same layer.

Random weights would not do to tell whether a fit learns language: these have read a lot of it. One
layer and the words of the texts at hand are kept, so that a fit takes two seconds.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    ElectraConfig,
    ElectraModel,
    MPNetConfig,
    MPNetModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
)

from training.finetuning.base_model import find_base

if TYPE_CHECKING:
    from collections.abc import Sequence

_LAYERS, _POSITIONS = 1, 64
#: The padding token is the second one, as in RoBERTa and MPNet.
_PADDING = 1
_SPECIAL = ("[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]")
_DISTILBERT = (
    (r"encoder\.layer", "transformer.layer"),
    (r"attention\.self\.query", "attention.q_lin"),
    (r"attention\.self\.key", "attention.k_lin"),
    (r"attention\.self\.value", "attention.v_lin"),
    (r"attention\.output\.dense", "attention.out_lin"),
    (r"attention\.output\.LayerNorm", "sa_layer_norm"),
    (r"intermediate\.dense", "ffn.lin1"),
    (r"(\d)\.output\.dense", r"\1.ffn.lin2"),
    (r"(\d)\.output\.LayerNorm", r"\1.output_layer_norm"),
)
_MPNET = (
    (r"attention\.self\.query", "attention.attn.q"),
    (r"attention\.self\.key", "attention.attn.k"),
    (r"attention\.self\.value", "attention.attn.v"),
    (r"attention\.output\.dense", "attention.attn.o"),
    (r"attention\.output\.LayerNorm", "attention.LayerNorm"),
)
ARCHITECTURES = ("bert", "distilbert", "electra", "mpnet", "roberta")


def write_base(kind: str, folder: Path, texts: Sequence[str]) -> Path:
    """A base of this architecture with real weights, for the words of these texts."""
    source = find_base(None).source
    tokenizer = AutoTokenizer.from_pretrained(source)
    kept = _write_tokenizer(tokenizer, texts, folder)
    bert: Any = BertModel.from_pretrained(source, add_pooling_layer=False)
    words = bert.embeddings.word_embeddings.weight.detach()[kept]
    positions = bert.embeddings.position_embeddings.weight.detach()[:_POSITIONS]
    state = {
        name: value
        for name, value in bert.state_dict().items()
        if (found := re.match(r"encoder\.layer\.(\d+)", name)) is None
        or int(found.group(1)) < _LAYERS
    }
    state["embeddings.word_embeddings.weight"] = words
    state["embeddings.position_embeddings.weight"] = positions
    _model(kind, len(kept), bert.config, state).save_pretrained(folder)
    return folder


def _write_tokenizer(tokenizer: Any, texts: Sequence[str], folder: Path) -> list[int]:
    """Write a tokenizer that knows the words of these texts; which token ids these were."""
    used = {token for text in texts for token in tokenizer(text)["input_ids"]}
    special = [tokenizer.convert_tokens_to_ids(name) for name in _SPECIAL]
    kept = [*special, *sorted(used - set(special))]
    content = json.loads(tokenizer.backend_tokenizer.to_str())
    new = {tokenizer.convert_ids_to_tokens(old): at for at, old in enumerate(kept)}
    content["model"]["vocab"] = new
    for token in content["added_tokens"]:
        token["id"] = new[token["content"]]
    for token in content["post_processor"]["special_tokens"].values():
        token["ids"] = [new[token["id"]]]
    folder.mkdir(parents=True)
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    names = {f"{each.strip('[]').lower()}_token": each for each in _SPECIAL}
    PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), **names).save_pretrained(
        folder
    )
    return kept


def _model(kind: str, words: int, bert: Any, state: dict[str, torch.Tensor]) -> PreTrainedModel:
    shape = {
        "vocab_size": words,
        "hidden_size": bert.hidden_size,
        "num_hidden_layers": _LAYERS,
        "num_attention_heads": bert.num_attention_heads,
        "intermediate_size": bert.intermediate_size,
        "max_position_embeddings": _POSITIONS,
        "pad_token_id": _PADDING,
        "layer_norm_eps": bert.layer_norm_eps,
    }
    behind_padding = {**shape, "max_position_embeddings": _POSITIONS + _PADDING + 1}
    model: PreTrainedModel
    if kind == "bert":
        model = BertModel(BertConfig(**shape), add_pooling_layer=False)
    elif kind == "electra":
        model = ElectraModel(ElectraConfig(**shape, embedding_size=bert.hidden_size))
    elif kind == "roberta":
        state = _moved(state)
        config = RobertaConfig(**behind_padding, type_vocab_size=bert.type_vocab_size)
        model = RobertaModel(config, add_pooling_layer=False)
    elif kind == "mpnet":
        state = _renamed(_moved(_without_types(state)), _MPNET)
        model = MPNetModel(MPNetConfig(**behind_padding), add_pooling_layer=False)
        state["encoder.relative_attention_bias.weight"] = torch.zeros(32, bert.num_attention_heads)
    else:
        state = _renamed(_without_types(state), _DISTILBERT)
        distilled = DistilBertConfig(
            vocab_size=words,
            dim=bert.hidden_size,
            n_layers=_LAYERS,
            n_heads=bert.num_attention_heads,
            hidden_dim=bert.intermediate_size,
            max_position_embeddings=_POSITIONS,
            pad_token_id=_PADDING,
        )
        model = DistilBertModel(distilled)
    missing, _ = model.load_state_dict(state, strict=False)
    assert not missing, missing
    return model


def _without_types(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The embedding of the one type that is used, added to every word's."""
    types = state["embeddings.token_type_embeddings.weight"]
    left = {name: value for name, value in state.items() if "token_type" not in name}
    left["embeddings.word_embeddings.weight"] = left["embeddings.word_embeddings.weight"] + types[0]
    return left


def _moved(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Positions counted from behind the id of the padding token."""
    name = "embeddings.position_embeddings.weight"
    rows = state[name]
    return {**state, name: torch.cat([torch.zeros(_PADDING + 1, rows.shape[1]), rows])}


def _renamed(
    state: dict[str, torch.Tensor], names: Sequence[tuple[str, str]]
) -> dict[str, torch.Tensor]:
    renamed = {}
    for name, value in state.items():
        new = name
        for old, other in names:
            new = re.sub(old, other, new)
        renamed[new] = value
    return renamed
