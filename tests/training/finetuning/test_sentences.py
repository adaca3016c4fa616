"""Learning from sentences in their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from tests.training.conftest import SIGNS
from tests.training.fitting import make_records, metrics_of, run_fit
from training.entries.record import Record
from training.entries.split import Part
from training.errors import BaseModelError
from training.finetuning.sentences.scores import joined_logits, sentence_loss
from training.finetuning.sentences.windows import windows_to_learn, windows_to_score
from training.finetuning.windows import Collator
from training.progress import Progress
from worker.classifier.classifier import Classifier
from worker.classifier.joining import join
from worker.models.compute import EXACT
from worker.models.folder import ModelFolder

NAMES = tuple(SIGNS)
CALM = "we walked. it rained. soup again. "
NAN = float("nan")


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path) -> Any:
    return AutoTokenizer.from_pretrained(tiny_model)


def part_of(*records: Record) -> Part:
    return Part.of(records, NAMES)


def test_windows_to_score_are_the_worker_s_with_its_sentences(
    tokenizer: Any, tiny_model: Path
) -> None:
    texts = [CALM * 8, "short"]
    worker = Classifier.load(ModelFolder.open(tiny_model), EXACT)
    expected = {
        (w.text_index, w.token_ids): [[s.first, s.last] for s in w.sentences]
        for w in worker._encoder.windows(texts)
    }
    found = windows_to_score(texts, np.zeros((2, 3), np.float32), tokenizer, window_tokens=64)
    rows = zip(found.text_index, found.dataset["input_ids"], found.dataset["parts"], strict=True)
    assert {(int(text), tuple(ids)): parts for text, ids, parts in rows} == expected


def test_of_several_windows_only_that_with_the_evidence_carries_the_label(tokenizer: Any) -> None:
    text = CALM * 4 + "aaaa aaa. " + CALM * 4
    part = part_of(Record(text, ("Alpha",), evidence=(("Alpha", "aaaa aaa."),), weight=2.0))
    found = windows_to_learn(part, tokenizer, window_tokens=64).dataset
    labels = [row[0] for row in found["labels"]]
    assert len(labels) > 2
    assert sum(labels) == 1
    assert sum(found["weight"]) == pytest.approx(2.0 * len(labels) ** 0.5)
    marked = [targets[0] for row in found["part_labels"] for targets in row]
    assert sum(marked) == 1
    assert len(marked) == 25


def test_of_an_entry_without_evidence_one_window_is_learnt_and_no_sentence(tokenizer: Any) -> None:
    part = part_of(Record(CALM * 8 + "aaaa aaa.", ("Alpha",)), Record("soup. rain.", ()))
    found = windows_to_learn(part, tokenizer, window_tokens=64)
    assert sorted(found.text_index.tolist()) == [0, 1]
    by_text = dict(zip(found.text_index.tolist(), found.dataset["part_labels"], strict=True))
    assert by_text == {0: [], 1: [[0.0] * 3, [0.0] * 3]}


def test_parts_of_a_batch_are_masks_and_missing_ones_are_unknown() -> None:
    rows = [
        {"input_ids": [1, 2, 3, 4], "labels": [1.0], "parts": [[1, 3]], "part_labels": [[1.0]]},
        {"input_ids": [1, 2], "labels": [0.0], "parts": [], "part_labels": []},
    ]
    batch = Collator(0)(rows)
    assert batch["parts"].int().tolist() == [[[0, 1, 1, 0]], [[1, 1, 0, 0]]]
    assert batch["part_labels"][0].item() == 1
    assert batch["part_labels"][1].isnan().all()
    assert "parts" not in Collator(0)([{"input_ids": [1], "labels": [0.0]}])


def test_logits_join_as_the_worker_s_probabilities_do() -> None:
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    parts = mask.bool()[:, None].repeat(1, 3, 1)
    for number in range(3):
        parts[0, number] = torch.arange(4) == number
    logits = torch.tensor(
        [[[0.5, -1.0], [1.5, -2.0], [-3.0, 2.0], [0.0, 0.0]], [[0.1, 0.2], *[[5.0, 5.0]] * 3]]
    )
    each = torch.sigmoid(logits).numpy()
    expected = join(each[:, 0], [each[0, 1:], np.empty((0, 2))], 0.5)
    found = torch.sigmoid(joined_logits(logits, parts, mask, 0.5))
    assert torch.allclose(found, torch.from_numpy(expected), atol=1e-5)
    assert not torch.allclose(found[0], torch.sigmoid(logits[0, 0]), atol=1e-2)
    assert torch.equal(joined_logits(logits, None, mask, 0.5), logits[:, 0])


def test_unknown_sentences_have_no_gradient_and_weights_count() -> None:
    logits = torch.zeros(2, 2, 1, requires_grad=True)
    labels = torch.tensor([[[1.0], [NAN]], [[NAN], [NAN]]])
    loss = sentence_loss(logits, labels, torch.tensor([3.0, 1.0]))
    loss.backward()
    assert loss.item() == pytest.approx(3 * np.log(2) / 3 / 2)
    assert logits.grad is not None
    assert (logits.grad != 0).flatten().tolist() == [True, False, False, False]


def test_a_fit_learns_which_sentence_carries_a_label_and_the_worker_agrees(
    averaged_base: Path, tmp_path: Path, progress: Progress
) -> None:
    records = make_records(120)
    records += [
        Record(f"{CALM}{sign}. {CALM}", (name,), evidence=((name, f"{sign}."),))
        for name, sign in SIGNS.items()
        for _ in range(20)
    ]
    folder = run_fit(
        averaged_base,
        tmp_path / "model",
        progress,
        records=records,
        epochs=12,
        sentence_weight=1.0,
    )
    assert folder.sentence_share > 0
    reached = metrics_of(folder)["validation"]
    assert reached["micro_f1"] > reached["floor_micro_f1"] + 0.1
    worker = Classifier.load(folder, EXACT)
    text = f"{CALM}{SIGNS['Beta']}. {CALM}"
    (found,) = worker.classify([text])
    beta = folder.labels.index("Beta")
    assert found.scores[beta] == max(found.scores)


def test_sentences_are_learnt_with_an_averaging_base_only(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    with pytest.raises(BaseModelError, match="--sentence-weight"):
        run_fit(tiny_base, tmp_path / "model", progress, sentence_weight=1.0)
