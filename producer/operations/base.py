"""What all operations share: their type, the Lua scripts, and readers of replies. Free of I/O.

Each operation is a generator: it yields a list of Redis commands, is sent the list of their
replies, and returns its result. It may also yield a computation and is sent its result: a client
that must not block runs a large one elsewhere. `producer.connection` executes operations, blocking
or awaited.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from producer.operations.redis_errors import translate

T = TypeVar("T")
Command = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Computation:
    """Work on the processor that an operation needs done.

    Attributes:
        run: does it, and returns what the operation is sent.
        size: how much there is to do, in characters.
    """

    run: Callable[[], Any]
    size: int


class Waiting(list[Command]):
    """Commands that Redis may answer late because they wait for something.

    Args:
        commands: the commands.
        seconds: for how long they wait at most.
    """

    def __init__(self, commands: Iterable[Command], seconds: float) -> None:
        super().__init__(commands)
        self.seconds = seconds


Operation = Generator[list[Command] | Computation, Any, T]


@cache
def script(*names: str) -> str:
    """The source of one of our Lua scripts, or of several put together: the last one is run.

    It travels with every call, so comments are left out.
    """
    folder = files("producer.operations").joinpath("lua")
    source = "".join(folder.joinpath(f"{name}.lua").read_text(encoding="utf-8") for name in names)
    lines = (line.strip() for line in source.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("--"))


def raise_for_errors(replies: Sequence[Any]) -> Sequence[Any]:
    """Return the replies if no error is among them.

    Raises:
        JournalError: the first error among them, in our own terms.
    """
    for reply in replies:
        if isinstance(reply, Exception):
            raise translate(reply) from None
    return replies


def as_mapping(pairs: Sequence[Any]) -> dict[str, Any]:
    """A flat RESP2 list of names and values as a mapping; the values stay as they came."""
    return {as_text(key): value for key, value in zip(pairs[::2], pairs[1::2], strict=True)}


def as_text(value: Any) -> str:
    """A reply as text; bytes that are not UTF-8 become replacement characters."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
