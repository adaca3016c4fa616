"""Are the shipped models what the commands in their cards make? `make models-check`.

Makes a small one of each, twice, with the command of its card: the same seed must give the same
bytes, and the card of the small one must tell the same command and the same story. Whether a whole
one would have the same weights takes as long as making it; the card tells how long.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from training.pii.fit import data_digest, settings_of
from worker.models.adapter import FILE as ADAPTER
from worker.models.folder import SHIPPED_TAGGER

CARD = "README.md"
_COMMAND = re.compile(r"^```\n(journal-train .*?)\n```$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class Shipped:
    """A shipped model, and how a small one of its kind is made.

    Attributes:
        folder: where the shipped one is.
        smaller: options of the card's command that make it short, with their values.
        repeated: files that the same command must write again byte for byte.
        check_data: says what is wrong with the data that the shipped one was made from.
    """

    name: str
    folder: Path
    smaller: dict[str, str]
    repeated: tuple[str, ...] = (ADAPTER,)
    check_data: Callable[[], list[str]] = field(default=list)


def _tagger_data() -> list[str]:
    made_from = settings_of(SHIPPED_TAGGER)["trained"].get("data")
    return [] if made_from == data_digest() else ["its data changed since it was made"]


MODELS = (
    Shipped(
        "tagger",
        SHIPPED_TAGGER,
        {"--examples": "600", "--averaged": "2"},
        check_data=_tagger_data,
    ),
)


def command_of(folder: Path) -> list[str]:
    """The words of the command in a model's card; none if it holds none."""
    found = _COMMAND.findall((folder / CARD).read_text(encoding="utf-8"))
    return shlex.split(found[-1].replace("\\\n", " ")) if found else []


def with_options(command: list[str], options: dict[str, str]) -> list[str]:
    """The command with other values of some of its options."""
    changed = list(command)
    for option, value in options.items():
        if option in changed:
            changed[changed.index(option) + 1] = value
    return changed


def story_of(folder: Path) -> list[str]:
    """The prose of a model's card, without its figures, tables and command."""
    text = _COMMAND.sub("", (folder / CARD).read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if not line.startswith("|")]
    return _NUMBER.sub("#", " ".join(lines)).split()


def check(shipped: Shipped) -> list[str]:
    """What does not agree; nothing if all is well."""
    command = command_of(shipped.folder)
    if not command:
        return ["its card holds no command"]
    wrong = shipped.check_data()
    with tempfile.TemporaryDirectory(prefix="journal-models-") as temporary:
        folders = [Path(temporary) / str(turn) / shipped.name for turn in (1, 2)]
        for folder in folders:
            folder.parent.mkdir()
            made = with_options(command, shipped.smaller | {"--out": str(folder)})
            subprocess.run([sys.executable, "-m", "training.cli", *made[1:]], check=True)
        first, second = folders
        wrong += [
            f"the same command wrote another {name}"
            for name in shipped.repeated
            if (first / name).read_bytes() != (second / name).read_bytes()
        ]
        sizes = {o: command[command.index(o) + 1] for o in (*shipped.smaller, "--out")}
        if with_options(command_of(first), sizes) != command:
            wrong.append("its card's command is not the one that the card of a new one tells")
        if story_of(first) != story_of(shipped.folder):
            wrong.append("its card tells another story than the card of a new one")
    return wrong


def main() -> int:
    """Check all models, and say of each what is wrong."""
    status = 0
    for shipped in MODELS:
        wrong = check(shipped)
        print(f"{shipped.name}: {'; '.join(wrong) or 'command and card agree'}")  # noqa: T201
        status |= bool(wrong)
    return status


if __name__ == "__main__":
    sys.exit(main())
