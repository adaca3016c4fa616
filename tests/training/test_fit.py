"""A fit ends with a verified folder that holds no text, or with nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.conftest import SIGNS, NameRemover, make_rows, write_csv
from tests.training.fitting import run_fit
from training import fit as fit_module
from training.entries.leakage_groups import groups
from training.entries.multi_hot import multi_hot
from training.entries.reading import Record, read_records
from training.entries.sources import read_sources
from training.entries.split import stratified_split
from training.errors import BaseModelError, DataError, OutputError
from training.output import model_writer as saved_model
from training.output.atomic_folder import check_target
from training.progress import Progress
from training.scoring.scores import score
from worker.classifier.classifier import Classifier
from worker.models.compute import EXACT
from worker.models.folder import MODEL_FILES, ModelFolder

CANARY = "quicksilver walrus 4417"


@pytest.mark.parametrize("base", ["tiny_base", "averaged_base", "distil_base", "deep_base"])
def test_fit_learns_and_its_figures_are_the_workers(
    base: str, tmp_path: Path, progress: Progress, request: pytest.FixtureRequest
) -> None:
    records = [Record(text, tuple(labels)) for text, labels in make_rows(240)]
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
    metrics = json.loads((folder.path / "metrics.json").read_text())
    if base != "deep_base":  # twelve random layers learn nothing in seconds
        assert metrics["validation"]["micro_f1"] > metrics["validation"]["floor_micro_f1"] + 0.1

    truth = multi_hot((record.labels for record in records), folder.labels)
    _, held_out = stratified_split(truth, groups(records), validation_share=0.25, seed=3)
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


def test_best_epoch_is_kept(tiny_base: Path, tmp_path: Path, progress: Progress) -> None:
    folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=4)
    metrics = json.loads((folder.path / "metrics.json").read_text())
    reached = [epoch["mean_average_precision"] for epoch in metrics["epochs"]]
    assert len(reached) == 4
    assert metrics["best_epoch"] == 1 + reached.index(max(reached))
    assert metrics["validation"]["mean_average_precision"] == max(reached)


def test_training_ends_when_epochs_are_no_better(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=60, patience=2)
    metrics = json.loads((folder.path / "metrics.json").read_text())
    assert metrics["epochs_run"] == metrics["best_epoch"] + 2 < 60


def test_same_seed_gives_the_same_weights(
    averaged_base: Path, tmp_path: Path, progress: Progress
) -> None:
    folders = [run_fit(averaged_base, tmp_path / name, progress, epochs=1) for name in "ab"]
    weights = [(folder.path / "model.safetensors").read_bytes() for folder in folders]
    assert weights[0] == weights[1]


def test_texts_are_anonymized_before_the_model_sees_them(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    tokenize = fit_module.tokenize

    def spy(texts: list[str], *args: Any, **kwargs: Any) -> Any:
        seen.extend(texts)
        return tokenize(texts, *args, **kwargs)

    monkeypatch.setattr(fit_module, "tokenize", spy)
    records = [Record(f"Ngozi and I: {t}", tuple(ls)) for t, ls in make_rows(40)]
    run_fit(
        tiny_base, tmp_path / "model", progress, records=records, epochs=1, anonymizer=NameRemover()
    )
    assert len(seen) == 40
    assert all(text.startswith("<PERSON> and I") for text in seen)


def test_given_validation_entries_are_used(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    held_out = [Record(text, tuple(labels)) for text, labels in make_rows(31, seed=9)]
    folder = run_fit(tiny_base, tmp_path / "model", progress, validation=held_out, epochs=1)
    data = json.loads((folder.path / "metrics.json").read_text())["data"]
    assert (data["train_entries"], data["validation_entries"]) == (80, 31)


def test_no_text_is_held_out_whose_twin_is_learnt_from(
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
    parts: list[set[str]] = []
    tokenize = fit_module.tokenize

    def spy(texts: list[str], *args: Any, **kwargs: Any) -> Any:
        parts.append({" ".join(text.lower().split()[:2]).strip(":,") for text in texts})
        return tokenize(texts, *args, **kwargs)

    monkeypatch.setattr(fit_module, "tokenize", spy)
    run_fit(tiny_base, tmp_path / "model", progress, records=read_sources((str(file),)), epochs=1)
    learnt, held_out = parts
    assert held_out
    assert not learnt & held_out


def test_labels_are_needed(tiny_base: Path, tmp_path: Path, progress: Progress) -> None:
    with pytest.raises(DataError, match="no entry has a label"):
        run_fit(tiny_base, tmp_path / "model", progress, records=[Record("a", ())])


@pytest.fixture
def no_base_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def loaded(*_: Any, **__: Any) -> None:
        raise AssertionError("work has begun")

    monkeypatch.setattr(fit_module, "load_base", loaded)


@pytest.mark.usefixtures("no_base_is_loaded")
@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"small": True}, (BaseModelError, "--small .* leave out --base")),
        ({"least_expected": 3.0}, (DataError, "--least-expected")),
        ({"at_least": (("Alpah", 0.5),)}, (DataError, "--at-least: no entry .* Alpah")),
        ({"validation": [Record("x", ("Omega",))]}, (DataError, "validation file only: Omega")),
    ],
)
def test_what_cannot_go_well_is_told_before_any_work(
    tiny_base: Path,
    tmp_path: Path,
    progress: Progress,
    changes: dict[str, Any],
    refusal: tuple[type[Exception], str],
) -> None:
    with pytest.raises(refusal[0], match=refusal[1]):
        run_fit(tiny_base, tmp_path / "model", progress, **changes)


def test_temperature_follows_labels_where_votes_say_less(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[np.ndarray] = []
    best = fit_module.best_temperature

    def spy(truth: np.ndarray, probabilities: np.ndarray) -> float:
        asked.append(truth)
        return best(truth, probabilities)

    monkeypatch.setattr(fit_module, "best_temperature", spy)
    held_out = [
        Record("aaaa", ("Alpha",), shares={"Alpha": 0.6, "Beta": 0.2}),
        Record("soup", (), unknown=frozenset({"Gamma"})),
    ]
    run_fit(tiny_base, tmp_path / "model", progress, validation=held_out, epochs=1)
    assert np.array_equal(asked[0], [[1, 0, 0], [0, 0, np.nan]], equal_nan=True)


def test_every_file_can_be_read_by_another_user(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=1)
    for path in (folder.path, *folder.path.iterdir()):
        assert path.stat().st_mode & 0o444 == 0o444, path


def test_time_limit_ends_training_with_a_model(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=5_000, max_minutes=0.05)
    metrics = json.loads((folder.path / "metrics.json").read_text())
    assert 0 < metrics["epochs_run"] < 5_000
    reached = [epoch["epoch"] for epoch in metrics["epochs"]]
    assert len(reached) == len(set(reached)), "the last state is evaluated once"


def test_older_model_is_replaced_and_anything_else_left_alone(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    target = tmp_path / "model"
    first = run_fit(tiny_base, target, progress, epochs=1)
    second = run_fit(tiny_base, target, progress, epochs=2)
    assert first.version != second.version
    assert ModelFolder.open(target).version == second.version
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "runs.jsonl"]
    (tmp_path / "diary").mkdir()
    (tmp_path / "diary" / "page").touch()
    with pytest.raises(OutputError, match="no model folder"):
        check_target(tmp_path / "diary")


def test_failing_verification_leaves_nothing(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(saved_model, "seal_folder", broken)
    with pytest.raises(KeyboardInterrupt):
        run_fit(tiny_base, tmp_path / "model", progress, epochs=1)
    assert list(tmp_path.iterdir()) == []


def start_fit(home: Path, data: Path, base: Path, *more: str) -> subprocess.Popen[str]:
    """The real command in a fresh process that has all its folders below `home`."""
    for folder in ("tmp", "cache"):
        (home / folder).mkdir(parents=True)
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS_"))},
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "OMP_NUM_THREADS": "1",
    }
    command = [
        sys.executable,
        "-c",
        "from training.cli import main; main()",
        "fit",
        str(data),
        "--out",
        str(home / "models" / "tiny"),
        "--base",
        str(base),
        "--window-tokens",
        "64",
        *more,
    ]
    return subprocess.Popen(
        command,
        env=environment,
        cwd=home,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_no_text_is_left_anywhere(tiny_base: Path, tmp_path: Path) -> None:
    rows = [(f"{CANARY} {text}", labels) for text, labels in make_rows(60)]
    data, home = write_csv(tmp_path / "journals.csv", rows), tmp_path / "home"
    process = start_fit(home, data, tiny_base, "--epochs", "2", "--batch-size", "8")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert ModelFolder.open(home / "models" / "tiny").name == "tiny"
    left = [path for path in home.rglob("*") if path.is_file()]
    assert {path.parent for path in left if path.suffix == ".safetensors"} == {
        home / "models" / "tiny"
    }
    for path in left:
        content = path.read_bytes()
        assert b"quicksilver" not in content, path
        assert b"walrus" not in content, path
    assert list((home / "tmp").iterdir()) == []
    assert "walrus" not in out + err
    assert "Traceback" not in err
    assert "Warning" not in err
    assert "epoch 2: validation micro F1" in err


def test_interrupted_fit_leaves_nothing(tiny_base: Path, journals: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = start_fit(home, journals, tiny_base, "--epochs", "100000", "--no-anonymize")
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch 1:"):
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip().splitlines()[-1] == "journal-train: interrupted, nothing was written"
    assert "Traceback" not in err
    assert list((home / "models").iterdir()) == []
    assert list((home / "tmp").iterdir()) == []


def test_records_round_trip(journals: Path) -> None:
    assert [(r.text, list(r.labels)) for r in read_records(journals)] == make_rows(80)
