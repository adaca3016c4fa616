"""What a fit learns from, when it ends, and that its figures are the worker's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.training.conftest import SIGNS, NameRemover, make_rows
from tests.training.fitting import make_records, metrics_of, run_fit, texts_to_the_model
from training.entries.leakage_groups import leakage_groups
from training.entries.multi_hot import multi_hot
from training.entries.record import Record
from training.entries.sources import read_sources
from training.entries.split import stratified_split
from training.finetuning import learning
from training.progress import Progress
from training.scoring import calibration
from training.scoring.scores import score
from worker.classifier.classifier import Classifier
from worker.models.compute import EXACT
from worker.models.folder import MODEL_FILES

if TYPE_CHECKING:
    from training.finetuning.callbacks import BestEpoch


@pytest.mark.parametrize("base", ["tiny_base", "averaged_base", "distil_base", "deep_base"])
def test_a_fit_beats_its_floor_and_the_worker_gets_the_same_figures(
    base: str, tmp_path: Path, progress: Progress, request: pytest.FixtureRequest
) -> None:
    records = make_records(240)
    records.append(Record("it rained. " * 40 + SIGNS["Alpha"], ("Alpha",)))
    folder = run_fit(
        request.getfixturevalue(base),
        tmp_path / "model",
        progress,
        records=records,
        epochs=1 if base == "deep_base" else 25,
    )
    assert {file.name for file in folder.path.iterdir()} == {
        *MODEL_FILES,
        "manifest.json",
        "reliability.png",
    }
    assert folder.labels == tuple(SIGNS)
    assert folder.window_tokens == 64
    metrics = metrics_of(folder)
    if base != "deep_base":  # twelve random layers learn nothing in seconds
        assert metrics["validation"]["micro_f1"] > metrics["validation"]["floor_micro_f1"] + 0.1

    truth = multi_hot((record.labels for record in records), folder.labels)
    _, held_out = stratified_split(truth, leakage_groups(records), validation_share=0.25, seed=3)
    worker = Classifier.load(folder, EXACT)
    answers = worker.classify([records[row].text for row in held_out])
    scores = score(
        truth[held_out],
        np.array([answer.scores for answer in answers], dtype=np.float32),
        multi_hot((answer.labels for answer in answers), folder.labels) > 0,
        folder.labels,
    )
    for figure, value in scores.to_json().items():
        if figure != "labels":  # batches differ, and with them the last bits
            assert metrics["validation"][figure] == pytest.approx(value, abs=0.02), figure


def test_the_epoch_with_the_highest_average_precision_is_kept(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=4)
    metrics = metrics_of(folder)
    reached = [epoch["mean_average_precision"] for epoch in metrics["epochs"]]
    assert len(reached) == 4
    assert metrics["best_epoch"] == 1 + reached.index(max(reached))
    assert metrics["validation"]["mean_average_precision"] == max(reached)


def test_training_ends_after_as_many_epochs_without_improvement_as_patience_allows(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=60, patience=2)
    metrics = metrics_of(folder)
    assert metrics["epochs_run"] == metrics["best_epoch"] + 2 < 60


def test_the_same_seed_gives_the_same_weights(
    averaged_base: Path, tmp_path: Path, progress: Progress
) -> None:
    folders = [run_fit(averaged_base, tmp_path / name, progress, epochs=1) for name in "ab"]
    weights = [(folder.path / "model.safetensors").read_bytes() for folder in folders]
    assert weights[0] == weights[1]


def test_texts_are_anonymized_before_the_model_sees_them(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = texts_to_the_model(monkeypatch)
    records = [Record(f"Ngozi and I: {t}", tuple(ls)) for t, ls in make_rows(40)]
    run_fit(
        tiny_base, tmp_path / "model", progress, records=records, epochs=1, anonymizer=NameRemover()
    )
    texts = [text for call in seen for text in call]
    assert len(texts) == 40
    assert all(text.startswith("<PERSON> and I") for text in texts)


def test_a_given_validation_file_takes_the_place_of_entries_set_aside(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    held_out = make_records(31, seed=9)
    folder = run_fit(tiny_base, tmp_path / "model", progress, validation=held_out, epochs=1)
    data = metrics_of(folder)["data"]
    assert (data["train_entries"], data["validation_entries"]) == (80, 31)


def test_no_held_out_text_has_a_reframe_or_a_copy_in_the_training_part(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {
            "text": f"entry {n}: {SIGNS['Alpha']}",
            "labels": ["Alpha"],
            "reframes": [f"entry {n}, calm", f"entry {n}, calmer"],
        }
        for n in range(30)
    ]
    rows += [
        {"text": f"plain {n // 2}".title() if n % 2 else f"plain  {n // 2}", "labels": []}
        for n in range(20)
    ]
    file = tmp_path / "thoughts.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    seen = texts_to_the_model(monkeypatch)
    run_fit(tiny_base, tmp_path / "model", progress, records=read_sources((str(file),)), epochs=1)
    learnt, held_out = (
        {" ".join(text.lower().split()[:2]).strip(":,") for text in texts} for texts in seen
    )
    assert held_out
    assert not learnt & held_out


def test_the_temperature_is_tuned_on_labels_and_not_on_votes(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[np.ndarray] = []
    best = calibration.best_temperature

    def spy(truth: np.ndarray, probabilities: np.ndarray) -> float:
        asked.append(truth)
        return best(truth, probabilities)

    monkeypatch.setattr(calibration, "best_temperature", spy)
    held_out = [
        Record("aaaa", ("Alpha",), shares={"Alpha": 0.6, "Beta": 0.2}),
        Record("soup", (), unknown=frozenset({"Gamma"})),
    ]
    run_fit(tiny_base, tmp_path / "model", progress, validation=held_out, epochs=1)
    assert np.array_equal(asked[0], [[1, 0, 0], [0, 0, np.nan]], equal_nan=True)


def test_a_time_limit_ends_training_with_a_model(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=5_000, max_minutes=0.05)
    metrics = metrics_of(folder)
    assert 0 < metrics["epochs_run"] < 5_000
    reached = [epoch["epoch"] for epoch in metrics["epochs"]]
    assert len(reached) == len(set(reached)), "the last state is evaluated once"


def test_the_weights_of_several_runs_from_one_start_are_averaged(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[BestEpoch] = []
    finetune = learning.finetune

    def noted(*args: Any, **kwargs: Any) -> BestEpoch:
        runs.append(finetune(*args, **kwargs))
        return runs[-1]

    monkeypatch.setattr(learning, "finetune", noted)
    folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=1, averaged=2)
    name = "bert.encoder.layer.0.output.dense.weight"
    one, two = (run.state[name] for run in runs)
    assert not torch.equal(one, two)
    weights = load_file(folder.path / "model.safetensors")[name]
    torch.testing.assert_close(weights, (one + two) / 2)
    assert [epoch["run"] for epoch in metrics_of(folder)["epochs"]] == [1, 2]
    assert "2 runs of 1 epochs" in (folder.path / "README.md").read_text()
