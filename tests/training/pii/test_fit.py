"""`journal-train pii` and `evaluate-pii`, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from training.cli import main
from training.cli.pii import names_of
from training.errors import DataError
from training.pii.annotated import read_for_training
from training.pii.generation.templates import HELD_OUT_EVERY, Templates
from training.pii.learning import _repeats, average
from training.pii.options import TaggerOptions
from worker.anonymizer.taggers.bert import BertTagger
from worker.models.compute import EXACT

OWN = (
    ("Grandpa Oswin came to Velmora.", (("Oswin", "PER"), ("Velmora", "GPE"))),
    ("mail oswin@velmora.example", (("oswin@velmora.example", "EMAIL_ADDRESS"),)),
    ("we live at 4 Fen Row since 3 May", (("4 Fen Row", "STREET_ADDRESS"), ("3 May", "DATE"))),
    ("nothing at all today", ()),
)


def write_annotated(file: Path, rows: Any = OWN) -> Path:
    lines = []
    for text, marks in rows:
        spans = [
            {"start": text.index(w), "end": text.index(w) + len(w), "type": kind}
            for w, kind in marks
        ]
        lines.append(json.dumps({"text": text, "spans": spans}))
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(lines))
    return file


def run(*arguments: object) -> Any:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pii")
    own = write_annotated(folder / "diary.jsonl")
    out = folder / "mine"
    # This runs before what gives each test one thread. Threads that have no core wait for one another.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    result = run(
        "pii",
        own,
        "--out",
        out,
        "--examples",
        100,
        "--averaged",
        2,
        "--layers",
        1,
        "--second-layers",
        1,
        "--name",
        "mine",
    )
    torch.set_num_threads(threads)
    assert result.exit_code == 0, result.output
    return out


def test_a_tagger_trained_with_own_texts_can_be_used(trained: Path) -> None:
    tagger = BertTagger.load(trained, EXACT)
    assert len(tagger.tag(["Oswin came.", ""])) == 2


def test_the_taggers_tokenizer_truncates_nothing(trained: Path) -> None:
    settings = json.loads((trained / "tokenizer.json").read_text())
    assert (settings["truncation"], settings["padding"]) == (None, None)


def test_the_taggers_card_names_its_files_and_says_what_the_score_is_of(trained: Path) -> None:
    text = (trained / "README.md").read_text()
    assert "journal-train pii diary.jsonl --out mine --examples 100 --averaged 2 --layers 1" in text
    assert "--layers 1 --second-layers 1 " in text
    assert "go through 1 more layers" in text
    assert "4 annotated texts" in text
    assert "held out" in text
    assert str(trained.parent) not in text
    assert json.loads((trained / "tagger.json").read_text())["trained"]["averaged"] == 2


def test_held_out_templates_are_never_learnt_from() -> None:
    templates = Templates.shipped()
    learnt, held_out = templates.split()
    for pool in ("people", "other", "traps", "plain"):
        everything, ours, theirs = (set(getattr(t, pool)) for t in (templates, learnt, held_out))
        assert ours | theirs == everything
        assert not ours & theirs
        assert len(theirs) == pytest.approx(len(everything) / HELD_OUT_EVERY, rel=0.5)


def test_runs_are_averaged_tensor_by_tensor() -> None:
    states = [{"w": torch.full((2,), float(i)), "ids": torch.tensor([7])} for i in (1, 2, 6)]
    found = average(states)
    assert found["w"].tolist() == [3.0, 3.0]
    assert found["ids"].tolist() == [7]


def test_types_by_other_names_are_understood(tmp_path: Path) -> None:
    found = read_for_training(write_annotated(tmp_path / "a.jsonl"))
    assert [[span.type for span in example.spans] for example in found] == [
        ["PERSON", "LOCATION"],
        ["CONTACT"],
        ["LOCATION", "DATE_TIME"],
        [],
    ]


def test_an_unknown_type_is_named_by_its_line_before_anything_is_generated(tmp_path: Path) -> None:
    file = write_annotated(tmp_path / "a.jsonl", (OWN[3], ("my cat Bo", (("Bo", "PET"),))))
    with pytest.raises(DataError, match=r"a\.jsonl:2: unknown type"):
        read_for_training(file)
    result = run("pii", file, "--out", tmp_path / "mine", "--examples", 100)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(("texts", "times"), [(0, 1), (5, 10), (100, 2), (1000, 1)])
def test_few_own_texts_are_repeated_to_their_share(texts: int, times: int) -> None:
    assert _repeats(texts, TaggerOptions(examples=800, own_share=0.2)) == times


def test_files_of_one_name_are_told_apart() -> None:
    files = [Path("a/dev.jsonl"), Path("b/dev.jsonl"), Path("c/test.jsonl")]
    assert names_of(files) == ["a/dev", "b/dev", "test"]


def test_evaluation_scores_every_file_and_draws_the_thresholds(tmp_path: Path) -> None:
    first = write_annotated(tmp_path / "a" / "dev.jsonl")
    second = write_annotated(tmp_path / "b" / "dev.jsonl", OWN[:2])
    result = run("evaluate-pii", first, second, "--out", tmp_path / "plots", "--skip", "DATE")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert {name: item["texts"] for name, item in report.items()} == {"a/dev": 4, "b/dev": 2}
    assert "DATE" not in report["a/dev"]["types"]
    picture = tmp_path / "plots" / "leak-against-over-redaction.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
