"""What the documents name exists: paths, links, make targets, modules, commands, settings."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

import producer.cli
import producer.gateway.cli
import training.cli
import worker.cli
from producer.gateway.settings import GatewaySettings
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
FOLDERS = ("producer", "worker", "training", "deploy", "tests")
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    *(f"{folder}/README.md" for folder in FOLDERS),
    "deploy/CAPACITY.md",
    "deploy/kubernetes/README.md",
    "producer/PROTOCOL.md",
    "producer/gateway/README.md",
    "producer/gateway/PAGE.md",
    "tests/bench/RESULTS.md",
)
MOST_COLUMNS = 110
COMMANDS = {
    "journal": producer.cli.main,
    "journal-gateway": producer.gateway.cli.main,
    "journal-worker": worker.cli.main,
    "journal-train": training.cli.main,
}


def read(document: str) -> str:
    path = ROOT / document
    assert path.exists(), f"{document} is missing"
    return path.read_text(encoding="utf-8")


def prose(document: str) -> str:
    """A document without its blocks of code."""
    return re.sub(r"^```.*?^```", "", read(document), flags=re.MULTILINE | re.DOTALL)


def blocks(document: str) -> str:
    """Its blocks of code."""
    found = re.findall(r"^```\w*\n(.*?)^```", read(document), flags=re.MULTILINE | re.DOTALL)
    return "\n".join(found)


def code(document: str) -> Iterator[str]:
    """What stands between backticks, white space made single."""
    for found in re.findall(r"`([^`]+)`", prose(document)):
        yield " ".join(found.split())


def exists(name: str, document: str) -> bool:
    """Whether a path is one of the repository, or of the folder that the document describes."""
    beside = (ROOT / document).parent
    if (ROOT / name).exists() or (beside / name).exists():
        return True
    # A bare file name stands for a file in one of the rooms of the folder.
    return "/" not in name and beside != ROOT and any(beside.rglob(name))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_exist(document: str) -> None:
    beside = (ROOT / document).parent
    missing = []
    for name in code(document):
        if not re.fullmatch(r"\.?[\w-]+(?:[./][\w.-]+)*/?", name):
            continue
        inside = "/" in name and (
            name.split("/")[0] in FOLDERS or (beside != ROOT and (beside / name).parent.is_dir())
        )
        bare = name.endswith((".py", ".lua")) and "/" not in name
        if (inside or bare) and not exists(name, document):
            missing.append(name)
    assert not missing, f"{document} names what does not exist: {missing}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = ((ROOT / document).parent / name).resolve() if name else ROOT / document
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(target)
    assert not broken, f"{document} links to nowhere: {broken}"


@cache
def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives to a document's headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_targets_and_modules_exist(document: str) -> None:
    lines = [*code(document), *blocks(document).splitlines()]
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    named = {found[1] for line in lines if (found := re.match(r"make ([a-z-]+)", line))}
    assert named <= targets
    for module in re.findall(r"\bpython -m ([a-z_.]+)", "\n".join(lines)):
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").exists() or place.is_dir(), module


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_exist(document: str) -> None:
    """`journal dead replay` and the like, in text and in blocks of code."""
    lines = "\n".join([*code(document), *blocks(document).splitlines()])
    pattern = r"^(journal(?:-gateway|-worker|-train)?) ([a-z-]+)(?: ([a-z]+))?"
    for program, name, below in re.findall(pattern, lines, re.MULTILINE):
        command = COMMANDS[program].commands.get(name)
        assert command is not None, f"{document}: {program} {name}"
        if below and isinstance(command, click.Group):
            assert below in command.commands, f"{document}: {program} {name} {below}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_settings_exist(document: str) -> None:
    known = "".join(
        path.read_text(encoding="utf-8")
        for pattern in ("docker-compose.yml", "tests/**/*.py")
        for path in ROOT.glob(pattern)
        if path != Path(__file__)
    )
    fields = {f"JOURNAL_{name.upper()}" for name in WorkerSettings.model_fields}
    fields |= {f"JOURNAL_GATEWAY_{name.upper()}" for name in GatewaySettings.model_fields}
    # Passwords are no settings: `make_acl.py` names them after the users it makes.
    pattern = r"\bJOURNAL_[A-Z][A-Z_]*[A-Z](?<!_PASSWORD)\b"
    for name in set(re.findall(pattern, read(document))):
        assert name in fields or name in known, f"{document}: {name}"


@pytest.mark.parametrize("document", [*DOCUMENTS, "CHANGELOG.md"])
def test_lines_are_wrapped(document: str) -> None:
    """Tables aside, which cannot be."""
    long = [
        number
        for number, line in enumerate(read(document).splitlines(), 1)
        if len(line) > MOST_COLUMNS and not line.startswith("|")
    ]
    assert not long, f"{document}: lines of more than {MOST_COLUMNS} columns: {long}"
