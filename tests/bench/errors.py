"""What ends a bench before its time."""

from __future__ import annotations


class BenchError(Exception):
    """A measurement cannot be made or must not count; one line, without any text of an entry."""
