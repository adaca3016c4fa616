"""The picture of the demo's end: of its real output, and readable without anything from elsewhere."""

from __future__ import annotations

import io
import re

from rich.console import Console

from deploy.local import demo_picture


def test_a_picture_shows_the_last_rows_in_their_colours_and_asks_nobody_for_fonts() -> None:
    recorder = Console(record=True, width=96, file=io.StringIO(), highlight=False)
    for number in range(2 * demo_picture.ROWS):
        recorder.print(f"row-{number}")
    recorder.print("[bold cyan]→ Self-blame 0.98[/]")
    svg = demo_picture.drawn(recorder.export_text(styles=True))
    assert len(re.findall(r"row-\d+<", svg)) == demo_picture.ROWS - 1
    assert "row-0<" not in svg
    style = re.search(r'class="(demo-r\d+)"[^>]*>→&#160;Self-blame', svg)
    assert style
    assert re.search(rf"\.{style[1]} {{ fill: #[0-9a-f]+;font-weight: bold }}", svg)
    elsewhere = re.findall(r'url\("[^"]*"\)|href="[^"]*"|@import', svg)
    assert elsewhere == []
