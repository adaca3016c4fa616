"""`make models-check`: does the command in a shipped model's card still make that model?

The labels' models: the command is read from the card and its fit prepared as far as the first step.
Its fingerprint, over entries, base and settings, must be the one in the model's metrics. Then the
smaller one's command makes a model of a few entries, twice: the bytes must be equal, and a worker
must open it.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from training.cli.common import new_progress, one_line_errors, prepare_libraries
from training.cli.fit import fit as fit_command
from training.cli.fit_options import fit_options
from training.entries.sources import read_sources
from training.entries.window_size import window_for
from training.errors import BaseModelError, DataError
from training.finetuning.base_model import find_base
from worker.models.folder import LARGE_MODEL, SHIPPED_MODEL

if TYPE_CHECKING:
    from training.entries.record import Record
    from training.finetuning.base_model import Base
    from training.options import FitOptions
    from training.progress import Progress

#: The small model is made of every so-manieth entry, in one epoch.
_EVERY = 24
_COMMAND = re.compile(r"^```\n(journal-train .+?)\n```$", re.MULTILINE | re.DOTALL)


def card_command(card: str) -> list[str]:
    """The words of the command in a model card, without the program's name.

    Raises:
        ValueError: there is none.
    """
    found = _COMMAND.search(card)
    if found is None:
        raise ValueError("the card holds no command")
    return shlex.split(found[1].replace("\\\n", " "))[1:]


@dataclass(frozen=True, slots=True)
class CardFit:
    """The fit that a card's command stands for, with the entries of today."""

    records: list[Record]
    options: FitOptions
    base: Base

    @classmethod
    def of(cls, words: list[str]) -> CardFit:
        """From the words of a command, `fit` first."""
        context = fit_command.make_context("fit", words[1:])
        given = context.params
        data = given.pop("data")
        records = read_sources(data)
        given["window_tokens"] = given["window_tokens"] or window_for(records)
        options = fit_options(data, given.pop("out"), given, {})
        return cls(records, options, find_base(given["base"]))


def disagreements(folder: Path, made: CardFit, progress: Progress) -> list[str]:
    """What of a labels' model is not what its card's command would make; empty if nothing."""
    from training.fit import fingerprint_of  # brings torch

    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    wrong = []
    if shlex.join(["journal-train", *_words(folder)]) != metrics["command"]:
        wrong.append("the card's command is not the one in metrics.json")
    mark = fingerprint_of(
        made.records,
        base=made.base,
        anonymizer=_Recorded(),  # type: ignore[arg-type]
        options=made.options,
        progress=progress,
    )
    if mark != metrics.get("fingerprint"):
        wrong.append("entries, base or settings are not those it was made of: make it again")
    return wrong


def _words(folder: Path) -> list[str]:
    return card_command((folder / "README.md").read_text(encoding="utf-8"))


class _Recorded:
    """In place of the anonymizer: the redactions of every entry of this project are recorded."""

    def anonymize(self, texts: list[str]) -> Any:
        raise DataError(
            f"the redactions of {len(texts)} entries are not recorded: "
            "python -m training.entries.prepared.redactions"
        )


def two_small_ones(made: CardFit, progress: Progress) -> list[str]:
    """Make a small model twice in the same way; what is wrong if the bytes differ."""
    from training.fit import fit  # brings torch
    from worker.models.folder import ModelFolder

    few = replace(made.options, epochs=1, composed=made.options.composed // _EVERY, at_least=())
    digests = []
    with tempfile.TemporaryDirectory(prefix="journal-train-") as place:
        for name in ("first", "second"):
            target = Path(place) / name
            fit(
                made.records[::_EVERY],
                None,
                target,
                base=made.base,
                anonymizer=None,
                options=few,
                progress=progress,
            )
            digests.append(weights_digest(ModelFolder.open(target).path))
    return [] if digests[0] == digests[1] else ["the same seed made two different models"]


def weights_digest(folder: Path) -> str:
    """A SHA-256 over all weights of a model folder, in hexadecimal digits."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.safetensors")):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _wrong_with_large(progress: Progress) -> list[str]:
    """What is wrong with the larger model, whose base need not be installed."""
    try:
        made = CardFit.of(_words(LARGE_MODEL))
    except BaseModelError as exc:
        progress.note(f"{LARGE_MODEL.name}: not checked: {exc}")
        return []
    return [f"{LARGE_MODEL.name}: {line}" for line in disagreements(LARGE_MODEL, made, progress)]


def main() -> None:
    """Check the shipped models; exit code 1 if one is not what its card says."""
    prepare_libraries(offline=True)
    with one_line_errors(), new_progress() as progress:
        made = CardFit.of(_words(SHIPPED_MODEL))
        wrong = disagreements(SHIPPED_MODEL, made, progress) + two_small_ones(made, progress)
        wrong = [f"{SHIPPED_MODEL.name}: {line}" for line in wrong]
        wrong += _wrong_with_large(progress)
    for line in wrong:
        click.echo(line, err=True)
    click.echo("the shipped models are not what their cards say" if wrong else "models agree")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
