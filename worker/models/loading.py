"""Loading the tokenizer and the classifier of a model folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import transformers
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from worker.errors import ModelFolderError, StartupError
from worker.models import adapter

if TYPE_CHECKING:
    from pathlib import Path

    from worker.models.folder import ModelFolder


def _adapted(path: Path) -> Any:
    """The built-in base with the adapter of a folder merged into its weights."""
    config = AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    model = AutoModelForSequenceClassification.from_config(config, trust_remote_code=False)
    model.load_state_dict(adapter.merge(path / adapter.FILE, model.state_dict()))
    return model


def load_parts(folder: ModelFolder) -> tuple[Any, Any]:
    """The fast tokenizer and the model of a verified folder; the model in fp32 on the CPU.

    Raises:
        ModelFolderError: the folder cannot be loaded.
        StartupError: the folder holds an adapter of the built-in base, which is not installed.
    """
    options = {"local_files_only": True, "trust_remote_code": False}
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder.path, **options)
        if (folder.path / adapter.FILE).exists():
            model, report = _adapted(folder.path), {"missing_keys": ()}
        else:
            model, report = AutoModelForSequenceClassification.from_pretrained(
                folder.path,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
                **options,
            )
    except (ModelFolderError, StartupError):
        raise
    except Exception as exc:  # noqa: BLE001 - each file format has errors of its own
        raise ModelFolderError(
            f"{folder.path}: the model cannot be loaded ({type(exc).__name__})"
        ) from None
    if report["missing_keys"]:  # Hugging Face fills them with random numbers
        raise ModelFolderError(f"{folder.path}: model.safetensors lacks weights of the model")
    if not tokenizer.is_fast:
        raise ModelFolderError(f"{folder.path}: the tokenizer has no offsets (tokenizer.json)")
    limit = most_tokens(model)
    if limit is not None and folder.window_tokens > limit:
        raise ModelFolderError(
            f"{folder.path}: window_tokens {folder.window_tokens} exceeds the model's {limit}"
        )
    return tokenizer, model.eval()


def most_tokens(model: Any) -> int | None:
    """The most tokens a model reads at once, special tokens included; None if it tells no limit.

    RoBERTa, MPNet and their kin number positions from behind the id of their padding token, so
    that two rows of a table of 514 are never used.
    """
    rows: int | None = getattr(model.config, "max_position_embeddings", None)
    table = getattr(getattr(model.base_model, "embeddings", None), "position_embeddings", None)
    padding = getattr(table, "padding_idx", None)
    return rows if rows is None or padding is None else rows - padding - 1
