"""The options of `journal-train` that tell how files of entries are read."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import click

from training.entries.files.options import TEXT, ReadOptions

if TYPE_CHECKING:
    from collections.abc import Callable

_OPTIONS = (
    click.option(
        "--text-column",
        metavar="NAME",
        default=TEXT,
        help="The column or field of the text.",
    ),
    click.option(
        "--label-column",
        metavar="NAME",
        help="The column or field of the labels.",
        show_default="labels, or else label, or else every column of 0 and 1",
    ),
    click.option(
        "--encoding",
        metavar="NAME",
        help="Encoding of the files, such as cp1252.",
        show_default="what a file begins with, or UTF-8",
    ),
    click.option(
        "--skip-invalid", is_flag=True, help="Leave out rows that break a rule, and tell of them."
    ),
    click.option(
        "--merge-labels",
        is_flag=True,
        help="Labels that differ in case, spaces and dashes only are one.",
    ),
    click.option(
        "--no-label",
        multiple=True,
        metavar="NAME",
        help='This name says that there is no label, as "No Distortion" does; may be repeated.',
    ),
)
_NAMES = (
    "text_column",
    "label_column",
    "encoding",
    "skip_invalid",
    "merge_labels",
    "no_label",
)


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command with the options that `read_options` takes."""
    return reduce(lambda function, option: option(function), reversed(_OPTIONS), command)


def read_options(given: dict[str, Any]) -> ReadOptions:
    """How files are read, of all options of a command."""
    return ReadOptions(**{name: given[name] for name in _NAMES})
