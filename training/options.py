"""What a fit is told."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.entries.sources import SHIPPED
from training.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training.entries.reading import Record

_SHIPPED = "The synthetic entries that come with journal-stream; no real person's writing"


#: How much it counts whether an entry has any label, beside the mean over its labels. With votes of
#: several readers 0.25 finds labels as well as 0 does and gives fewer to reframes; with the labels
#: of one reader, 0.25 to 1 tells distorted posts from others better (area under the curve 0.79 to
#: 0.80). The synthetic entries, of whose labels there is no doubt, do without it (0.72 to 0.71).
ANY_WEIGHT = 0.25
#: Tokens a model sees at once, and where many entries are longer than that.
WINDOW_TOKENS, LONG_WINDOW_TOKENS = 128, 256
#: How many are many. A few long ones are read in pieces just as well.
MANY_LONG = 0.1
#: About as many as a token of English has.
_CHARACTERS_PER_TOKEN = 4.4


def window_for(records: Sequence[Record]) -> int:
    """How many tokens a model for these entries is to see at once.

    An entry is learnt from one window of it: where many have more, much would go to waste. On
    posts of 130 words in the median, 256 in place of 128 tokens tells distorted ones from others
    with an area under the curve that is 0.01 larger, in one and a half times the time.
    """
    long = WINDOW_TOKENS * _CHARACTERS_PER_TOKEN
    share = sum(len(record.text) > long for record in records) / max(1, len(records))
    return LONG_WINDOW_TOKENS if share > MANY_LONG else WINDOW_TOKENS


@dataclass(frozen=True, slots=True)
class FitOptions:
    """See `journal-train fit --help`.

    Attributes:
        name: of the model.
        data: what the entries are, a sentence without its full stop, for the model card.
        command: makes this model again, for the model card; holds no path of this machine.
        learning_rate: None for the default of the base's size.
        max_minutes: None for no limit.
        min_precision: thresholds rise until each label is right this often.
        max_false_alarms: and until no more entries without a label are given one.
        at_least: labels and the lowest threshold each may get.
        least_expected: labels are given only to texts of which this many are to be expected, or
            of more if that does better.
        small: write an adapter of the built-in base in place of whole weights.
        shipped_only: nothing but the entries of this project is learnt from.
        patience: epochs without a better one after which training ends; None to run them all.
        resume: write checkpoints, and go on from the last one of the same fit.
        precision: of training, `auto`, `fp32` or `bf16`.
        class_weights: positives of rare labels count more.
        any_weight: how much it counts whether an entry has any label at all.
    """

    name: str
    data: str
    command: str
    epochs: int
    batch_size: int
    learning_rate: float | None
    seed: int
    window_tokens: int
    validation_share: float
    max_minutes: float | None = None
    small: bool = False
    min_precision: float = 0.0
    max_false_alarms: float = 1.0
    at_least: tuple[tuple[str, float], ...] = ()
    least_expected: float = 0.0
    allow_download: bool = False
    shipped_only: bool = False
    patience: int | None = None
    resume: bool = False
    precision: str = "fp32"
    class_weights: bool = False
    any_weight: float = ANY_WEIGHT


def _floor(text: str) -> tuple[str, float]:
    label, _, value = text.rpartition("=")
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not label or not 0 < number < 1:
        raise DataError(f"--at-least {text}: expected LABEL=PROBABILITY")
    return label, number


def _files(data: Sequence[str]) -> list[str]:
    return [Path(source).name for source in data if source.partition("=")[0] != SHIPPED]


def _described(data: Sequence[str]) -> str:
    names = _files(data)
    parts = [f"Entries of {', '.join(f'`{name}`' for name in names)}"] if names else []
    if len(names) < len(data) or not data:
        parts.append(_SHIPPED)
    return ". ".join(parts)


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
    words = ["journal-train", "fit", *(Path(source).name for source in data), "--out", out.name]
    for name, value in changed.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            words.append(flag)
        elif isinstance(value, tuple):
            for item in value:
                words += [flag, str(item)]
        else:
            shown = Path(value).name if name in ("base", "validation") else value
            words += [flag, str(shown)]
    return FitOptions(
        name=given["name"] or out.name,
        data=_described(data),
        command=shlex.join(words),
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
        at_least=tuple(_floor(text) for text in given["at_least"]),
        least_expected=given["least_expected"],
        allow_download=given["allow_download"],
        patience=given["patience"],
        resume=given["resume"],
        precision=given["precision"],
        class_weights=given["class_weights"],
        any_weight=given["any_weight"],
        shipped_only=not _files(data),
    )
