"""Commands as cards of models show them."""

from __future__ import annotations

import shlex

#: Columns of the documents of this project.
LINE = 110


def wrapped(command: str) -> str:
    """A command on lines of at most `LINE` columns, each but the last continued by a backslash."""
    lines: list[str] = []
    for word in shlex.split(command):
        quoted = shlex.quote(word)
        if lines and len(lines[-1]) + len(quoted) + len(" \\") < LINE:
            lines[-1] += f" {quoted}"
        else:
            lines.append(f"    {quoted}" if lines else quoted)
    return " \\\n".join(lines)
