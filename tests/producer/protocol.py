"""What producer/PROTOCOL.md says, section by section: for tests that hold the code against it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parents[2] / "producer" / "PROTOCOL.md"


def section(title: str) -> str:
    """The text of a section, by its title without the number."""
    text = DOCUMENT.read_text(encoding="utf-8")
    found = re.search(rf"^## \d+\. {title}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no section {title}"
    return found[1]


def table(title: str, *columns: str) -> dict[str, list[str]]:
    """The rows of a table of a section by their first cell, without its backticks.

    Args:
        title: of the section.
        columns: the first columns of the table's head.
    """
    head = re.escape("| " + " | ".join(columns) + " |")
    found = re.search(rf"^{head}.*\n\|[-|]+\|\n((?:\|.*\n)+)", section(title), re.MULTILINE)
    assert found, f"no table {columns} in {title}"
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in found[1].splitlines()]
    return {name.strip("`"): cells for name, *cells in rows}


def json_samples(title: str) -> list[Any]:
    """The JSON blocks of a section."""
    return [
        json.loads(one)
        for one in re.findall(r"^```json\n(.*?)^```", section(title), re.MULTILINE | re.DOTALL)
    ]
