"""What a peer has in place of sealing, settling and telling a parent that it is ready."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.peers.servers import READY_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.broker.settlement import Answered


class Unsealed:
    """A key set that seals nothing."""

    def open(self, sealed: str, *, kind: str, entry_id: str) -> bytes:
        """The text of a message as it is."""
        return sealed.encode()

    def seal(self, plaintext: bytes, *, kind: str, entry_id: str) -> str:
        """A message as it is."""
        return plaintext.decode()


class Kept:
    """Settles by keeping what was answered."""

    def __init__(self) -> None:
        self.answers: list[str] = []

    def settle(self, answers: Sequence[Answered]) -> list[bool]:
        """Keep the answers to a batch, which must all be results.

        Raises:
            RuntimeError: an entry failed a stage.
        """
        if not all(isinstance(answer, str) for _, answer in answers):
            raise RuntimeError("an entry failed a stage")
        self.answers = [str(answer) for _, answer in answers]
        return [True] * len(answers)


def tell_ready() -> None:
    """Note this process in the file of those that are ready."""
    with Path(os.environ[READY_FILE]).open("a", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
