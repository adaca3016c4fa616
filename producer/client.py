"""The client of a backend that blocks on Redis: submit entries, read results."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from producer.errors import ValidationError
from producer.operations import dead_letters
from producer.operations.cancel import cancel
from producer.operations.reply import wait_for_reply
from producer.operations.sharded import entries as sharded
from producer.operations.sharded.submit import submit as submit_to_shards
from producer.operations.status import status
from producer.operations.submit import submit
from producer.reading import ResultsClient
from producer.schemas import JournalEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from producer.operations.dead_letters import StoredLetter
    from producer.operations.status import Status
    from producer.receipts import Receipt
    from producer.schemas import JournalResult


class JournalClient(ResultsClient):
    """Submits entries and reads results; safe to share between threads, and to hold on to.

    It connects on first use, to at most `settings.max_connections` connections, for which its calls
    wait, and follows the primary when that moves. Every method that asks Redis raises `Unavailable`
    if Redis does not answer, `ConfigurationError` if Redis refuses the user or the user lacks a
    permission, and `JournalError` on any other error reply.

    Each call ends within `settings.timeout_seconds`, or its own `timeout_seconds`, in which it
    looks up names, waits for a connection, connects and repeats. `receive` adds to it the seconds
    for which it is told to wait.

    Args:
        settings: where Redis is and how the queues are called; from the environment by default.
        keys: the key set, which seals entries and opens results; from `settings.keys_file` by
            default.

    Raises:
        ConfigurationError: settings or keys are missing or wrong.
    """

    def submit(
        self,
        entry: JournalEntry | str,
        *,
        entry_id: str | None = None,
        context: str | None = None,
        reply: bool = False,
        expires: float | None = None,
        traceparent: str | None = None,
        lane: str | None = None,
        tenant: str | None = None,
        timeout_seconds: float | None = None,
    ) -> Receipt:
        """Submit one entry, without waiting for its result.

        Args:
            entry: the entry, or its text, of 1 to 50,000 characters.
            entry_id: the id of a text, 1 to 128 of `A-Za-z0-9._:-`; random by default.
            context: returned unchanged with the result of a text; at most 256 characters.
            reply: whether its result is also kept for `result`, for `settings.reply_seconds`.
            expires: seconds after which it becomes a dead letter if it still waits; None for never.
            traceparent: the trace that it belongs to (W3C Trace Context); by default that of the
                span that is open in OpenTelemetry, if there is one. What is none is left out.
            lane: the name of its lane, one of `settings.lanes`; by default the first.
            tenant: whom it belongs to, where `settings.tenant_buckets` lets tenants take turns. It
                is not sent: only the number of a bucket is, which many share.
            timeout_seconds: within which the call ends; by default as set.

        Raises:
            ValidationError: the entry breaks a rule, or there is no such lane; it is not enqueued.
            QueueFull, StoreFull: no room; nothing was enqueued.
            Unavailable: Redis did not answer, or too few replicas confirmed the entry
                (`NotReplicated`); submitting the same `entry_id` again is safe.
        """
        entries = [as_entry(entry, entry_id, context)]
        return self.submit_many(
            entries,
            reply=reply,
            expires=expires,
            traceparent=traceparent,
            lane=lane,
            tenant=tenant,
            timeout_seconds=timeout_seconds,
        )[0]

    def submit_many(
        self,
        entries: Iterable[JournalEntry],
        *,
        reply: bool = False,
        expires: float | None = None,
        traceparent: str | None = None,
        lane: str | None = None,
        tenant: str | None = None,
        timeout_seconds: float | None = None,
    ) -> list[Receipt]:
        """Submit many entries, up to 128 in a call to Redis; returns their receipts in order.

        Args:
            entries: the entries, as many as there are.
            reply: whether the result of each is also kept for `result`.
            expires: seconds after which those that still wait become dead letters.
            traceparent: the trace that they belong to, as of `submit`.
            lane: the name of their lane; by default the first.
            tenant: whom they belong to, as of `submit`.
            timeout_seconds: within which Redis has to take those of each call; by default as set.

        Raises:
            QueueFull, StoreFull: no more room; its `receipts` are of the entries enqueued before.
            Unavailable: Redis did not answer, or too few replicas confirmed the entries
                (`NotReplicated`); its `receipts` are of the entries that are enqueued for certain,
                and submitting all entries again is safe.
        """
        how: dict[str, Any] = {
            "timeout_seconds": timeout_seconds,
            "reply": reply,
            "expires": expires,
            "traceparent": traceparent,
            "lane": lane,
            "tenant": tenant,
        }
        if self._fleet is not None:
            shards = self._fleet.shards
            plan = submit_to_shards(entries, shards, self._keys, self._settings, **how)
            return self._across(plan, timeout_seconds, each_round_trip=True)
        operation = submit(entries, self._keys, self._settings, **how)
        return self._run(operation, timeout_seconds, each_round_trip=True)

    def submit_and_wait(
        self,
        entry: JournalEntry | str,
        *,
        entry_id: str | None = None,
        context: str | None = None,
        lane: str | None = None,
        tenant: str | None = None,
        timeout: float = 30.0,
    ) -> JournalResult:
        """Submit one entry and wait for its result, which readers of `results` get as well.

        An entry whose id was submitted before, also by another process, is not enqueued again: its
        result is waited for, as long as it is not answered or its reply is still kept.

        Args:
            entry: the entry, or its text.
            entry_id: the id of a text; random by default.
            context: returned unchanged with the result of a text.
            lane: the name of its lane; by default the first.
            tenant: whom it belongs to, as of `submit`.
            timeout: seconds for the whole.

        Raises:
            NotAnswered: it was enqueued and not answered in time: `result` goes on waiting, and
                `cancel` takes it back.
            JournalError: as `submit` and `result`.
        """
        whole = as_entry(entry, entry_id, context)
        ends = time.monotonic() + timeout
        self.submit(whole, reply=True, lane=lane, tenant=tenant)
        return self.result(whole.entry_id, timeout=max(0.0, ends - time.monotonic()))

    def result(self, entry_id: str, *, timeout: float = 30.0) -> JournalResult:
        """Wait for the result of one entry that was submitted with `reply=True`, by any process.

        The reply is kept for `settings.reply_seconds` after the entry was answered, and can be
        asked for as often as one likes. Each call that waits holds one connection of the client's
        `max_connections`.

        Args:
            entry_id: of the entry.
            timeout: seconds to wait; 0 only looks.

        Raises:
            NotAnswered: it was not answered in time.
            NoReply: no reply was asked for, or it is not kept any more.
            EntryFailed: the entry became a dead letter; the error tells the reason.
            EntryCancelled: the entry was cancelled.
            SealError: the result does not open with the key set.
        """
        if self._fleet is not None:
            shards = self._fleet.shards
            plan = sharded.result(entry_id, shards, self._keys, self._settings, timeout=timeout)
            return self._across(plan, each_round_trip=True)
        operation = wait_for_reply(entry_id, self._keys, self._settings, timeout=timeout)
        return self._run(operation, each_round_trip=True)

    def cancel(self, entry_id: str, *, timeout_seconds: float | None = None) -> bool:
        """Cancel an entry that is not answered yet: its result is never published.

        Its message is removed from the queue, or from the worker that has it, and its id can be
        submitted again. A long queue is looked through in small steps, which takes about a second
        for 100,000 entries.

        Args:
            entry_id: of the entry.
            timeout_seconds: within which Redis has to answer each step; by default as set.

        Returns:
            Whether it was cancelled; if not it is answered, is a dead letter, or is not known.
        """
        seconds = timeout_seconds or self._settings.timeout_seconds
        if self._fleet is not None:
            shards = self._fleet.shards
            plan = sharded.cancel(entry_id, shards, self._settings, timeout_seconds=seconds)
            return self._across(plan, timeout_seconds, each_round_trip=True)
        operation = cancel(entry_id, self._settings, timeout_seconds=seconds)
        return self._run(operation, timeout_seconds, each_round_trip=True)

    def failed(
        self, after: str = "", count: int = 100, *, timeout_seconds: float | None = None
    ) -> list[StoredLetter]:
        """Up to `count` dead letters, oldest first: which entry failed, why and when.

        They stay on the dead stream, and an operator may still replay them, after which the entry
        can get a result.

        Args:
            after: the `stream_id` of the last dead letter seen; "" to begin with the oldest.
            count: how many to return at most.
            timeout_seconds: within which the call ends; by default as set.
        """
        if self._fleet is not None:
            letters = sharded.failed(self._fleet.shards, self._settings, after, count)
            return self._across(letters, timeout_seconds)
        return self._run(dead_letters.page(self._settings, after, count), timeout_seconds)

    def status(self, *, timeout_seconds: float | None = None) -> Status:
        """How many entries wait, are being worked on, are answered and unread, or are dead."""
        if self._fleet is not None:
            plan = sharded.status(self._fleet.shards, self._settings)
            return self._across(plan, timeout_seconds)
        return self._run(status(self._settings), timeout_seconds)


def as_entry(entry: JournalEntry | str, entry_id: str | None, context: str | None) -> JournalEntry:
    """The entry itself, or one made of its text, its id (random by default) and its context.

    Raises:
        ValidationError: the text, id or context breaks a rule, or an id or a context was given
            beside an entry, which has its own.
    """
    if isinstance(entry, JournalEntry):
        if entry_id is not None or context is not None:
            raise ValidationError("a JournalEntry has its own entry_id and context")
        return entry
    return JournalEntry(entry_id=entry_id or uuid.uuid4().hex, text=entry, context=context)
