"""The model folder: what training writes, and what a worker verifies before it loads it.

    config.json  model.safetensors  tokenizer.json  tokenizer_config.json   (Hugging Face)
    thresholds.json   {"window_tokens": 128, "thresholds": {label: probability},
                       "least_expected": 1.1, "at_least_one": true, "sentence_share": 0.5,
                       "short_texts": {"tokens": 48, "sentences": 2}}
    short_texts.safetensors   weights for short texts, where `short_texts` is given: an adapter
                              (see `worker.models.adapter`) of all but the embeddings
    metrics.json      README.md (the model card)
    manifest.json     {"format": 1, "name": ..., "files": {file: sha256}}

The manifest detects an incomplete copy and an altered file. It is no signature: whoever can write
the folder can write its manifest too.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from worker.errors import ModelFolderError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The classifier and the tagger that come with journal-stream.
SHIPPED_MODEL = Path(__file__).parent / "distortions"
SHIPPED_TAGGER = Path(__file__).parent / "tagger"
#: The larger classifier, and what `JOURNAL_MODEL` calls it.
LARGE_MODEL = Path(__file__).parent / "distortions_large"
LARGE = "large"
FORMAT = 1
MANIFEST = "manifest.json"
WEIGHTS = "model.safetensors"
ADAPTER = "adapter.safetensors"
SHORT_TEXTS = "short_texts.safetensors"
#: The files that a worker needs.
REQUIRED_FILES = (
    "config.json",
    WEIGHTS,
    "tokenizer.json",
    "tokenizer_config.json",
    "thresholds.json",
)
#: The files of a complete folder, besides its manifest.
MODEL_FILES = (*REQUIRED_FILES, "metrics.json", "README.md")
#: Files that a loader might read in place of the safetensors weights, or run.
FORBIDDEN_SUFFIXES = (".bin", ".pt", ".pth", ".pkl", ".py", ".h5", ".msgpack")
MIN_WINDOW_TOKENS = 16


@dataclass(frozen=True, slots=True)
class ShortTexts:
    """Which texts are short: those with at most so many tokens and sentences.

    Attributes:
        tokens: most tokens, special tokens included.
        sentences: most sentences.
    """

    tokens: int
    sentences: int

    def include(self, tokens: int, sentences: int) -> bool:
        """Whether a text with so many tokens and sentences is one of them."""
        return tokens <= self.tokens and sentences <= self.sentences


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A verified model folder.

    Attributes:
        path: the folder.
        name: the model's name, as its trainer gave it.
        version: the first 12 hex digits of the manifest's SHA-256: two folders with the same
            version hold the same bytes.
        labels: label names in the order of the model's outputs.
        thresholds: the probability from which a label is given, in the same order.
        window_tokens: most tokens in a window of the classifier, special tokens included.
        least_expected: the sum of a text's probabilities (the expected number of its labels) from
            which it is given labels.
        at_least_one: whether a text that reaches `least_expected` is given at least one label: if
            none reaches its threshold, the one with the highest share of it.
        sentence_share: how much the best sentence of a window counts beside the window, 0 to 1;
            only for models that score sentences in the pass of the window.
        short_texts: the texts that are read with weights of their own; None if there are no such.
    """

    path: Path
    name: str
    version: str
    labels: tuple[str, ...]
    thresholds: tuple[float, ...]
    window_tokens: int
    least_expected: float = 0.0
    at_least_one: bool = False
    sentence_share: float = 0.0
    short_texts: ShortTexts | None = None

    @classmethod
    def open(cls, path: Path) -> ModelFolder:
        """Verify every file against the manifest and read labels and thresholds.

        Raises:
            ModelFolderError: the folder is missing, incomplete, altered, or not understood.
        """
        manifest, version = verify(path, required_files(path))
        labels, positions = _labels(_parse(_read(path / "config.json"), path / "config.json"), path)
        decision = _parse(_read(path / "thresholds.json"), path / "thresholds.json")
        return cls(
            path=path,
            name=str(manifest.get("name", path.name)),
            version=version,
            labels=labels,
            **_decision(decision, path / "thresholds.json", labels, positions),
        )


def classifier_path(wanted: Path | None) -> Path:
    """Where a classifier is: the shipped one by default, the larger one by its name."""
    if wanted is None:
        return SHIPPED_MODEL
    return LARGE_MODEL if wanted == Path(LARGE) else wanted


def required_files(path: Path) -> tuple[str, ...]:
    """The files a folder must hold: with `model.safetensors`, or with an adapter in its place."""
    if (path / ADAPTER).exists() and not (path / WEIGHTS).exists():
        return tuple(ADAPTER if name == WEIGHTS else name for name in REQUIRED_FILES)
    return REQUIRED_FILES


def verify(path: Path, required: Sequence[str]) -> tuple[dict[str, Any], str]:
    """Verify every file against the manifest.

    Returns:
        The manifest, and the version of the folder.

    Raises:
        ModelFolderError: the folder is missing, incomplete or altered.
    """
    if not path.is_dir():
        raise ModelFolderError(f"model folder not found: {path}")
    manifest_bytes = _read(path / MANIFEST)
    manifest = _parse(manifest_bytes, path / MANIFEST)
    if manifest.get("format") != FORMAT:
        raise ModelFolderError(f"{path / MANIFEST}: unknown format (this worker reads {FORMAT})")
    _verify_files(path, manifest.get("files"), required)
    return manifest, hashlib.sha256(manifest_bytes).hexdigest()[:12]


