"""Loading the tokenizer and the classifier of a model folder."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from worker.errors import ModelFolderError, StartupError
from worker.models import adapter
from worker.models.folder import SHORT_TEXTS, WEIGHTS
from worker.models.light_tokenizer import light_tokenizer
from worker.models.unpadded.model import BertWithHead, plain_config, shapes, with_weights

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from worker.models.folder import ModelFolder

#: How the names of tensors begin that the model for short texts has from the other.
_EMBEDDINGS = "bert.embeddings."


def load_parts(folder: ModelFolder, *, light: bool = False) -> tuple[Any, Any]:
    """The fast tokenizer and the model of a verified folder; the model in fp32 on the CPU.

    Args:
        folder: the folder.
        light: whether the weights are enough, without a forward pass of the model's own. Then
            Hugging Face's library, whose import takes seconds, is not needed for a plain BERT.

    Raises:
        ModelFolderError: the folder cannot be loaded.
        StartupError: the folder holds an adapter of the built-in base, which is not installed.
    """
    parts = light_parts(folder.path, pooled=True) if light else None
    tokenizer, model = parts or _library_parts(folder.path)
    limit = most_tokens(model)
    if limit is not None and folder.window_tokens > limit:
        raise ModelFolderError(
            f"{folder.path}: window_tokens {folder.window_tokens} exceeds the model's {limit}"
        )
    return tokenizer, model.eval()


def light_parts(path: Path, *, pooled: bool) -> tuple[Any, Any] | None:
    """The tokenizer and the weights of a plain BERT with a head; None where it is anything else.

    None is also for a folder with something wrong, which loading in the ordinary way will tell.

    Args:
        path: the folder.
        pooled: whether the head reads the pooled `[CLS]`, or every token.

    Raises:
        ModelFolderError: its adapter cannot be read.
        StartupError: it is an adapter of the built-in base, which is not installed.
    """
    tokenizer = light_tokenizer(path)
    content = _content(path / "config.json")
    config = plain_config(content) if content else None
    if tokenizer is None or config is None:
        return None
    tensors: Mapping[str, torch.Tensor]
    if (path / adapter.FILE).exists():
        tensors = adapter.merge(path / adapter.FILE, shapes(config, pooled=pooled))
    else:
        try:
            tensors = load_file(path / WEIGHTS)
        except (OSError, SafetensorError):
            return None
    model = with_weights(config, tensors, pooled=pooled)
    return None if model is None else (tokenizer, model)


def _content(file: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _library_parts(path: Path) -> tuple[Any, Any]:
    """The tokenizer and the model as Hugging Face's library loads them."""
    # Takes seconds, and is needed for other architectures and for int8 only.
    import transformers  # noqa: PLC0415

    options = {"local_files_only": True, "trust_remote_code": False}
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(path, **options)
        if (path / adapter.FILE).exists():
            model, report = _adapted(path), {"missing_keys": ()}
        else:
            model, report = transformers.AutoModelForSequenceClassification.from_pretrained(
                path,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
                **options,
            )
    except (ModelFolderError, StartupError):
        raise
    except Exception as exc:  # noqa: BLE001 - each file format has errors of its own
        raise ModelFolderError(
            f"{path}: the model cannot be loaded ({type(exc).__name__})"
        ) from None
    if report["missing_keys"]:  # Hugging Face fills them with random numbers
        raise ModelFolderError(f"{path}: model.safetensors lacks weights of the model")
    if not tokenizer.is_fast:
        raise ModelFolderError(f"{path}: the tokenizer has no offsets (tokenizer.json)")
    return tokenizer, model


def _adapted(path: Path) -> Any:
    """The built-in base with the adapter of a folder merged into its weights."""
    import transformers  # noqa: PLC0415 - see above

    config = transformers.AutoConfig.from_pretrained(
        path, local_files_only=True, trust_remote_code=False
    )
    model = transformers.AutoModelForSequenceClassification.from_config(
        config, trust_remote_code=False
    )
    model.load_state_dict(adapter.merge(path / adapter.FILE, model.state_dict()))
    return model


def short_texts_model(folder: ModelFolder, model: Any) -> Any | None:
    """The model that reads the short texts of a folder; None if its model reads all texts.

    Args:
        folder: a verified folder.
        model: its model, from `load_parts`, on any device. The embeddings of both are the same and,
            where the weights alone are used, held once.

    Raises:
        ModelFolderError: the weights cannot be read, or are not for this model.
        StartupError: the built-in base, from which they differ, is not installed.
    """
    if folder.short_texts is None:
        return None
    file = folder.path / SHORT_TEXTS
    light = isinstance(model, BertWithHead)
    state = model.state if light else model.state_dict()
    own = [name for name in state if not name.startswith(_EMBEDDINGS)]
    tensors = adapter.merge(file, own)
    if any(tensors[name].shape != state[name].shape for name in own):
        raise ModelFolderError(f"{file}: made for another model")
    tensors = {name: tensor.to(state[name].device) for name, tensor in tensors.items()}
    if light:
        return BertWithHead(model.config, {**state, **tensors}, pooled=True)
    other = copy.deepcopy(model)
    other.load_state_dict({**state, **tensors})
    return other


def most_tokens(model: Any) -> int | None:
    """The most tokens a model reads at once, special tokens included; None if it tells no limit.

    RoBERTa, MPNet and their kin number positions from behind the id of their padding token, so
    that two rows of a table of 514 are never used.
    """
    rows: int | None = getattr(model.config, "max_position_embeddings", None)
    table = getattr(
        getattr(getattr(model, "base_model", None), "embeddings", None), "position_embeddings", None
    )
    padding = getattr(table, "padding_idx", None)
    return rows if rows is None or padding is None else rows - padding - 1
