"""journal-stream for backends: submit journal entries, read the labels found in them.

>>> from producer import JournalClient
>>> client = JournalClient()
>>> client.submit("Nobody said hello, so they all must hate me.", entry_id="entry-17")
>>> for result in client.results(group="backend"):
...     print(result.entry_id, [label.label for label in result.labels])
"""

from producer.aio import AsyncJournalClient
from producer.client import JournalClient
from producer.errors import (
    BackpressureError,
    ConfigurationError,
    EntryCancelled,
    EntryFailed,
    JournalError,
    NoReply,
    NotAnswered,
    NotReplicated,
    QueueFull,
    SealError,
    StoreFull,
    Unavailable,
    ValidationError,
)
from producer.operations.dead_letters import StoredLetter
from producer.operations.results import Received
from producer.operations.status import Status
from producer.receipts import Receipt
from producer.schemas import (
    DeadLetter,
    DeadReason,
    Evidence,
    JournalEntry,
    JournalResult,
    Label,
)
from producer.sealing import KeySet
from producer.settings import Settings

__all__ = [
    "AsyncJournalClient",
    "BackpressureError",
    "ConfigurationError",
    "DeadLetter",
    "DeadReason",
    "EntryCancelled",
    "EntryFailed",
    "Evidence",
    "JournalClient",
    "JournalEntry",
    "JournalError",
    "JournalResult",
    "KeySet",
    "Label",
    "NoReply",
    "NotAnswered",
    "NotReplicated",
    "QueueFull",
    "Receipt",
    "Received",
    "SealError",
    "Settings",
    "Status",
    "StoreFull",
    "StoredLetter",
    "Unavailable",
    "ValidationError",
]
