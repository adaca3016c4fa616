"""From the command line of `journal-train fit` to its options."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.entries.sources import OWN, SHIPPED, source_name
from training.errors import DataError
from training.options import FitOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHIPPED = "The synthetic entries that come with journal-stream; no real person's writing"


def check_together(data: Sequence[str], given: Mapping[str, Any]) -> None:
    """Tell of options that do not go together.

    Raises:
        DataError: several runs are to be resumed, or to end at a time; the earlier model is of
            other entries or of another base; or nothing is recorded of what the large model says.
    """
    names = {source_name(source) for source in data or (SHIPPED,)}
    if given["with_earlier"] and (given["base"] or not names <= OWN.keys()):
        raise DataError("--with-earlier is for the entries of this project and the built-in base")
    if given["soft_labels"] and not names & OWN.keys():
        raise DataError("--soft-labels is for entries of this project: `shipped` and `later`")
    if given["soft_labels"] and given["no_anonymize"]:
        raise DataError("--soft-labels goes with anonymized entries only, not with --no-anonymize")
    if given["averaged"] > 1 and (given["resume"] or given["max_minutes"] is not None):
        raise DataError("--averaged goes neither with --resume nor with --max-minutes")


def fit_options(
    data: Sequence[str], out: Path, given: Mapping[str, Any], changed: Mapping[str, Any]
) -> FitOptions:
    """Options from the command line.

    Args:
        data: what stands for the files of entries; nothing for the shipped ones.
        out: the folder to write.
        given: every option by its Python name.
        changed: those that the user set; the model card repeats them.
    """
    return FitOptions(
        name=given["name"] or out.name,
        data=_described(data),
        command=_command(data, out, changed),
        epochs=given["epochs"],
        batch_size=given["batch_size"],
        learning_rate=given["learning_rate"],
        seed=given["seed"],
        window_tokens=given["window_tokens"],
        validation_share=given["validation_share"],
        max_minutes=given["max_minutes"],
        small=given["small"],
        min_precision=given["min_precision"],
        max_false_alarms=given["max_false_alarms"],
        at_least=tuple(_lowest_threshold(text) for text in given["at_least"]),
        least_expected=given["least_expected"],
        threshold=given["threshold"],
        allow_download=given["allow_download"],
        patience=given["patience"],
        resume=given["resume"],
        precision=given["precision"],
        class_weights=given["class_weights"],
        any_weight=given["any_weight"],
        sentence_weight=given["sentence_weight"],
        composed=given["composed"],
        soft_labels=given["soft_labels"],
        averaged=given["averaged"],
        with_earlier=given["with_earlier"],
        threads=given["threads"],
        train_layers=given["train_layers"],
        shipped_only=not _files(data),
    )


def _command(data: Sequence[str], out: Path, changed: Mapping[str, Any]) -> str:
    """The command line that makes the model again, with files by name: paths stay private."""
    words = ["journal-train", "fit", *(Path(source).name for source in data), "--out", out.name]
    for name, value in changed.items():
        if name == "resume":  # the model is the same without
            continue
        flag = "--" + name.replace("_", "-")
        if value is True:
            words.append(flag)
        elif isinstance(value, tuple):
            for item in value:
                words += [flag, str(item)]
        else:
            shown = Path(value).name if name in ("base", "validation") else value
            words += [flag, str(shown)]
    return shlex.join(words)


def _lowest_threshold(text: str) -> tuple[str, float]:
    """What `--at-least` says: a label and the lowest threshold it may get."""
    label, _, value = text.rpartition("=")
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not label or not 0 < number < 1:
        raise DataError(f"--at-least {text}: expected LABEL=PROBABILITY")
    return label, number


def _files(data: Sequence[str]) -> list[str]:
    """The names of the user's own files, without their folders."""
    return [Path(source).name for source in data if source_name(source) not in OWN]


def _described(data: Sequence[str]) -> str:
    """What the entries are, for the model card."""
    names = _files(data)
    parts = [f"Entries of {', '.join(f'`{name}`' for name in names)}"] if names else []
    if len(names) < len(data) or not data:
        parts.append(_SHIPPED)
    return ". ".join(parts)
