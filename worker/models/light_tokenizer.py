"""BERT's tokenizer straight from `tokenizer.json`, without Hugging Face's larger library."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer

if TYPE_CHECKING:
    from pathlib import Path

#: The classes of `tokenizer_config.json` whose tokenizer is that of `tokenizer.json`; what BERT's
#: own sets besides is compared with it.
_AS_STORED = ("PreTrainedTokenizerFast", "TokenizersBackend")
_BERT = ("BertTokenizer", "BertTokenizerFast")
#: What BERT's class sets in the normalizer of `tokenizer.json`, and its value by default.
_NORMALIZER = {
    "lowercase": ("do_lower_case", True),
    "strip_accents": ("strip_accents", None),
    "handle_chinese_chars": ("tokenize_chinese_chars", True),
}


@dataclass(frozen=True, slots=True)
class LightTokenizer:
    """What is needed of a fast tokenizer of Hugging Face's, under the names that it has there.

    Attributes:
        backend_tokenizer: that of the library below.
        unk_token_id, pad_token_id: None where the tokenizer has no such token.
    """

    backend_tokenizer: Any
    unk_token_id: int | None
    pad_token_id: int | None

    def __call__(self, text: str, *, add_special_tokens: bool = True) -> dict[str, list[int]]:
        """The token ids of a text, as `input_ids`."""
        encoding = self.backend_tokenizer.encode(text, add_special_tokens=add_special_tokens)
        return {"input_ids": encoding.ids}


def light_tokenizer(folder: Path) -> LightTokenizer | None:
    """The tokenizer of a folder; None where it may be another than `tokenizer.json` tells."""
    try:
        stored = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        told = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        if not _is_as_stored(stored, told):
            return None
        backend = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception:  # noqa: BLE001 - tokenizers raises plain exceptions; the ordinary way tells
        return None
    backend.no_truncation()
    backend.no_padding()
    ids = [_id(backend, told.get(name)) for name in ("unk_token", "pad_token")]
    return LightTokenizer(backend, *ids)


def _is_as_stored(stored: dict[str, Any], told: dict[str, Any]) -> bool:
    """Whether Hugging Face's class would change nothing about the stored tokenizer."""
    parts = [stored[name]["type"] for name in ("model", "normalizer", "pre_tokenizer")]
    if parts != ["WordPiece", "BertNormalizer", "BertPreTokenizer"]:
        return False
    if "chat_template" in told or "auto_map" in told or told.get("add_prefix_space"):
        return False
    kind = told.get("tokenizer_class")
    if kind in _AS_STORED:
        return True
    normalizer = stored["normalizer"]
    return (
        kind in _BERT
        and normalizer["clean_text"]
        and all(
            normalizer[name] == told.get(key, default)
            for name, (key, default) in _NORMALIZER.items()
        )
        and _template(stored) == ["[CLS]", "A", "[SEP]"]
    )


def _template(stored: dict[str, Any]) -> list[str]:
    """What the stored tokenizer puts around a text, which is `A`."""
    return [next(iter(part.values()))["id"] for part in (stored["post_processor"] or {})["single"]]


def _id(backend: Any, token: Any) -> int | None:
    """The id of a token, as `tokenizer_config.json` tells it: by its text, or with its settings."""
    content = token.get("content") if isinstance(token, dict) else token
    found = backend.token_to_id(content) if isinstance(content, str) else None
    return None if found is None else int(found)
