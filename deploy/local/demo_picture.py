"""A picture of the end of `make demo`, drawn from its real output, for `make screenshots`."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from deploy.local import demo

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = 96
#: The last samples, the figures, and the line that says that all is over.
ROWS = 27
#: What a picture in a document may use: fonts of the reader's machine, and nothing from elsewhere.
_WEB_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_FONTS = "ui-monospace, DejaVu Sans Mono, Menlo, Consolas, monospace"


def take(path: Path) -> None:
    """Run the demo, and write the end of what it prints as an SVG.

    Args:
        path: where the picture goes.

    Raises:
        SystemExit: the demo did not do what it should.
    """
    # No terminal: what moves on one (a spinner, a bar) would be printed again and again.
    recorder = Console(record=True, width=COLUMNS, file=io.StringIO(), highlight=False)
    shown, demo.console = demo.console, recorder
    try:
        demo.main.main([], standalone_mode=False)
    finally:
        demo.console = shown
    path.write_text(drawn(recorder.export_text(styles=True)), encoding="utf-8")


def drawn(output: str) -> str:
    """The last rows of a terminal's output as an SVG, with its colours and without web fonts."""
    rows = output.rstrip().splitlines()[-ROWS:]
    terminal = Console(record=True, width=COLUMNS, file=io.StringIO(), highlight=False)
    for row in rows:
        terminal.print(Text.from_ansi(row), soft_wrap=True)
    svg = terminal.export_svg(title="make demo", theme=MONOKAI, unique_id="demo")
    svg = _WEB_FONTS.sub("", svg).replace("Fira Code, monospace", _FONTS)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"
