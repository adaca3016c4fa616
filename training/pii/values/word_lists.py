"""Lists of words in `training/data/pii`: what slots are filled with."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

#: What has a name and is no personal data; each list is a slot of its own.
THINGS = "things.txt"
#: What values for other slots are made of.
WORDS = "words.txt"


@cache
def word_lists(file: str) -> dict[str, tuple[str, ...]]:
    """The lists of a file by their names, in its order.

    A line `[NAME]` begins a list, ` | ` stands between its entries, `#` begins a comment.
    """
    found: dict[str, tuple[str, ...]] = {}
    name = ""
    for line in files("training").joinpath("data", "pii", file).read_text("utf-8").splitlines():
        if line.startswith("["):
            name = line.strip("[]")
        elif line and not line.startswith("#"):
            found[name] = (*found.get(name, ()), *line.split(" | "))
    return found
