"""`evaluate` scores what the worker's classifier answers, and draws it."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.image import imread
from sklearn.metrics import average_precision_score, f1_score

from tests.tiny_model import LABELS, write_tiny_model
from tests.training.conftest import NameRemover, write_jsonl
from training.cli import main
from training.entries.multi_hot import multi_hot
from training.entries.record import Record
from training.errors import DataError
from training.evaluation.evaluate import evaluate
from training.evaluation.plots import CONFUSION_FILE, HEAT_MAP_FILE, co_occurrence
from worker.classifier.classifier import Classification, Classifier
from worker.models.compute import EXACT
from worker.models.folder import ModelFolder

if TYPE_CHECKING:
    from pathlib import Path

    from training.progress import Progress


def records(count: int = 40) -> list[Record]:
    chance = np.random.default_rng(2)
    texts = ["we walked", "it rained a lot", "soup", "the tram was late, as ever", "no news at all"]
    return [
        Record(
            f"{texts[i % 5]} {i}",
            tuple(label for label in LABELS if chance.random() < 0.3),
        )
        for i in range(count)
    ]


def test_command_agrees_with_scikit_learn_and_draws(tiny_model: Path, tmp_path: Path) -> None:
    entries = records()
    data = write_jsonl(tmp_path / "entries.jsonl", entries)
    result: Any = CliRunner().invoke(
        main,
        ["evaluate", str(tiny_model), str(data), "--raw", "--precision", "fp32",
         "--out", str(tmp_path / "plots")],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)

    worker = Classifier.load(ModelFolder.open(tiny_model), EXACT)
    answers = worker.classify([record.text for record in entries])
    truth = multi_hot((record.labels for record in entries), LABELS)
    given = multi_hot((answer.labels for answer in answers), LABELS)
    scores = [answer.scores for answer in answers]
    assert report["micro_f1"] == pytest.approx(f1_score(truth, given, average="micro"), abs=1e-4)
    assert report["macro_f1"] == pytest.approx(f1_score(truth, given, average="macro"), abs=1e-4)
    expected = average_precision_score(truth, scores, average="macro")
    assert report["mean_average_precision"] == pytest.approx(expected, abs=1e-4)
    for label, column in zip(LABELS, range(3), strict=True):
        f1 = f1_score(truth[:, column], given[:, column])
        assert report["labels"][label]["f1"] == pytest.approx(f1, abs=1e-4)
    assert report["version"] == ModelFolder.open(tiny_model).version
    assert "Mind Reading" in result.stderr
    for name in (CONFUSION_FILE, HEAT_MAP_FILE):
        picture = imread(tmp_path / "plots" / name)
        assert min(picture.shape[:2]) > 400
        assert picture[..., :3].std() > 0.05


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_json_is_for_pipes_and_for_those_who_ask(tiny_model: Path, tmp_path: Path) -> None:
    data = write_jsonl(tmp_path / "entries.jsonl", records(8))
    arguments = ["evaluate", str(tiny_model), str(data), "--raw"]
    shown = {}
    for option in ("", "--json"):
        with redirect_stdout(Terminal()) as terminal:
            main([*arguments, *filter(None, [option])], standalone_mode=False)
        shown[option] = terminal.getvalue()
    assert shown[""] == ""
    assert json.loads(shown["--json"])["model"] == ModelFolder.open(tiny_model).name
    assert json.loads(CliRunner().invoke(main, arguments).stdout) == json.loads(shown["--json"])


class Echo:
    """Answers with the label whose name a text begins with, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def classify(self, texts: Any) -> list[Classification]:
        self.asked += texts
        return [
            Classification(
                scores=tuple(float(text.startswith(label)) for label in LABELS),
                labels=tuple(label for label in LABELS if text.startswith(label)),
            )
            for text in texts
        ]


