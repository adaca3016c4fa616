"""`make models-check`: does the command in a shipped model's card still make that model?

The labels' model: the command is read from the card and its fit prepared as far as the first step. Its
fingerprint, over entries, base and settings, must be the one in the model's metrics. Then the same
command makes a model of a few entries, twice: the bytes must be equal, and a worker must open it.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from training.cli.common import new_progress, one_line_errors, prepare_libraries

if TYPE_CHECKING:
    from training.entries.record import Record
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
    return shlex.split(found[1])[1:]


def check_labels(folder: Path, progress: Progress) -> list[str]:
    """What is wrong with the labels' model in a folder; empty if nothing is."""
    from training.entries.sources import read_shipped
    from training.entries.window_size import window_for
    from training.finetuning.base_model import find_base
    from training.fit import fingerprint_of

    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    words = card_command((folder / "README.md").read_text(encoding="utf-8"))
    wrong = []
    if shlex.join(["journal-train", *words]) != metrics["command"]:
        wrong.append("the card's command is not the one in metrics.json")
    records = read_shipped()
    options = _options(words, window_for(records))
    base = find_base(None)
    mark = fingerprint_of(
        records, base=base, anonymizer=_Recorded(), options=options, progress=progress
    )
    if mark != metrics.get("fingerprint"):
        wrong.append(
            "entries, base or settings are no longer those the model was made of: make it again"
        )
    return wrong + _small_one(records, options, progress)


def _options(words: list[str], window: int) -> FitOptions:
    """The options that a card's command stands for."""
    from training.cli.fit import fit, fit_options

    context = fit.make_context("fit", words[1:])
    given = {**context.params, "window_tokens": context.params["window_tokens"] or window}
    return fit_options(given.pop("data"), given.pop("out"), given, {})


class _Recorded:
    """In place of the anonymizer: every shipped entry's redactions are recorded."""

    def anonymize(self, texts: list[str]) -> Any:
        raise SystemExit(
            f"{len(texts)} shipped entries are not recorded: python -m training.entries.redactions"
        )


def _small_one(records: list[Record], options: FitOptions, progress: Progress) -> list[str]:
    """Make a small model twice with the same options; the result must be the same."""
    from training.finetuning.base_model import find_base
    from training.fit import fit
    from worker.models.folder import ModelFolder

    few = replace(options, epochs=1, composed=options.composed // _EVERY, at_least=())
    digests = []
    with tempfile.TemporaryDirectory(prefix="journal-train-") as place:
        for name in ("first", "second"):
            target = Path(place) / name
            fit(
                records[::_EVERY],
                None,
                target,
                base=find_base(None),
                anonymizer=None,
                options=few,
                progress=progress,
            )
            (weights,) = ModelFolder.open(target).path.glob("*.safetensors")
            digests.append(hashlib.sha256(weights.read_bytes()).hexdigest())
    return [] if digests[0] == digests[1] else ["the same seed made two different models"]


def main() -> None:
    """Check the shipped models; exit code 1 if one is not what its card says."""
    prepare_libraries(offline=True)
    with one_line_errors(), new_progress() as progress:
        from worker.models.folder import SHIPPED_MODEL

        wrong = [f"distortions: {line}" for line in check_labels(SHIPPED_MODEL, progress)]
    for line in wrong:
        click.echo(line, err=True)
    click.echo("the shipped models are not what their cards say" if wrong else "models agree")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
