"""A fit ends with a verified folder that holds no text, or with nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.conftest import make_rows, write_csv
from tests.training.fitting import interrupt_while_writing, run_fit
from training.errors import OutputError
from training.output.atomic_folder import check_target
from training.progress import Progress
from worker.models.folder import ModelFolder

CANARY = "quicksilver walrus 4417"


def test_every_file_can_be_read_by_another_user(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    folder = run_fit(tiny_base, tmp_path / "model", progress, epochs=1)
    for path in (folder.path, *folder.path.iterdir()):
        assert path.stat().st_mode & 0o444 == 0o444, path


def test_an_older_model_is_replaced_and_any_other_folder_is_refused(
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


def test_a_fit_interrupted_while_writing_leaves_neither_model_nor_checkpoint(
    tiny_base: Path, tmp_path: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_while_writing(monkeypatch)
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


def test_a_fit_leaves_no_text_in_any_file_or_message(tiny_base: Path, tmp_path: Path) -> None:
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


def test_a_fit_interrupted_in_training_leaves_nothing(
    tiny_base: Path, journals: Path, tmp_path: Path
) -> None:
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
