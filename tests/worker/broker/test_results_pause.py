"""A worker pauses where results are not read, says so once, and goes on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from producer import JournalClient, JournalResult
from producer.sealing import RESULT
from tests.worker.broker.claims_support import open_claims, push, result
from worker.broker import results_pause
from worker.broker.records import Answer
from worker.broker.results_pause import ResultsPause
from worker.monitoring.health import Health

if TYPE_CHECKING:
    import redis

    from producer import KeySet, Settings

NOW = "2026-01-01T00:00:00Z"


def test_one_result_that_is_never_acknowledged_pauses_no_worker(
    settings: Settings, keys: KeySet, client: redis.Redis, redis_url: str
) -> None:
    claims = open_claims(redis_url, max_results=20)
    with JournalClient(settings, keys) as backend:
        for number in range(100):
            entry_id = f"e{number}"
            push(client, entry_id.encode())
            claimed = claims.claim(1)
            assert claimed, f"claiming stopped at entry {number}"
            fields = {"entry_id": entry_id, "submitted_at": NOW, "completed_at": NOW}
            answer = JournalResult.model_validate(fields).encode()
            sealed = keys.seal(answer, kind=RESULT, entry_id=entry_id)
            claims.settle([Answer(claimed[0].tag, "result", entry_id, "sealed", sealed)])
            handled = [one for one in backend.receive() if one.result.entry_id != "e0"]
            backend.acknowledge([one.stream_id for one in handled])
    assert client.xlen("journal.results") == 1


@pytest.mark.parametrize("groups", [[], ["fast", "slow"]])
def test_claiming_pauses_by_the_slowest_group_or_without_any(
    client: redis.Redis, redis_url: str, groups: list[str]
) -> None:
    claims = open_claims(redis_url, max_results=2)
    for group in groups:
        client.xgroup_create("journal.results", group, "0", mkstream=True)
    push(client, b"one", b"two", b"three")
    claims.settle([result(one.tag) for one in claims.claim(2) or []])
    if groups:
        ((_, read),) = client.xreadgroup("fast", "c", {"journal.results": ">"})
        client.xack("journal.results", "fast", *(stream_id for stream_id, _ in read))
    assert not claims.pause.is_on
    assert claims.claim(1) is None
    assert claims.pause.is_on


def test_a_pause_is_told_where_it_begins_and_ends(caplog: pytest.LogCaptureFixture) -> None:
    now = 100.0
    pause = ResultsPause(500, clock=lambda: now)
    health = Health(60.0, clock=lambda: now)
    health.watch(pause.problem)
    health.child_ready(1)
    health.tick(running=0, finished=False)
    with caplog.at_level(logging.INFO):
        assert (pause.is_on, health.ready()) == (False, None)
        for _ in range(20):
            pause.refused()
            now += 1.0
        assert pause.is_on
        why = health.ready()
        assert why
        assert why.startswith("paused: 500 results are not acknowledged by every group")
        assert health.alive() is None
        pause.claimed()
        pause.claimed()
    assert (pause.is_on, health.ready()) == (False, None)
    first, last = (record.getMessage() for record in caplog.records)
    assert first.startswith("claiming pauses: 500 results are not acknowledged by every group")
    assert last == "claiming goes on after a pause of 20 s"


def test_a_pause_is_over_where_nothing_waits_to_be_claimed() -> None:
    now = 100.0
    pause = ResultsPause(500, clock=lambda: now)
    pause.refused()
    now += results_pause.FORGET_SECONDS
    assert pause.is_on
    now += 0.1
    assert not pause.is_on
