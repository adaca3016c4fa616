"""Words that stand in every submitted text, and may stand nowhere else."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WORDS = ("Zebulonquist", "xylocanary")
_PIECE = 2**24


def needles() -> tuple[bytes, ...]:
    """The words as they are, and as they are inside anything that is in base64, as a message's body is."""
    found = []
    for word in map(str.encode, WORDS):
        found.append(word)
        for before in range(3):
            # Without the characters that also tell of what stands before or after.
            whole = base64.b64encode(b"\0" * before + word)
            last = (before + len(word)) * 4 // 3
            found.append(whole[-(-before * 4 // 3) : last])
    return tuple(found)


def hits_in(content: bytes) -> int:
    """How often any of them stands there."""
    return sum(content.count(needle) for needle in needles())


def hits_in_file(path: Path) -> int:
    """The same of a file of any size; what lies across two pieces is seen in both or in one."""
    overlap, rest, total = max(map(len, needles())) - 1, b"", 0
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            total += hits_in(rest + piece) - hits_in(rest)
            rest = (rest + piece)[-overlap:]
    return total


def hits_below(folder: Path) -> dict[str, int]:
    """The files with hits, and how many."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    counted: Mapping[str, int] = {str(one.relative_to(folder)): hits_in_file(one) for one in files}
    return {name: count for name, count in counted.items() if count}
