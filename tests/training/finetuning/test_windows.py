"""Windows are cut as the worker cuts them, and stay in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from training.errors import DataError
from training.finetuning.windows import Collator, Windows, tokenize
from worker.classifier.classifier import Classifier
from worker.models.compute import EXACT
from worker.models.folder import ModelFolder

if TYPE_CHECKING:
    from pathlib import Path

LONG = "First we walked. Then it rained all day! " * 6
TEXTS = [LONG, "short", "a second short one"]
LABELS = np.eye(3, dtype=np.float32)


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path) -> object:
    return AutoTokenizer.from_pretrained(tiny_model)


def cut(tokenizer: object, places: list[float] | None = None) -> Windows:
    return tokenize(TEXTS, LABELS, tokenizer, window_tokens=64, places=places)  # type: ignore[arg-type]


def test_windows_are_those_of_the_worker(tokenizer: object, tiny_model: Path) -> None:
    worker = Classifier.load(ModelFolder.open(tiny_model), EXACT)
    expected = {(w.text_index, w.token_ids) for w in worker._encoder.windows(TEXTS)}
    found = cut(tokenizer)
    ids = [tuple(row) for row in found.dataset["input_ids"]]
    assert set(zip(found.text_index.tolist(), ids, strict=True)) == expected
    assert len(ids) > 4


def test_only_the_window_that_holds_the_place_is_learned_from(tokenizer: object) -> None:
    every = cut(tokenizer)
    of_long = [
        row
        for row, text in zip(every.dataset["input_ids"], every.text_index, strict=True)
        if text == 0
    ]
    assert len(of_long) > 2
    learnt = []
    for place in np.linspace(0.0, 1.0, 21):
        found = cut(tokenizer, places=[float(place), 0.0, 1.0])
        assert sorted(found.text_index.tolist()) == [0, 1, 2]
        learnt.append(found.dataset["input_ids"][int(np.flatnonzero(found.text_index == 0)[0])])
    in_order = [row for at, row in enumerate(learnt) if at == 0 or row != learnt[at - 1]]
    words = [token for row in in_order for token in row[1:-1]]
    assert sorted(in_order) == sorted(of_long)
    assert words == tokenizer(LONG, add_special_tokens=False)["input_ids"]  # type: ignore[operator]


def test_windows_carry_their_texts_labels_and_no_text(tokenizer: object) -> None:
    found = cut(tokenizer)
    assert set(found.dataset.column_names) == {"input_ids", "labels", "length", "weight"}
    for text, labels in zip(found.text_index, found.dataset["labels"], strict=True):
        assert labels == LABELS[text].tolist()


def test_a_text_scores_the_maximum_of_its_windows(tokenizer: object) -> None:
    found = cut(tokenizer)
    scores = np.where(found.text_index[:, None] == 0, 0.2, 0.1).astype(np.float32).repeat(3, 1)
    scores[np.flatnonzero(found.text_index == 0)[1], 2] = 0.9
    assert found.best_by_text(scores).round(3).tolist() == [
        pytest.approx([0.2, 0.2, 0.9]),
        pytest.approx([0.1] * 3),
        pytest.approx([0.1] * 3),
    ]


def test_entries_without_a_known_word_are_refused(tokenizer: object) -> None:
    with pytest.raises(DataError, match="no word"):
        tokenize(["\u200b"] * 3, LABELS, tokenizer, window_tokens=64)  # type: ignore[arg-type]


def test_tokenizing_keeps_everything_in_memory(tokenizer: object) -> None:
    found = cut(tokenizer)
    assert found.dataset.cache_files == []


def test_batches_are_padded_no_further_than_needed() -> None:
    rows = [{"input_ids": [2, 7, 3], "labels": [1.0]}, {"input_ids": [2, 3], "labels": [0.0]}]
    batch = Collator(0)(rows)
    assert batch["input_ids"].tolist() == [[2, 7, 3], [2, 3, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 1, 0]]
    assert batch["labels"].dtype == torch.float32
