"""GLiNER as the tagger: a model that is told in words which entities to look for.

Zaratiana et al., "GLiNER: Generalist Model for Named Entity Recognition using Bidirectional
Transformer", NAACL 2024. Its package is not among journal-stream's own dependencies.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from worker.anonymizer.taggers.entity_types import ENTITY_TYPES
from worker.anonymizer.taggers.tagged_span import TaggedSpan, aggregate
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
#: What the model is asked for, and the entity type of each; `labels` in `tagger.json` replaces it.
LABELS = {
    "person": "PERSON",
    "location": "LOCATION",
    "address": "LOCATION",
    "organization": "ORGANIZATION",
    "username": "CONTACT",
    "identification number": "ID",
}
#: The threshold, if the folder's `tagger.json` holds none.
THRESHOLD = 0.5
#: Most characters in a window, white space not counted. GLiNER drops what is longer than the window
#: of its encoder and says nothing; a token has at least one character.
WINDOW_LETTERS = 384
#: Windows in one forward pass.
_BATCH = 16


def check(folder: Path) -> None:
    """Check that the package is installed and that the folder holds safetensors weights.

    Raises:
        StartupError: the package is not installed.
        ModelFolderError: the folder holds no safetensors weights.
    """
    if not (folder / WEIGHTS).exists():
        raise ModelFolderError(f"{folder}: no {WEIGHTS} (weights in other formats are not loaded)")
    if importlib.util.find_spec(PACKAGE) is None:
        raise StartupError(
            f"{folder} is a GLiNER model; its package is not installed: "
            "pip install 'journal-stream[gliner]'"
        )


class GlinerTagger:
    """Finds personal data with GLiNER.

    Args:
        model: a `gliner.GLiNER`.
        threshold: the least probability from which a finding counts.
        labels: what to ask for, and the entity type of each.
    """

    def __init__(self, model: Any, *, threshold: float, labels: Mapping[str, str]) -> None:
        self._model = model
        self._labels = dict(labels)
        self.threshold = threshold

    @property
    def types(self) -> list[str]:
        """The entity types that it tells apart."""
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
            ModelFolderError: the folder cannot be loaded, or a label has an unknown entity type.
            StartupError: the package or the device is not available.
        """
        check(folder)
        wanted = LABELS if labels is None else labels
        known = set(ENTITY_TYPES)
        if not isinstance(wanted, dict) or not wanted or not set(wanted.values()) <= known:
            raise ModelFolderError(
                f"{folder}: labels must map what to look for to one of {', '.join(ENTITY_TYPES)}"
            )
        set_threads(compute.threads)
        place = choose_device(compute.device)
        try:
            import gliner  # noqa: PLC0415 - an optional package
            import huggingface_hub.constants  # noqa: PLC0415 - most taggers do without

            # For some models GLiNER asks the hub for the encoder's configuration in spite of
            # `local_files_only`.
            huggingface_hub.constants.HF_HUB_OFFLINE = True
            model = gliner.GLiNER.from_pretrained(str(folder), local_files_only=True)
            model = model.to(place).eval()
        except Exception as exc:  # noqa: BLE001 - whatever a foreign package raises
            raise ModelFolderError(
                f"{folder}: cannot be loaded as a GLiNER model ({type(exc).__name__})"
            ) from None
        return cls(model, threshold=threshold, labels=wanted)

    def tag(self, texts: Sequence[str]) -> list[list[TaggedSpan]]:
        """For each text the ranges that hold personal data, in order and disjoint.

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
            pairs = zip(texts, found, strict=True)
            return [aggregate(text, _disjoint(hits)) for text, hits in pairs]
        except Exception as exc:  # noqa: BLE001 - its message may hold the text
            raise AnonymizationError(type(exc).__name__) from None

    def _tagged(self, entity: Mapping[str, Any], offset: int) -> TaggedSpan:
        """What GLiNER found in a piece, as a range of the text that holds the piece at `offset`."""
        start, end = offset + int(entity["start"]), offset + int(entity["end"])
        return TaggedSpan(start, end, self._labels[entity["label"]], float(entity["score"]))


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Windows of a text as ranges of characters; together they hold all but white space."""
    letters = [(i, i + 1) for i, character in enumerate(text) if not character.isspace()]
    ends = windows.sentence_ends(text) if len(letters) > WINDOW_LETTERS else []
    words = [
        at
        for at, (i, _) in enumerate(letters)
        if not (i and text[i - 1].isalnum() and text[i].isalnum())
    ]
    for first, last in windows.cut(range(len(letters)), letters, ends, WINDOW_LETTERS, words):
        yield letters[first][0], letters[last - 1][1]


def _disjoint(hits: Sequence[TaggedSpan]) -> list[TaggedSpan]:
    """Ranges in order, overlapping ones as one that has the type and the score of the best."""
    merged: list[TaggedSpan] = []
    for hit in sorted(hits, key=lambda one: (one.start, -one.end)):
        if merged and hit.start < merged[-1].end:
            last = merged[-1]
            best = max(last, hit, key=lambda one: one.score)
            merged[-1] = TaggedSpan(last.start, max(last.end, hit.end), best.type, best.score)
        else:
            merged.append(hit)
    return merged
