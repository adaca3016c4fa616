"""GLiNER as a tagger: a model that is told in words what to look for.

Zaratiana et al., "GLiNER: Generalist Model for Named Entity Recognition using Bidirectional
Transformer", NAACL 2024. Its package is not among journal-stream's own dependencies.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import huggingface_hub.constants

from worker.anonymizer.taggers.entity_types import KINDS
from worker.anonymizer.taggers.tagged_span import TaggedSpan, join
from worker.errors import AnonymizationError, ModelFolderError, StartupError
from worker.models import windows
from worker.models.compute import AUTO
from worker.models.folder import WEIGHTS
from worker.models.precision import choose_device, set_threads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from worker.models.compute import Compute

CONFIG = "gliner_config.json"
PACKAGE = "gliner"
#: What it is asked for, and our type of it; `labels` in `tagger.json` replaces this.
LABELS = {
    "person": "PERSON",
    "location": "LOCATION",
    "address": "LOCATION",
    "organization": "ORGANIZATION",
    "username": "CONTACT",
    "identification number": "ID",
}
THRESHOLD = 0.5
#: Letters at once, white space not counted. What is longer than its encoder's window it drops
#: silently, and a token has at least one letter.
WINDOW_LETTERS = 384
_BATCH = 16


def check(folder: Path) -> None:
    """See that the package is installed and that the folder holds safetensors weights.

    Raises:
        StartupError: the package is missing.
        ModelFolderError: the weights are.
    """
    if not (folder / WEIGHTS).exists():
        raise ModelFolderError(f"{folder}: no {WEIGHTS} (weights in other formats are not loaded)")
    if importlib.util.find_spec(PACKAGE) is None:
        raise StartupError(
            f"{folder} is a GLiNER model; its package is not installed: "
            "pip install 'journal-stream[gliner]'"
        )


class GlinerTagger:
    """Finds ranges of personal data.

    Args:
        model: what `gliner.GLiNER.from_pretrained` gives.
        threshold: how sure it must be.
        labels: what to ask for, and our type of each.
    """

    def __init__(self, model: Any, *, threshold: float, labels: Mapping[str, str]) -> None:
        self._model = model
        self._labels = dict(labels)
        self.threshold = threshold

    @property
    def types(self) -> list[str]:
        """The types of personal data it gives."""
        return list(dict.fromkeys(self._labels.values()))

    @classmethod
    def load(
        cls,
        folder: Path,
        compute: Compute = AUTO,
        *,
        threshold: float = THRESHOLD,
        labels: Mapping[str, str] | None = None,
    ) -> GlinerTagger:
        """Load a model from its folder alone; it computes in fp32, whatever `compute` says.

        Raises:
            ModelFolderError: the folder cannot be loaded, or a label has no type of ours.
            StartupError: the package is missing, or the device is not to be had.
        """
        check(folder)
        wanted = LABELS if labels is None else labels
        if not isinstance(wanted, dict) or not wanted or not set(wanted.values()) <= set(KINDS):
            raise ModelFolderError(
                f"{folder}: labels must map what to look for to one of {', '.join(KINDS)}"
            )
        set_threads(compute.threads)
        place = choose_device(compute.device)
        try:
            import gliner  # noqa: PLC0415 - an optional package

            # For some models it would ask the hub for the encoder's configuration all the same.
            huggingface_hub.constants.HF_HUB_OFFLINE = True
            model = gliner.GLiNER.from_pretrained(str(folder), local_files_only=True)
            model = model.to(place).eval()
        except Exception as exc:  # noqa: BLE001 - whatever a foreign package raises
            raise ModelFolderError(
                f"{folder}: cannot be loaded as a GLiNER model ({type(exc).__name__})"
            ) from None
        return cls(model, threshold=threshold, labels=wanted)

    def tag(self, texts: Sequence[str]) -> list[list[TaggedSpan]]:
        """What is personal data in each text, in order and disjoint.

        Raises:
            AnonymizationError: the model failed; the message holds no text.
        """
        try:
            pieces = [(i, *piece) for i, text in enumerate(texts) for piece in _pieces(text)]
            found: list[list[TaggedSpan]] = [[] for _ in texts]
            for at in range(0, len(pieces), _BATCH):
                batch = pieces[at : at + _BATCH]
                results = self._model.batch_predict_entities(
                    [texts[i][start:end] for i, start, end in batch],
                    list(self._labels),
                    threshold=self.threshold,
                )
                for (i, start, _), entities in zip(batch, results, strict=True):
                    found[i] += (self._tagged(entity, start) for entity in entities)
            return [
                join(text, _disjoint(hits)) for text, hits in zip(texts, found, strict=True)
            ]  # fmt: skip
        except Exception as exc:  # noqa: BLE001 - its message may hold the text
            raise AnonymizationError(type(exc).__name__) from None

    def _tagged(self, entity: Mapping[str, Any], offset: int) -> TaggedSpan:
        start, end = int(entity["start"]), int(entity["end"])
        kind = self._labels[entity["label"]]
        return TaggedSpan(offset + start, offset + end, kind, float(entity["score"]))


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Ranges of characters that the model sees as a whole; together they hold every letter."""
    letters = [(i, i + 1) for i, character in enumerate(text) if not character.isspace()]
    ends = windows.sentence_ends(text) if len(letters) > WINDOW_LETTERS else []
    words = [
        at for at, (i, _) in enumerate(letters)
        if not (i and text[i - 1].isalnum() and text[i].isalnum())
    ]  # fmt: skip
    for first, last in windows.cut(range(len(letters)), letters, ends, WINDOW_LETTERS, words):
        yield letters[first][0], letters[last - 1][1]


def _disjoint(hits: Sequence[TaggedSpan]) -> list[TaggedSpan]:
    """In order; of overlapping ones one that covers them, of the surest one's type."""
    merged: list[TaggedSpan] = []
    for hit in sorted(hits, key=lambda one: (one.start, -one.end)):
        if merged and hit.start < merged[-1].end:
            last = merged[-1]
            surest = max(last, hit, key=lambda one: one.score)
            merged[-1] = TaggedSpan(last.start, max(last.end, hit.end), surest.type, surest.score)
        else:
            merged.append(hit)
    return merged
