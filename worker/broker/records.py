"""What claiming gives, and what settling takes."""

from __future__ import annotations

from typing import Any, NamedTuple


class Claimed(NamedTuple):
    """One message as the claim call returns it."""

    tag: str
    message: bytes
    deliveries: int


class Answer(NamedTuple):
    """What is published for one claim.

    Attributes:
        tag: of the claim.
        kind: what becomes of it; see `Claims.settle`.
        entry_id: of the entry.
        field: of the stream, that holds the value.
        value: the sealed result or the dead letter.
        reason: why the entry is dead; "" for a result.
    """

    tag: str
    kind: str
    entry_id: str
    field: str
    value: Any
    reason: str = ""
