"""The error that ends a bench."""

from __future__ import annotations


class BenchError(Exception):
    """Raised when a measurement cannot be made or must not count; one line without entry text."""
