"""What can go wrong on the client side, grouped by how a caller handles it.

    text ──▶ JournalEntry ──▶ sealed ──▶ queue        results ──▶ opened ──▶ JournalResult
      ValidationError   KeyError…   QueueFull, StoreFull,       SealError
                   (ConfigurationError)  Unavailable, NotReplicated

The caller corrects its input after a `ValidationError`, slows down after `QueueFull` and
`StoreFull`, and tries again after `Unavailable`; a `ConfigurationError` needs a person. Whoever
waits for the reply to one entry may get `NotAnswered`, `NoReply`, `EntryFailed` or
`EntryCancelled`. No message holds the text of an entry, a key or a password.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from producer.receipts import Receipt


class JournalError(Exception):
    """Root of every error of the producer.

    Attributes:
        receipts: of the entries of a `submit_many` that are known to be enqueued. If the error is
            `Unavailable`, others may be enqueued as well. Submitting all again is safe.
        shard: the name of the shard where it happened; "" where there is one Redis.
    """

    receipts: tuple[Receipt, ...] = ()
    shard: str = ""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])


class ValidationError(JournalError, ValueError):
    """The entry breaks a rule of the schema; nothing was enqueued."""


class ConfigurationError(JournalError):
    """Settings or keys are missing or wrong; a person has to correct them."""


class SealError(JournalError):
    """A sealed message could not be opened: wrong key, altered, or sealed for another id."""


class UnknownKeyError(SealError):
    """A message was sealed with a key that is not in the key set.

    Args:
        key_id: of the key, as the message's header tells.
        told: the id as it may be shown.
    """

    def __init__(self, key_id: str, told: str) -> None:
        super().__init__(f"sealed with a key that is not in the key set: {told}")
        self.key_id = key_id


class NotSealedError(SealError):
    """What should be a sealed message is none."""


class WrongIdError(SealError):
    """The sealed message belongs to another id or kind."""


class BackpressureError(JournalError):
    """The system cannot take more now; what has no receipt was not enqueued."""


class QueueFull(BackpressureError):  # noqa: N818 - the name queue libraries use
    """The queue, or one lane of it, holds as many entries, or bytes, as it may; try again later.

    Attributes:
        lane: the name of the lane that is full; others may have room. "" if it is not known.
    """

    def __init__(self, message: str | None = None, lane: str = "") -> None:
        super().__init__(message)
        self.lane = lane


class StoreFull(BackpressureError):  # noqa: N818 - named like its sibling
    """Redis is out of memory and refuses writes; nothing was enqueued."""


class Unavailable(JournalError):  # noqa: N818 - a state, as in gRPC's UNAVAILABLE
    """Redis cannot be reached, or takes nothing now; submitting again is safe."""


class NotReplicated(Unavailable):
    """Fewer replicas than asked for confirmed the entries; submitting again is safe."""


class NoReply(JournalError, LookupError):  # noqa: N818 - a state, as its siblings
    """No reply to the entry is kept, and none is to come."""


class NotAnswered(JournalError, TimeoutError):  # noqa: N818 - a state, as its siblings
    """The entry was not answered in time; it may still be, and asking again is safe."""


class EntryCancelled(JournalError):  # noqa: N818 - a state, as its siblings
    """The entry was cancelled."""


class EntryFailed(JournalError):  # noqa: N818 - a state, as its siblings
    """The entry became a dead letter.

    Attributes:
        reason: why, as `DeadReason` has it, or a newer worker.
    """

    def __init__(self, entry_id: str, reason: str) -> None:
        super().__init__(f"entry {entry_id} became a dead letter ({reason})")
        self.reason = reason
