"""Showing findings: a line each for people, one JSON object for programs."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from producer.findings import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from producer.findings import Finding

EXIT_FAILED = 1
_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.FAILED: "red", Level.SKIPPED: None}
_WIDTH = 100
_MARK = max(len(level) for level in Level)


def show(findings: Sequence[Finding], *, as_json: bool) -> int:
    """Print the findings to stdout, coloured on a terminal.

    Returns:
        The exit code: 1 if a check failed, otherwise 0, warnings or not.
    """
    counts = Counter(finding.level for finding in findings)
    if as_json:
        checks = [asdict(finding) for finding in findings]
        click.echo(json.dumps({"ok": not counts[Level.FAILED], "checks": checks}))
    else:
        width = max(len(finding.check) for finding in findings)
        for finding in findings:
            click.echo(_line(finding, width))
        worst_first = (Level.FAILED, Level.WARNING, Level.OK, Level.SKIPPED)
        told = [f"{counts[level]} {level}" for level in worst_first if counts[level]]
        click.echo(f"{', '.join(told)}.")
    return EXIT_FAILED if counts[Level.FAILED] else 0


def _line(finding: Finding, width: int) -> str:
    mark = click.style(f"{finding.level:<{_MARK}}", fg=_COLOURS[finding.level])
    indent = " " * (_MARK + 2 + width + 2)
    lines = textwrap.wrap(finding.text, _WIDTH - len(indent), break_on_hyphens=False)
    if finding.remedy:
        arrow = "-> "
        lines += textwrap.wrap(
            finding.remedy,
            _WIDTH - len(indent),
            initial_indent=arrow,
            subsequent_indent=" " * len(arrow),
            break_on_hyphens=False,
        )
    return f"{mark}  {finding.check:<{width}}  " + f"\n{indent}".join(lines)
