"""Soft labels: what the large model says of an entry, beside the labels that it was given.

How near an entry comes to other labels, and how sure of its own one can be, is more than labels of
0 and 1 tell, and a small model that is told learns more from the same entries: G. Hinton,
O. Vinyals and J. Dean, "Distilling the knowledge in a neural network", 2015. Labels are independent
of one another here, so the targets are probabilities as they are, at a temperature of 1.

It says something of entries as a whole. Their sentences, and a window of a long entry in which none
of them carries a label, keep what was marked.

To ask the large model takes half an hour, and its base need not be installed. So what it says of
the entries of this project is recorded, under the SHA-256 of each text as a model sees it: without
personal data. To record what is missing: `python -m training.entries.prepared.soft_labels`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training.entries.prepared.redactions import digest, recorded, replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from worker.models.folder import ModelFolder

FILE = Path(__file__).parents[2] / "data" / "soft_labels" / "large.jsonl"
#: Probabilities are recorded as whole numbers of this part of 1.
_PART = 1_000
#: Texts asked about at once.
_BATCH_TEXTS = 32


def softened(
    texts: Sequence[str], targets: NDArray[np.float32], names: Sequence[str], share: float
) -> tuple[NDArray[np.float32], int]:
    """Targets that are in part what the large model says.

    Args:
        texts: without personal data.
        targets: what is to be learnt of them, 0 to 1, NaN where it is not known; of shape
            `(texts, labels)`.
        names: of the labels, in the order of the columns.
        share: how much the large model's probability counts, 0 to 1; where nothing else is known,
            it is all that counts.

    Returns:
        The targets, of the same shape, and of how many texts anything was recorded. The others keep
        theirs, and so does a label that the large model does not have.
    """
    labels, said = _recorded().labels, _recorded().said
    columns = [labels.index(name) if name in labels else None for name in names]
    soft = np.full_like(targets, np.nan)
    found = 0
    for row, text in enumerate(texts):
        answer = said.get(digest(text))
        if answer is not None:
            found += 1
            soft[row] = [np.nan if at is None else answer[at] / _PART for at in columns]
    mixed = (1.0 - share) * targets + share * soft
    mixed = np.where(np.isnan(soft), targets, np.where(np.isnan(targets), soft, mixed))
    return mixed.astype(np.float32), found


@dataclass(frozen=True, slots=True)
class Record:
    """What a model says.

    Attributes:
        model: its version, of its manifest.
        labels: names of its labels.
        said: the probabilities of each text, in the order of the labels and in thousandths, by the
            digest of the text.
    """

    model: str
    labels: Sequence[str]
    said: Mapping[str, Sequence[int]]

    def write(self) -> None:
        """Write the file, in the order of the digests; the older one is replaced."""
        FILE.parent.mkdir(exist_ok=True)
        head = json.dumps({"model": self.model, "labels": list(self.labels)})
        rows = (json.dumps([key, list(row)], separators=(",", ":")) for key, row in self._rows())
        FILE.write_text("".join(f"{line}\n" for line in (head, *rows)), encoding="utf-8")

    def _rows(self) -> list[tuple[str, Sequence[int]]]:
        return sorted(self.said.items())


@cache
def _recorded() -> Record:
    """What the file holds."""
    with FILE.open(encoding="utf-8") as stream:
        head = json.loads(next(stream))
        return Record(head["model"], head["labels"], dict(map(json.loads, stream)))


def _ask(folder: ModelFolder, texts: Sequence[str]) -> dict[str, list[int]]:
    """What a model says of texts without personal data, by their digests."""
    from worker.classifier.classifier import Classifier  # noqa: PLC0415 - brings torch
    from worker.models.compute import Compute  # noqa: PLC0415

    model = Classifier.load(folder, Compute("cpu", "fp32"))  # the same on every machine
    ordered = sorted(texts, key=len)
    said: dict[str, list[int]] = {}
    for start in range(0, len(ordered), _BATCH_TEXTS):
        batch = ordered[start : start + _BATCH_TEXTS]
        for text, answer in zip(batch, model.classify(batch), strict=True):
            said[digest(text)] = [round(_PART * score) for score in answer.scores]
    return said


def _shown() -> Iterable[str]:
    """Every entry of this project as a model sees it."""
    from training.entries.sources import OWN  # noqa: PLC0415 - as in every command

    spans = recorded()
    for read in OWN.values():
        for entry in read():
            yield replaced(entry.text, spans[digest(entry.text)])


def main() -> None:
    """Ask the large model about the entries that it was not asked about yet.

    Of another large model than the one that was asked, about all.
    """
    from worker.models.folder import LARGE_MODEL, ModelFolder  # noqa: PLC0415 - brings torch

    folder = ModelFolder.open(LARGE_MODEL)
    texts = sorted(set(_shown()))
    known = dict(_recorded().said) if FILE.exists() and _recorded().model == folder.version else {}
    missing = [text for text in texts if digest(text) not in known]
    if missing:
        known |= _ask(folder, missing)
    kept = {digest(text): known[digest(text)] for text in texts}
    Record(folder.version, folder.labels, kept).write()
    print(f"{len(missing)} of {len(texts)} entries were asked about and recorded")  # noqa: T201


if __name__ == "__main__":
    main()
