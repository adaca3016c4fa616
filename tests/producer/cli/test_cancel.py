"""`journal cancel`, against a real server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.producer.support import entries, queued_ids

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis
    from click.testing import Result

    from producer import JournalClient


def test_entries_that_wait_are_taken_back(
    journal: Callable[..., Result], client: JournalClient, raw: redis.Redis
) -> None:
    client.submit_many(entries("a", "b", "c"))
    result = journal("cancel", "a", "c")
    assert result.exit_code == 0
    assert [json.loads(line)["cancelled"] for line in result.stdout.splitlines()] == [True, True]
    assert queued_ids(raw) == ["b"]


def test_the_exit_code_tells_that_one_was_not_there(
    journal: Callable[..., Result], client: JournalClient
) -> None:
    client.submit_many(entries("a"))
    result = journal("cancel", "nobody", "a")
    assert result.exit_code == 1
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"entry_id": "nobody", "cancelled": False},
        {"entry_id": "a", "cancelled": True},
    ]


def test_what_is_no_id_is_one_line(journal: Callable[..., Result]) -> None:
    result = journal("cancel", "a b")
    assert result.exit_code == 2
    assert result.stderr.startswith("journal: entry_id")
