"""Receipts: what `submit` returns for each entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Receipt:
    """Whether one submitted entry was enqueued.

    Attributes:
        entry_id: the id of the entry.
        status: `queued`, or `duplicate` if the same id was submitted before, within the
            idempotency window.
    """

    entry_id: str
    status: Literal["queued", "duplicate"]
