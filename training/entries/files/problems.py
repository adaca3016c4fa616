"""What is wrong with rows, gathered: each kind once, with the lines where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

#: Lines that are named of each kind, and kinds that are told of a file.
NAMED_LINES = 6
NAMED_KINDS = 20


@dataclass(slots=True)
class Lines:
    """The first lines at which something stands, and how often it does."""

    first: list[int] = field(default_factory=list)
    count: int = 0

    def add(self, line: int) -> None:
        """It stands at this line as well."""
        self.count += 1
        if len(self.first) < NAMED_LINES:
            self.first.append(line)

    def __str__(self) -> str:
        """As in `2 rows: lines 3 and 4`."""
        return f"{self.count:,} row{'s' if self.count > 1 else ''}: {self.named()}"

    def named(self, *, skip: int = 0) -> str:
        """As in `lines 3, 4 and 7`; without the first `skip` of them."""
        shown = [f"{line}" for line in self.first[skip:]]
        if more := self.count - len(self.first):
            shown.append(f"{more:,} more")
        return f"{'line' if len(shown) == 1 else 'lines'} {listed(shown)}"


class Problems:
    """The rows of one file that break a rule.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kinds: dict[str, Lines] = {}
        self.rows = 0

    def add(self, line: int, problem: str) -> None:
        """A row that begins at this line breaks this rule."""
        self.rows += 1
        self._kinds.setdefault(problem, Lines()).add(line)

    def told(self, *, hint: str = "") -> list[str]:
        """A line for each kind of problem, in the order of the file.

        Args:
            hint: what else can be done about them; it ends the only line, or stands in its own.
        """
        kinds = list(self._kinds.items())
        lines = [self._line(problem, where) for problem, where in kinds[:NAMED_KINDS]]
        if (more := len(kinds) - NAMED_KINDS) > 0:
            lines.append(f"{self._path}: {more:,} more kinds of problems")
        if hint and len(lines) == 1:
            return [f"{lines[0]}; {hint}"]
        return [*lines, f"{self._path}: {hint}"] if hint else lines

    def _line(self, problem: str, where: Lines) -> str:
        line = f"{self._path}:{where.first[0]}: {problem}"
        return f"{line}; the same in {where.named(skip=1)}" if where.count > 1 else line


def listed(words: Sequence[str], *, last: str = "and") -> str:
    """As in `a, b and c`."""
    if len(words) < 2:  # noqa: PLR2004 - one word stands alone
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def quoted(words: Sequence[str]) -> Iterator[str]:
    """Each word in quotes."""
    return (f"'{word}'" for word in words)