def seal_folder(path: Path, *, name: str, required: Sequence[str] | None = None) -> None:
    """Write `manifest.json` for all files of a folder, as the last step of writing a model.

    Args:
        path: the folder.
        name: the name of the model.
        required: files that must be there; by default those of a classifier.

    Raises:
        ModelFolderError: a required file is missing or a forbidden one is present.
    """
    files = _files(path)
    missing = [f for f in required or required_files(path) if f not in files]
    if missing:
        raise ModelFolderError(f"{path}: missing {', '.join(missing)}")
    digests = {f: _sha256(path / f) for f in files}
    manifest = {"format": FORMAT, "name": name, "files": digests}
    temporary = path / f".{MANIFEST}.tmp"
    temporary.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    temporary.replace(path / MANIFEST)


def _files(path: Path) -> list[str]:
    names = []
    for entry in sorted(os.scandir(path), key=lambda e: e.name):
        if entry.name == MANIFEST or entry.name.startswith("."):
            continue
        if not (path / entry.name).is_file():  # also False for a link that leads nowhere
            raise ModelFolderError(f"{path / entry.name}: not a plain file")
        if entry.name.endswith(FORBIDDEN_SUFFIXES):
            raise ModelFolderError(f"{path / entry.name}: only safetensors weights and JSON belong")
        names.append(entry.name)
    return names


def _verify_files(path: Path, digests: object, required: Sequence[str]) -> None:
    if not isinstance(digests, dict):
        raise ModelFolderError(f"{path / MANIFEST}: no list of files")
    present = set(_files(path))
    for name in (*required, *digests):
        if name not in digests:
            raise ModelFolderError(f"{path / MANIFEST}: does not list {name}")
        if name not in present:
            raise ModelFolderError(f"{path / name}: missing")
    for name in sorted(present):
        if name not in digests:
            raise ModelFolderError(f"{path / name}: not in the manifest")
        if _sha256(path / name) != digests[name]:
            raise ModelFolderError(f"{path / name}: altered (its SHA-256 is not the manifest's)")


def _labels(config: dict[str, Any], path: Path) -> tuple[tuple[str, ...], dict[str, int]]:
    mapping = config.get("id2label")
    if not isinstance(mapping, dict) or not mapping:
        raise ModelFolderError(f"{path / 'config.json'}: no id2label")
    try:
        ordered = [mapping[str(i)] for i in range(len(mapping))]
    except KeyError as exc:
        raise ModelFolderError(f"{path / 'config.json'}: id2label has gaps") from exc
    if not all(isinstance(label, str) and label for label in ordered):
        raise ModelFolderError(f"{path / 'config.json'}: a label in id2label is no name")
    if len(set(ordered)) != len(ordered):
        raise ModelFolderError(f"{path / 'config.json'}: a label stands twice in id2label")
    return tuple(ordered), {label: i for i, label in enumerate(ordered)}


def _decision(
    content: dict[str, Any], file: Path, labels: tuple[str, ...], positions: dict[str, int]
) -> dict[str, Any]:
    """How probabilities become labels."""
    given = content.get("thresholds")
    if not isinstance(given, dict) or set(given) != set(positions):
        raise ModelFolderError(f"{file}: thresholds must name each label of config.json once")
    values = tuple(given[label] for label in labels)
    if not all(isinstance(v, (int, float)) and 0.0 < v < 1.0 for v in values):
        raise ModelFolderError(f"{file}: every threshold must lie between 0 and 1")
    window = content.get("window_tokens")
    if not isinstance(window, int) or window < MIN_WINDOW_TOKENS:
        raise ModelFolderError(f"{file}: window_tokens must be at least {MIN_WINDOW_TOKENS}")
    least = content.get("least_expected", 0.0)
    if not isinstance(least, (int, float)) or not 0.0 <= least < len(labels):
        raise ModelFolderError(f"{file}: least_expected must lie between 0 and the labels' number")
    at_least_one = content.get("at_least_one", False)
    if not isinstance(at_least_one, bool):
        raise ModelFolderError(f"{file}: at_least_one must be true or false")
    share = content.get("sentence_share", 0.0)
    if not isinstance(share, (int, float)) or not 0.0 <= share <= 1.0:
        raise ModelFolderError(f"{file}: sentence_share must lie between 0 and 1")
    return {
        "sentence_share": float(share),
        "thresholds": tuple(float(v) for v in values),
        "window_tokens": window,
        "least_expected": float(least),
        "at_least_one": at_least_one,
        "short_texts": _short_texts(content.get("short_texts"), file),
    }


def _short_texts(given: object, file: Path) -> ShortTexts | None:
    if given is None:
        return None
    sizes = given if isinstance(given, dict) else {}
    tokens, sentences = sizes.get("tokens"), sizes.get("sentences")
    if not (isinstance(tokens, int) and isinstance(sentences, int) and min(tokens, sentences) > 0):
        raise ModelFolderError(f"{file}: short_texts must give tokens and sentences, both above 0")
    if not (file.parent / SHORT_TEXTS).is_file():
        raise ModelFolderError(f"{file.parent / SHORT_TEXTS}: missing")
    return ShortTexts(tokens, sentences)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as exc:
        raise ModelFolderError(f"{file}: {exc.strerror or 'cannot be read'}") from exc


def _parse(content: bytes, file: Path) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as exc:
        raise ModelFolderError(f"{file}: not JSON") from exc
    if not isinstance(value, dict):
        raise ModelFolderError(f"{file}: not a JSON object")
    return value


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as exc:
        raise ModelFolderError(f"{file}: {exc.strerror or 'cannot be read'}") from exc
