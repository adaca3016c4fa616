"""Entries that kill their child, hang it or break it: each alone ends as a dead letter."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from tests.chaos.garbage import kinds
from tests.integration.conftest import Backend, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import redis


@pytest.fixture
def light_worker(start_light_worker: Callable[..., object], tmp_path: Path) -> Path:
    """A worker with stand-in stages that misbehave as an entry asks: its log."""
    start_light_worker(JOURNAL_BATCH_TIMEOUT_SECONDS="4")
    return tmp_path / "light.log"


def test_only_the_poison_entries_become_dead_letters(
    light_worker: Path, backend: Backend, client: redis.Redis
) -> None:
    kinds_of_poison = ("POISON-KILL", "POISON-HANG", "POISON-RAISE")
    texts = [f"A good entry, number {i}." for i in range(600)]
    poison = {i: kinds_of_poison[k % 3] for k, i in enumerate(range(57, 600, 100))}
    for i, kind in poison.items():
        texts[i] = f"{kind} xylocanary {i}"
    backend.ask(texts)
    answers = backend.answers(len(texts) - len(poison), seconds=150)
    wait_until(
        lambda: client.xlen("journal.dead") == len(poison), "the poison entries to be dead letters"
    )
    assert not {f"e{i}" for i in poison} & set(answers)
    letters = [json.loads(f[b"letter"]) for _, f in client.xrange("journal.dead")]
    reasons = {letter["entry_id"]: letter["reason"] for letter in letters}
    expected = {
        "POISON-KILL": "worker_lost",
        "POISON-HANG": "timed_out",
        "POISON-RAISE": "classifier_failed",
    }
    assert reasons == {f"e{i}": expected[kind] for i, kind in poison.items()}
    assert "xylocanary" not in light_worker.read_text()


def test_garbage_of_many_kinds_is_dead_lettered_whole(
    light_worker: Path, backend: Backend, client: redis.Redis
) -> None:
    rng = random.Random(5)
    makers = list(kinds(rng, backend.keys).values())
    count = 3000
    with client.pipeline(transaction=False) as pipeline:
        for _ in range(count):
            pipeline.lpush("journal.entries", rng.choice(makers)())
        pipeline.execute()
    backend.ask([f"A good entry, {i}." for i in range(50)])
    assert len(backend.answers(50, seconds=120)) == 50
    wait_until(lambda: client.xlen("journal.dead") == count, "all garbage to be dead letters", 120)
    wait_until(lambda: client.hlen("journal.entries.claims") == 0, "no claim to be left")
    assert "Unrecoverable" not in light_worker.read_text()
