"""What a user can get wrong is one line on stderr and exit code 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.training.conftest import make_rows, write_csv
from training.cli import main
from training.cli.fit_options import check_together, fit_options
from training.errors import DataError


def line_of_failure(*arguments: str | Path) -> str:
    result: Any = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("journal-train: ")
    return str(lines[0])


def test_missing_data_ends_with_one_line(tmp_path: Path) -> None:
    line = line_of_failure("fit", tmp_path / "none.csv", "--out", tmp_path / "model")
    assert "none.csv: No such file" in line


def test_a_missing_base_ends_with_one_line(journals: Path, tmp_path: Path) -> None:
    line = line_of_failure("fit", journals, "--out", tmp_path / "m", "--base", "./none")
    assert "./none" in line


def test_a_target_that_is_no_model_folder_is_refused_before_any_work(
    journals: Path, tmp_path: Path
) -> None:
    assert "no model folder" in line_of_failure("fit", journals, "--out", journals.parent)
    assert (tmp_path / "journals.csv").exists()


def test_a_missing_model_ends_with_one_line(
    tiny_model: Path, journals: Path, tmp_path: Path
) -> None:
    line = line_of_failure("evaluate", tmp_path / "none", journals)
    assert "model folder not found" in line


def test_a_malformed_row_is_named_by_its_line_and_without_its_text(tmp_path: Path) -> None:
    data = write_csv(tmp_path / "j.csv", make_rows(3))
    data.write_text(data.read_text() + "the heron again,__import__('os')\n")
    line = line_of_failure("fit", data, "--out", tmp_path / "model")
    assert "j.csv:5: column 'labels': code where names of labels are wanted" in line
    assert line.endswith("; --skip-invalid leaves out 1 of 4 rows")


def test_rows_that_break_several_rules_are_told_in_a_line_for_each_rule(tmp_path: Path) -> None:
    data = write_csv(tmp_path / "j.csv", make_rows(3))
    data.write_text(data.read_text() + ",Alpha\nheron,1\nheron,0\n")
    arguments = ["fit", str(data), "--out", str(tmp_path / "model")]
    result: Any = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "heron" not in result.output
    lines = result.stderr.splitlines()
    assert [line.partition(": ")[0] for line in lines] == 3 * ["journal-train"]
    assert ":5: column 'text' is empty" in lines[0]
    assert lines[1].endswith("; the same in line 7")
    assert lines[2].endswith("j.csv: --skip-invalid leaves out 3 of 6 rows")


def test_half_a_surrogate_pair_is_named_by_its_line(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"text": "x \\ud800", "labels": []}\n')
    assert "a.jsonl:1" in line_of_failure("fit", file, "--out", tmp_path / "model")


def test_a_model_is_not_written_in_place_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_csv(tmp_path / "j.csv", make_rows(9))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert "not the place itself" in line_of_failure("fit", data, "--out", ".")


@pytest.mark.parametrize("other", [["--resume"], ["--max-minutes", "3"]])
def test_several_runs_can_neither_be_resumed_nor_end_at_a_time(
    tmp_path: Path, other: list[str]
) -> None:
    arguments = ["fit", "--out", str(tmp_path / "model"), "--averaged", "2", *other]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "--averaged goes neither with --resume nor with --max-minutes" in result.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["j.csv", "--soft-labels", "0.5"], "is for entries of this project"),
        (["later=j.csv", "--soft-labels", "0.5"], "is for entries of this project"),
        (["later=2", "--soft-labels", "0.5", "--no-anonymize"], "anonymized entries only"),
        (["j.csv", "later", "--with-earlier"], "is for the entries of this project"),
    ],
)
def test_what_is_recorded_of_this_projects_entries_is_for_them_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], told: str
) -> None:
    write_csv(tmp_path / "j.csv", make_rows(9))
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["fit", "--out", "model", *options])
    assert result.exit_code == 2
    assert told in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("data", [(), ("later=0.5",), ("shipped", "later=2"), ("j.csv", "later")])
def test_entries_of_this_project_may_have_a_weight(data: tuple[str, ...]) -> None:
    given = {"base": None, "with_earlier": "j.csv" not in data, "soft_labels": 0.5}
    given |= {"averaged": 1, "no_anonymize": False}
    check_together(data, given)


def test_a_time_limit_too_short_to_train_is_refused(tmp_path: Path, tiny_base: Path) -> None:
    data = write_csv(tmp_path / "j.csv", make_rows(60))
    arguments = ["fit", str(data), "--out", str(tmp_path / "model"), "--base", str(tiny_base)]
    arguments += ["--max-minutes", "0.000001", "--no-anonymize"]
    result: Any = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    plan, error = result.stderr.splitlines()[-2:]
    assert plan.endswith("--max-minutes 1e-06 ends it earlier")
    assert error.startswith("journal-train: --max-minutes: ")
    assert not (tmp_path / "model").exists()


def test_validation_file_is_read_with_reframes_and_masks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import fit as fit_module

    given: list[Any] = []

    def stand_in(_: Any, validation: Any, *__: Any, **___: Any) -> Any:
        given.extend(validation)
        raise DataError("enough")

    monkeypatch.setattr(fit_module, "fit", stand_in)
    data = write_csv(tmp_path / "j.csv", make_rows(9))
    file = tmp_path / "v.jsonl"
    file.write_text('{"text": "x", "labels": ["Alpha"], "reframes": ["calm"]}')
    line_of_failure("fit", data, "--out", tmp_path / "m", "--validation", file, "--no-anonymize")
    assert [(r.text, sorted(r.unknown)) for r in given] == [("x", ["Beta", "Gamma"]), ("calm", [])]


def test_the_options_of_reading_are_told_to_both_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import fit as fit_module

    given: list[Any] = []

    def stand_in(*arguments: Any, **options: Any) -> Any:
        given.extend([*arguments[:2], options["options"].command])
        raise DataError("enough")

    monkeypatch.setattr(fit_module, "fit", stand_in)
    rows = "Body;Tags\na, b;Alpha\nc\xe9;alpha\nd;1\ne;No Distortion\n"
    for name in ("j.csv", "v.csv"):
        (tmp_path / name).write_bytes(rows.encode("cp1252"))
    options = ["--text-column", "body", "--label-column", "tags", "--encoding", "cp1252"]
    options += ["--skip-invalid", "--merge-labels", "--no-label", "no distortion"]
    files = [str(tmp_path / "j.csv"), "--validation", str(tmp_path / "v.csv")]
    arguments = ["fit", *files, "--out", str(tmp_path / "m"), "--no-anonymize", *options]
    result: Any = CliRunner().invoke(main, arguments)
    expected = [("a, b", ("Alpha",)), ("c\xe9", ("Alpha",)), ("e", ())]
    for records in given[:2]:
        assert [(record.text, record.labels) for record in records] == expected
    assert "j.csv:4: column 'tags': a number" in result.stderr
    assert "v.csv:4: column 'tags': a number" in result.stderr
    assert given[2].endswith(
        "--validation v.csv --no-anonymize --text-column body --label-column tags "
        "--encoding cp1252 --skip-invalid --merge-labels --no-label 'no distortion'"
    )


@pytest.mark.parametrize("command", ["anonymize", "fit", "evaluate"])
def test_every_command_explains_itself(command: str) -> None:
    result: Any = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_help_brings_no_heavy_library() -> None:
    code = (
        "import sys; from training.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'datasets', 'spacy', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    root = str(Path(__file__).parents[3])
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, stdout=subprocess.DEVNULL)


def test_model_card_repeats_the_command_without_paths() -> None:
    given = {
        "name": None,
        "epochs": 4,
        "batch_size": 16,
        "learning_rate": None,
        "seed": 7,
        "window_tokens": 128,
        "validation_share": 0.15,
        "max_minutes": None,
        "allow_download": False,
        "small": False,
        "min_precision": 0.0,
        "max_false_alarms": 1.0,
        "at_least": ["A=0.5"],
        "least_expected": 0.0,
        "threshold": None,
        "patience": None,
        "resume": False,
        "precision": "auto",
        "class_weights": False,
        "any_weight": 0.25,
        "sentence_weight": 0.0,
        "composed": 0,
        "soft_labels": 0.0,
        "averaged": 1,
        "with_earlier": False,
        "threads": None,
        "train_layers": None,
    }
    changed = {"base": "/home/me/my base", "seed": 7, "resume": True, "no_anonymize": True}
    options = fit_options(("/home/me/diary.csv",), Path("/srv/models/mine"), given, changed)
    assert options.name == "mine"
    assert options.command == (
        "journal-train fit diary.csv --out mine --base 'my base' --seed 7 --no-anonymize"
    )
