"""Token windows with the sentences in them, for models that score both in one pass."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import datasets
import numpy as np

from training.errors import DataError
from training.finetuning.windows import Windows
from worker.classifier.encoder import Encoder
from worker.models.tokenization import BatchTokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

    from training.entries.prepared.passages import Passage
    from training.entries.split import Part
    from worker.models.windows import Window


def windows_to_score(
    texts: Sequence[str],
    labels: NDArray[np.float32],
    tokenizer: PreTrainedTokenizerBase,
    *,
    window_tokens: int,
) -> Windows:
    """Every window of every text, with its sentences as the worker cuts them.

    Args:
        texts: anonymized texts.
        labels: of each text, shape `(texts, labels)`.
        tokenizer: a fast tokenizer.
        window_tokens: most tokens in a window, special tokens included.

    Raises:
        DataError: no text has a token that the model knows.
    """
    found = [
        {
            **_row(window, labels[window.text_index], 1.0),
            "parts": [[sentence.first, sentence.last] for sentence in window.sentences],
        }
        for window in Encoder(BatchTokenizer(tokenizer), window_tokens).windows(texts)
    ]
    return _windows(found, len(texts))


def windows_to_learn(
    part: Part, tokenizer: PreTrainedTokenizerBase, *, window_tokens: int
) -> Windows:
    """What is to be learnt of each text: of its windows, and of the passages in them.

    Of a text of several windows each carries the labels whose passages it holds, and all together
    count as much as the root of their number. Where nothing is known of a text's passages, its
    first window (or that with its evidence) stands for it.

    Args:
        part: the texts with their targets.
        tokenizer: a fast tokenizer.
        window_tokens: most tokens in a window, special tokens included.

    Raises:
        DataError: no text has a token that the model knows.
    """
    pieces: list[list[Window]] = [[] for _ in part.texts]
    for window in Encoder(BatchTokenizer(tokenizer), window_tokens).windows(part.texts):
        pieces[window.text_index].append(window)
    found = []
    for index, windows in enumerate(pieces):
        targets, passages = part.targets[index], part.passages[index]
        if len(windows) > 1 and not passages:
            place = part.places[index] * len(part.texts[index])
            windows = [next((w for w in windows if w.end > place), windows[-1])]  # noqa: PLW2901
        weight = part.weights[index] / math.sqrt(max(1, len(windows)))
        for window in windows:
            inside = [p for p in passages if p.start < window.end and window.start < p.end]
            own = _of_window(targets, inside) if len(windows) > 1 else targets
            found.append({**_row(window, own, weight), **_parts(window, inside)})
    return _windows(found, len(part.texts))


def _of_window(targets: NDArray[np.float32], inside: Sequence[Passage]) -> NDArray[np.float32]:
    """The targets of one of several windows: a label's own where a passage in it shows it."""
    seen = np.array([passage.targets for passage in inside], dtype=np.float32)
    shown, unknown = (seen == 1).any(axis=0), np.isnan(seen).any(axis=0)
    return np.where(shown, targets, np.where(unknown, np.float32("nan"), np.float32(0.0)))


def _parts(window: Window, inside: Sequence[Passage]) -> dict[str, Any]:
    """The tokens of each passage in a window, and what is to be learnt of it."""
    parts, labels = [], []
    for passage in inside:
        tokens = [
            (sentence.first, sentence.last)
            for sentence in window.sentences
            if sentence.start < passage.end and passage.start < sentence.end
        ]
        if tokens:
            parts.append([tokens[0][0], tokens[-1][1]])
            labels.append(list(passage.targets))
    return {"parts": parts, "part_labels": labels}


def _row(window: Window, labels: NDArray[np.float32], weight: float) -> dict[str, Any]:
    return {
        "input_ids": list(window.token_ids),
        "labels": labels.tolist(),
        "length": len(window.token_ids),
        "index": window.text_index,
        "weight": weight,
    }


def _windows(found: list[dict[str, Any]], texts: int) -> Windows:
    if not found:
        raise DataError("the model knows no word of these entries")
    datasets.disable_caching()
    datasets.disable_progress_bars()
    # Similar lengths side by side: little padding where windows are taken in order.
    found = sorted(found, key=lambda row: row["length"])
    index = np.array([row.pop("index") for row in found], dtype=np.int64)
    columns = {name: [row[name] for row in found] for name in found[0]}
    return Windows(datasets.Dataset.from_dict(columns), index, texts)