def test_entries_are_anonymized_first_and_unknown_labels_left_out(progress: Progress) -> None:
    entries = [
        Record("Self-blame with Ngozi", ("Self-blame", "Blame of the Weather")),
        Record("nothing", ()),
    ]
    echo = Echo()
    found = evaluate(
        entries, LABELS, echo, anonymizer=NameRemover(), progress=progress  # type: ignore[arg-type]
    )  # fmt: skip
    assert echo.asked == ["Self-blame with <PERSON>", "nothing"]
    assert found.unknown_labels == ("Blame of the Weather",)
    assert found.scores.micro_f1 == 1.0


def test_a_masked_label_counts_neither_way(progress: Progress) -> None:
    entries = [
        Record("Self-blame", (), unknown=frozenset({"Self-blame"})),
        Record("Self-blame", ("Self-blame",)),
        Record("Mind Reading", ("Mind Reading",)),
        Record("Catastrophizing", ("Catastrophizing",)),
    ]
    found = evaluate(entries, LABELS, Echo(), anonymizer=None, progress=progress)
    assert found.scores.micro_f1 == 1.0
    assert sum(found.reliability.counts) == 11
    everything = 2 * 3 / (3 + 11)
    assert found.scores.floor_micro_f1 == pytest.approx(everything)


def test_results_are_told_by_style_and_for_negatives(tiny_model: Path, tmp_path: Path) -> None:
    texts = ["- Milk\n- Self-blame again", "so i walked and i walked and then it rained a lot",
             "it rained. soup again.", "We walked. It rained.", "Dear you, it rained."]  # fmt: skip
    rows = [{"text": text, "labels": ["Self-blame"]} for text in texts]
    rows[-1]["style"] = "letter"
    data = tmp_path / "e.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    plain = tmp_path / "plain.csv"
    plain.write_text("id,text\n" + "".join(f"{n},soup {n}\n" for n in range(40)))
    result: Any = CliRunner().invoke(
        main,
        [
            "evaluate",
            str(tiny_model),
            str(data),
            "--raw",
            "--negatives",
            str(plain),
            "--precision",
            "fp32",
        ],
    )
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert {style: row["entries"] for style, row in report["by_style"].items()} == dict.fromkeys(
        ("list", "no punctuation", "lower case", "ordinary", "letter"), 1
    )
    worker = Classifier.load(ModelFolder.open(tiny_model), EXACT)
    given = [bool(c.labels) for c in worker.classify([f"soup {n}" for n in range(40)])]
    assert report["negatives"]["entries"] == 40
    assert report["negatives"]["labelled_share"] == pytest.approx(np.mean(given), abs=1e-4)
    low, high = report["negatives"]["interval"]
    assert low <= np.mean(given) <= high
    assert "of 40 negatives" in result.stderr
    for figure in ("mean_average_precision", "any_label_macro_f1"):
        low, high = report["intervals"][figure]
        assert low <= high


def test_data_with_only_unknown_labels_is_refused(progress: Progress) -> None:
    with pytest.raises(DataError, match="knows none"):
        evaluate([Record("a", ("X",))], LABELS, Echo(), anonymizer=None, progress=progress)


def test_co_occurrence_counts_no_label_as_a_class_of_its_own() -> None:
    truth = np.array([[1, 0], [1, 0], [0, 0]], dtype=np.float32)
    given = np.array([[True, True], [False, False], [False, False]])
    shares, counts = co_occurrence(truth, given)
    assert counts.tolist() == [2, 0, 1]
    assert shares[0].tolist() == [0.5, 0.5, 0.5]
    assert np.isnan(shares[1]).all()
    assert shares[2].tolist() == [0, 0, 1]


def test_a_model_that_gives_no_label_can_be_plotted(tmp_path: Path) -> None:
    folder = tmp_path / "silent"
    write_tiny_model(folder, threshold=0.999999)
    data = write_jsonl(tmp_path / "entries.jsonl", records(6))
    plots = tmp_path / "plots"
    result: Any = CliRunner().invoke(
        main, ["evaluate", str(folder), str(data), "--raw", "--out", str(plots)]
    )
    assert result.exit_code == 0, result.output
    assert len(list(plots.glob("*.png"))) == 3
