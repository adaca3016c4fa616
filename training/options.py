"""What a fit is told."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHIPPED = "The synthetic entries that come with journal-stream; no real person's writing"


@dataclass(frozen=True, slots=True)
class FitOptions:
    """See `journal-train fit --help`.

    Attributes:
        name: of the model.
        data: what the entries are, a sentence without its full stop, for the model card.
        command: makes this model again, for the model card; holds no path of this machine.
        learning_rate: None for the default of the base's size.
        max_minutes: None for no limit.
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
    allow_download: bool = False


def fit_options(
    data: Path | None, out: Path, given: Mapping[str, Any], changed: Mapping[str, Any]
) -> FitOptions:
    """Options from the command line.

    Args:
        data: the file of entries; None for the shipped ones.
        out: the folder to write.
        given: every option by its Python name.
        changed: those that the user set; the model card repeats them.
    """
    words = ["journal-train", "fit", *([data.name] if data else []), "--out", out.name]
    for name, value in changed.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            words.append(flag)
        else:
            shown = Path(value).name if name in ("base", "validation") else value
            words += [flag, str(shown)]
    return FitOptions(
        name=given["name"] or out.name,
        data=f"Entries of `{data.name}`" if data else _SHIPPED,
        command=shlex.join(words),
        epochs=given["epochs"],
        batch_size=given["batch_size"],
        learning_rate=given["learning_rate"],
        seed=given["seed"],
        window_tokens=given["window_tokens"],
        validation_share=given["validation_share"],
        max_minutes=given["max_minutes"],
        allow_download=given["allow_download"],
    )
