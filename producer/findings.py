"""What a check found: fine, a warning, a failure, or that it could not be made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is.

    A warning can lose entries or mislead someone later; what failed does not work now. What was
    skipped is not known.
    """

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. Its texts hold no password, no key and no text of an entry.

    Attributes:
        check: the name of the check, from a closed set.
        level: how bad it is.
        text: what was found, as a sentence.
        remedy: what to do, as a sentence; "" if there is nothing to do.
    """

    check: str
    level: Level
    text: str
    remedy: str = ""

    @property
    def is_problem(self) -> bool:
        """Whether someone has to mend something."""
        return self.level in {Level.WARNING, Level.FAILED}


def ok(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, Level.OK, text)


def warning(check: str, text: str, remedy: str) -> Finding:
    """It works, and something should be mended before it matters."""
    return Finding(check, Level.WARNING, text, remedy)


def failed(check: str, text: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(check, Level.FAILED, text, remedy)


def skipped(check: str, text: str) -> Finding:
    """The check could not be made, for this reason."""
    return Finding(check, Level.SKIPPED, text)
