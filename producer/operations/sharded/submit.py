"""Submitting entries to their shards. Free of I/O."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from producer.errors import JournalError
from producer.operations.base import raise_for_errors
from producer.operations.sharded.plan import errors_of
from producer.operations.submit import SUBMIT_CHUNK
from producer.operations.submit import submit as submit_to_one

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from producer.operations.base import Operation
    from producer.operations.sharded.plan import Plan
    from producer.receipts import Receipt
    from producer.schemas import JournalEntry
    from producer.sealing import KeySet
    from producer.settings import Settings
    from producer.sharding.shards import Shards

    Placed = list[tuple[JournalEntry, str]]


def submit(
    entries: Iterable[JournalEntry], shards: Shards, keys: KeySet, settings: Settings, **how: Any
) -> Plan[list[Receipt]]:
    """Enqueue entries, each on its shard; returns their receipts in order.

    A shard that does not take its entries stops only these: those of the others are enqueued, also
    those to come.

    Args:
        entries: the entries.
        shards: between which they are divided.
        keys: seal them.
        settings: of every shard; the bounds of the queue hold for each.
        how: further arguments of `producer.operations.submit.submit`.

    Raises:
        JournalError: of the first shard that failed; its `receipts` are of the entries that are
            enqueued on any.
    """
    receipts: list[Receipt] = []
    failed: dict[str, JournalError] = {}
    try:
        for portion in _portions(entries, shards):
            placed = yield from _place(portion, shards, settings, failed)
            by_shard: dict[str, list[JournalEntry]] = {}
            for entry, name in placed:
                by_shard.setdefault(name, []).append(entry)
            outcomes = yield {
                name: submit_to_one(some, keys, settings, **how) for name, some in by_shard.items()
            }
            given: dict[str, deque[Receipt]] = {}
            for name, outcome in outcomes.items():
                if isinstance(outcome, JournalError):
                    failed[name] = outcome
                given[name] = deque(
                    outcome.receipts if isinstance(outcome, JournalError) else outcome
                )
            receipts += _in_order(placed, given)
    except JournalError as exc:
        exc.receipts = tuple(receipts)
        raise
    except Exception as exc:
        exc.add_note(f"{len(receipts)} entries were submitted before; submitting again is safe")
        raise
    for error in errors_of(failed):
        error.receipts = tuple(receipts)
        raise error
    return receipts


def _portions(entries: Iterable[JournalEntry], shards: Shards) -> Iterator[list[JournalEntry]]:
    """The entries in order, until one shard has as many as one call takes."""
    portion: list[JournalEntry] = []
    counts: Counter[str] = Counter()
    for entry in entries:
        portion.append(entry)
        first = shards.owners(entry.entry_id)[0]
        counts[first] += 1
        if counts[first] == SUBMIT_CHUNK:
            yield portion
            portion, counts = [], Counter()
    if portion:
        yield portion


def _place(
    portion: Sequence[JournalEntry],
    shards: Shards,
    settings: Settings,
    failed: dict[str, JournalError],
) -> Plan[Placed]:
    """Where each entry goes: where its id is remembered, or else to its shard.

    Left out are entries of shards that failed, and those of which it cannot be told whether another
    shard remembers them.
    """
    owners = {entry.entry_id: shards.owners(entry.entry_id) for entry in portion}
    asked: dict[str, list[str]] = {}
    for entry_id, (_, *others) in owners.items():
        for name in others:
            if name not in failed:
                asked.setdefault(name, []).append(entry_id)
    places = {entry_id: names[0] for entry_id, names in owners.items()}
    if asked:
        outcomes = yield {name: _remembered(ids, settings) for name, ids in asked.items()}
        for name, outcome in outcomes.items():
            if isinstance(outcome, JournalError):
                failed[name] = outcome
            else:
                places.update(dict.fromkeys(outcome, name))
    return [
        (entry, places[entry.entry_id])
        for entry in portion
        if not failed.keys() & {places[entry.entry_id], *owners[entry.entry_id]}
    ]


def _remembered(entry_ids: Sequence[str], settings: Settings) -> Operation[list[str]]:
    """Those of the ids that were submitted here within the idempotency window."""
    seen = settings.queue_keys.seen
    replies = raise_for_errors((yield [("EXISTS", seen + entry_id) for entry_id in entry_ids]))
    return [entry_id for entry_id, there in zip(entry_ids, replies, strict=True) if there]


def _in_order(placed: Placed, given: dict[str, deque[Receipt]]) -> Iterator[Receipt]:
    """The receipts of all shards in the order of the entries; some entries may have none."""
    for entry, name in placed:
        left = given[name]
        if left and left[0].entry_id == entry.entry_id:
            yield left.popleft()
