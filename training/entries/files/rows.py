"""Rows of a file of entries, before anything is made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Never, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

_Item = TypeVar("_Item")


class MalformedFileError(Exception):
    """Raised when a file cannot be read beyond a line.

    Args:
        line: counted from 1.
        problem: what is wrong and what to do, without any of the file's content.
    """

    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what it holds, or what is wrong with it.

    Attributes:
        line: where it begins in the file, counted from 1.
        fields: `text`, `labels` unless it has columns of single labels, and of JSON every other
            field.
        columns: what stands in the columns of single labels, if there are any.
        problem: the rule it breaks, without any of its content.
    """

    line: int
    fields: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Any] | None = None
    problem: str = ""


def first_of(rows: Iterator[_Item], number: int) -> tuple[list[_Item], Iterator[_Item]]:
    """The first rows to look at, and an iterator of the others.

    An error among the first ones is raised by the iterator: the rows before it are told first.
    """
    first: list[_Item] = []
    try:
        for row in islice(rows, number):
            first.append(row)  # noqa: PERF402 - what an error leaves of a list is not defined
    except MalformedFileError as exc:
        return first, _raising(exc)
    return first, rows


def _raising(error: MalformedFileError) -> Iterator[Never]:
    raise error
    yield
