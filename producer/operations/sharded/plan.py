"""Plans: what is done over several shards, as operations on each. Free of I/O.

A plan is a generator: it yields operations by the name of the shard to run each on, side by side,
is sent their outcomes likewise, and returns its result. An outcome is what the operation returned,
or the `JournalError` that it raised. `producer.connection.fleet` and `aio_fleet` carry plans out.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from producer.errors import (
    BackpressureError,
    ConfigurationError,
    JournalError,
    Unavailable,
    ValidationError,
)
from producer.operations.base import Operation

if TYPE_CHECKING:
    from producer.sharding.shards import Shards

T = TypeVar("T")
Operations = Mapping[str, Operation[Any]]
Outcomes = Mapping[str, Any]
Plan = Generator[Operations, Outcomes, T]

#: Between the name of a shard and a stream id of it.
_BETWEEN = ":"


def of_shard(error: JournalError, name: str) -> JournalError:
    """Note on an error of which shard it is, where that is of use; returns the same error.

    Args:
        error: the error.
        name: of the shard; "" where there is one Redis.
    """
    if not name:
        return error
    general = type(error) is JournalError
    if general or isinstance(error, (Unavailable, BackpressureError, ConfigurationError)):
        error.shard = name
        error.args = (f"shard {name}: {error}",)
    return error


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Note on the errors of the block of which shard they are; "" where there is one Redis."""
    try:
        yield
    except JournalError as exc:
        of_shard(exc, name)
        raise


def errors_of(outcomes: Outcomes) -> list[JournalError]:
    """The errors among outcomes; those first that waiting for room would not mend."""
    found = [outcome for outcome in outcomes.values() if isinstance(outcome, JournalError)]
    return sorted(found, key=lambda error: isinstance(error, BackpressureError))


def raise_for_outcomes(outcomes: Outcomes) -> Outcomes:
    """Return the outcomes if no error is among them.

    Raises:
        JournalError: one of the errors.
    """
    for error in errors_of(outcomes):
        raise error
    return outcomes


def on_one(name: str, operation: Operation[T]) -> Plan[T]:
    """One operation on one shard."""
    outcome: T = raise_for_outcomes((yield {name: operation}))[name]
    return outcome


def join_id(name: str, stream_id: str) -> str:
    """A stream id that tells its shard."""
    return f"{name}{_BETWEEN}{stream_id}"


def split_id(joined: str, shards: Shards) -> tuple[str, str]:
    """The shard and the stream id that `join_id` put together.

    Raises:
        ValidationError: there is no such shard.
    """
    name, _, stream_id = joined.partition(_BETWEEN)
    if shards.named(name) is None or not stream_id:
        raise ValidationError("a stream id begins with the name of its shard and a colon")
    return name, stream_id
