"""`journal-worker` with a device that answers at once: what the CPU side can feed.

Give it the arguments of `journal-worker`. All but the forward passes is done as always; a pass
answers that there is nothing to find.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: On a GPU a batch is one pass.
PASS_TOKENS = 32_768
#: A logit that stands for "surely not".
NOTHING = -9.0


class InstantTagger:
    """Answers for each token that it is no personal data, which is the first label."""

    def __init__(self, model: Any, *_: Any, **__: Any) -> None:
        self._labels = len(model.config.id2label)

    def passes(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """See `worker.anonymizer.taggers.networks.Network`."""
        yield from full_passes(lengths)

    def prepare(self, most_tokens: int) -> None:
        """See `worker.anonymizer.taggers.networks.Network`."""

    def logits(self, sequences: Sequence[Sequence[int]], _: Any) -> torch.Tensor:
        """See `worker.anonymizer.taggers.networks.Network`."""
        found = torch.full((sum(map(len, sequences)), self._labels), NOTHING)
        found[:, 0] = -NOTHING
        return found


class InstantClassifier:
    """Answers for each window and sentence that no label is likely."""

    scores_sentences = True

    def __init__(self, model: Any, *_: Any, **__: Any) -> None:
        self._labels = len(model.config.id2label)

    def passes(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """See `worker.classifier.networks.Network`."""
        yield from full_passes(lengths)

    def computed(self, lengths: Sequence[int]) -> int:
        """See `worker.classifier.networks.Network`."""
        return sum(lengths)

    def prepare(self, most_tokens: int) -> None:
        """See `worker.classifier.networks.Network`."""

    def logits(self, windows: Sequence[Any]) -> torch.Tensor:
        """See `worker.classifier.networks.Network`."""
        rows = sum(1 + len(window.sentences) for window in windows)
        return torch.full((rows, self._labels), NOTHING)


def full_passes(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The passes of a GPU."""
    from worker.models.unpadded import sequences

    return sequences.full_passes(lengths, PASS_TOKENS)


def answer_at_once() -> None:
    """Let the stages be loaded with networks that answer at once."""
    replaced: dict[str, Callable[..., Any]] = {
        "worker.anonymizer.taggers.bert": InstantTagger,
        "worker.classifier.classifier": InstantClassifier,
    }
    importlib.import_module("worker.child.factory")  # as the command does, and with CUDA hidden
    for name, network in replaced.items():
        importlib.import_module(name).network = network  # type: ignore[attr-defined]


if __name__ == "__main__":
    answer_at_once()
    importlib.import_module("worker.cli").main()
