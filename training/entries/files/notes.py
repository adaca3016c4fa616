"""What is noticed while files are read, and what the user should know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from training.entries.files.problems import Lines, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


def _silent(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What is noticed while files are read.

    Attributes:
        say: is told what the user should know, a line at a time.
        places: the lines of each label in each file.
    """

    say: Callable[[str], None] = _silent
    places: dict[str, dict[Path, Lines]] = field(default_factory=dict)

    def saw(self, labels: Iterable[str], path: Path, line: int) -> None:
        """An entry at this line has these labels."""
        for label in labels:
            self.places.setdefault(label, {}).setdefault(path, Lines()).add(line)

    def where(self, label: str) -> str:
        """As in `a.csv lines 3 and 4`; nothing for a label of no file that was read."""
        files = self.places.get(label, {})
        return listed([f"{path.name} {lines.named()}" for path, lines in files.items()])
