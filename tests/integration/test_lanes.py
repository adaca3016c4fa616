"""Lanes through whole workers: a flood in one holds up no other, and nothing is lost or twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from producer import JournalClient, JournalEntry
from tests.integration.conftest import Backend, wait_until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import redis

    from producer import KeySet, Settings

LANES = "urgent=8,bulk=1"
BATCH = 16
#: What children have begun with or been given when an urgent entry arrives, with room to spare.
MOST_BEFORE = 10 * BATCH
FLOOD = 1000


@pytest.fixture
def lanes(settings: Settings, keys: KeySet) -> Iterator[JournalClient]:
    """A client that names lanes."""
    with JournalClient(settings.model_copy(update={"lanes": LANES}), keys) as client:
        yield client


def entries(prefix: str, count: int) -> list[JournalEntry]:
    return [JournalEntry(entry_id=f"{prefix}{i}", text=f"Entry {i}.") for i in range(count)]


def test_a_flood_in_one_lane_holds_up_no_entry_of_another(
    lanes: JournalClient,
    backend: Backend,
    client: redis.Redis,
    start_light_worker: Callable[..., subprocess.Popen[bytes]],
) -> None:
    lanes.submit_many(entries("bulk", FLOOD), lane="bulk")
    start_light_worker(JOURNAL_LANES=LANES, JOURNAL_MAX_BATCH_ENTRIES=str(BATCH))
    wait_until(lambda: client.xlen("journal.results") > 0, "the flood to be worked on")
    lanes.submit_many(entries("urgent", 30))
    before = client.xlen("journal.results")
    assert before < FLOOD / 2, "the flood is over too soon to tell anything"
    backend.answers(FLOOD + 30)
    order = [fields[b"entry_id"] for _, fields in client.xrange("journal.results")]
    last = max(place for place, name in enumerate(order) if name.startswith(b"urgent"))
    assert last < before + 30 + MOST_BEFORE
    assert not client.exists("journal.entries.lane:bulk", "journal.entries.claims")


def test_a_worker_that_dies_or_knows_no_lanes_loses_nothing_and_doubles_nothing(
    lanes: JournalClient,
    backend: Backend,
    client: redis.Redis,
    start_light_worker: Callable[..., subprocess.Popen[bytes]],
    tmp_path: Path,
) -> None:
    lanes.submit_many(entries("bulk", FLOOD), lane="bulk")
    lanes.submit_many(entries("urgent", 100))
    start_light_worker()
    log = tmp_path / "light.log"
    wait_until(lambda: "does not name" in log.read_text(), "a worker to tell of the lane")
    doomed = start_light_worker(JOURNAL_LANES=LANES, JOURNAL_MAX_BATCH_ENTRIES=str(BATCH))
    wait_until(lambda: client.xlen("journal.results") > 200, "the bulk lane to be worked on")
    doomed.kill()
    doomed.wait()
    start_light_worker(JOURNAL_LANES=LANES, JOURNAL_LEASE_SECONDS="5")
    assert len(backend.answers(FLOOD + 100)) == FLOOD + 100
    assert client.xlen("journal.results") == FLOOD + 100


def test_a_flood_of_one_tenant_holds_up_no_entry_of_another(
    settings: Settings,
    keys: KeySet,
    backend: Backend,
    client: redis.Redis,
    start_light_worker: Callable[..., subprocess.Popen[bytes]],
) -> None:
    buckets = settings.model_copy(update={"tenant_buckets": 8})
    flooding = next(name for name in map(str, range(99)) if keys.bucket(name, 8) == 1)
    other = next(name for name in map(str, range(99)) if keys.bucket(name, 8) == 2)
    with JournalClient(buckets, keys) as producer:
        producer.submit_many(entries("flood", FLOOD), tenant=flooding)
        # The worker need not know: it finds the lists.
        start_light_worker(JOURNAL_MAX_BATCH_ENTRIES=str(BATCH))
        wait_until(lambda: client.xlen("journal.results") > 0, "the flood to be worked on")
        producer.submit_many(entries("other", 30), tenant=other)
        before = client.xlen("journal.results")
        assert before < FLOOD / 2, "the flood is over too soon to tell anything"
        backend.answers(FLOOD + 30)
    order = [fields[b"entry_id"] for _, fields in client.xrange("journal.results")]
    last = max(place for place, name in enumerate(order) if name.startswith(b"other"))
    assert last < before + 2 * 30 + MOST_BEFORE
    assert not client.keys("*tenants*")
