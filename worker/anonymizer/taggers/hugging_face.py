"""Any token classifier of Hugging Face as the tagger: BERT, DistilBERT, RoBERTa, DeBERTa, ..."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any

import torch

from worker.anonymizer.taggers.bert import WINDOW_TOKENS, BertTagger, LabelScheme
from worker.anonymizer.taggers.entity_types import OUTSIDE, entity_type
from worker.errors import ModelFolderError
from worker.models.compute import AUTO
from worker.models.folder import WEIGHTS
from worker.models.precision import choose_device, choose_precision, set_threads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from worker.models.compute import Compute

log = logging.getLogger(__name__)

#: The threshold, if the folder's `tagger.json` holds none.
THRESHOLD = 0.5
_INDEX = f"{WEIGHTS}.index.json"
#: The position of a token in its entity, in the labels of the schemes IOB, IOBES and BILOU.
_PREFIX = re.compile(r"^[BIESLU][-_]")


def check(folder: Path) -> None:
    """Check that a folder holds safetensors weights and labels that name entity types.

    Raises:
        ModelFolderError: it does not.
    """
    types_of(labels_of(folder), folder)
    if not any((folder / name).exists() for name in (WEIGHTS, _INDEX)):
        raise ModelFolderError(f"{folder}: no {WEIGHTS} (weights in other formats are not loaded)")


def labels_of(folder: Path) -> list[str]:
    """The labels of `config.json`, in the order of the model's outputs.

    Raises:
        ModelFolderError: the file holds no such labels.
    """
    file = folder / "config.json"
    try:
        mapping = json.loads(file.read_text(encoding="utf-8"))["id2label"]
        return [str(mapping[str(i)]) for i in range(len(mapping))]
    except OSError as exc:
        raise ModelFolderError(f"{file}: {exc.strerror or 'cannot be read'}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ModelFolderError(f"{file}: no id2label; not a token classifier") from None


def types_of(labels: Sequence[str], folder: Path) -> tuple[str, ...]:
    """For each label its entity type, or `OUTSIDE` if it names none that is known here.

    Raises:
        ModelFolderError: no label is `OUTSIDE`, or none names a known entity type.
    """
    plain = [_PREFIX.sub("", label) for label in labels]
    found = tuple(entity_type(label) or OUTSIDE for label in plain)
    if OUTSIDE not in plain:
        raise ModelFolderError(f"{folder / 'config.json'}: no label {OUTSIDE}")
    if set(found) == {OUTSIDE}:
        raise ModelFolderError(f"{folder / 'config.json'}: no label is a type of personal data")
    pairs = zip(plain, found, strict=True)
    left_out = {label for label, its_type in pairs if its_type == OUTSIDE} - {OUTSIDE}
    if left_out:
        log.info("types of the tagger that are left out: %s", ", ".join(sorted(left_out)))
    return found


def load(folder: Path, compute: Compute = AUTO, *, threshold: float = THRESHOLD) -> BertTagger:
    """Load a token classifier from its folder; see `check`.

    Raises:
        ModelFolderError: the folder holds no token classifier with a fast tokenizer.
        StartupError: the device or the precision is not available.
    """
    types = types_of(labels_of(folder), folder)
    set_threads(compute.threads)
    place = choose_device(compute.device)
    tokenizer, model = _parts(folder)
    # RoBERTa and its kin number the positions of tokens from the padding id + 1 on.
    positions = getattr(model.config, "max_position_embeddings", None) or WINDOW_TOKENS
    longest = min(positions - (tokenizer.pad_token_id or 0) - 1, tokenizer.model_max_length)
    scheme = LabelScheme(types, by_mean=False, window_tokens=min(WINDOW_TOKENS, longest))
    precision = choose_precision(compute.precision, place)
    try:
        return BertTagger(
            tokenizer,
            model.eval().to(place),
            threshold=threshold,
            device=place,
            scheme=scheme,
            precision=precision,
        )
    except FloatingPointError:
        raise ModelFolderError(f"{folder}: the tagger reads no text") from None


def _parts(folder: Path) -> tuple[Any, Any]:
    """The tokenizer and the model in fp32, from safetensors, running no code of the folder's."""
    import transformers  # noqa: PLC0415 - takes seconds, and the shipped tagger does without

    options = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
        model, info = transformers.AutoModelForTokenClassification.from_pretrained(
            folder, use_safetensors=True, output_loading_info=True, dtype=torch.float32, **options
        )
    except Exception as exc:  # noqa: BLE001 - whatever a foreign folder makes the library raise
        raise ModelFolderError(
            f"{folder}: cannot be loaded as a token classifier ({type(exc).__name__})"
        ) from None
    if not getattr(tokenizer, "is_fast", False):
        raise ModelFolderError(f"{folder}: no fast tokenizer (tokenizer.json)")
    if missing := [*info["missing_keys"], *info["mismatched_keys"]]:
        # The library would go on with random weights in their place.
        raise ModelFolderError(f"{folder}: {WEIGHTS} lacks {len(missing)} of the model's tensors")
    return tokenizer, model
