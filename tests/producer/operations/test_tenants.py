"""Tenants take turns within a lane, and nothing of an entry tells whose it is."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import pytest

from producer import JournalClient, JournalEntry, KeySet, QueueFull
from producer.dead_letters import DeadLetters
from producer.keys import parse_lanes
from producer.sealing import new_key
from producer.settings import Settings
from tests.producer.answering import Worker
from tests.producer.support import QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from worker.broker.claims import Claims
    from worker.broker.records import Claimed

LANES = "interactive=8,bulk=1"
BUCKETS = 16


@pytest.fixture
def tenants(settings: Settings) -> Settings:
    return settings.model_copy(update={"tenant_buckets": BUCKETS})


@pytest.fixture
def client(tenants: Settings, keys: KeySet) -> Iterator[JournalClient]:
    with JournalClient(tenants, keys) as opened:
        yield opened


@pytest.fixture
def claims(tenants: Settings, keys: KeySet) -> Claims:
    return Worker(tenants, keys).claims


def named(keys: KeySet, bucket: int, prefix: str = "tenant") -> str:
    """A tenant that is in this bucket today."""
    return next(
        name
        for name in (f"{prefix}-{number}" for number in range(10_000))
        if keys.bucket(name, BUCKETS) == bucket
    )


def ids(claimed: list[Claimed] | None) -> list[str]:
    return [json.loads(one.message)["headers"]["id"] for one in claimed or []]


def some(prefix: str, count: int) -> list[JournalEntry]:
    return [JournalEntry(entry_id=f"{prefix}{i}", text="Soup.") for i in range(count)]


def test_a_bucket_is_the_same_everywhere_for_a_day_and_another_one_with_another_key(
    keys: KeySet,
) -> None:
    day = date(2026, 11, 29)
    names = [f"user-{number}" for number in range(2000)]
    found = [keys.bucket(name, BUCKETS, day=day) for name in names]
    assert found == [keys.bucket(name, BUCKETS, day=day) for name in names]
    assert all(80 < count < 180 for count in Counter(found).values())
    assert len(Counter(found)) == BUCKETS
    for others in (
        [keys.bucket(name, BUCKETS, day=date(2026, 11, 30)) for name in names],
        [KeySet.from_jwks({"keys": [new_key()]}).bucket(name, BUCKETS, day=day) for name in names],
    ):
        same = sum(one == other for one, other in zip(found, others, strict=True))
        assert same < 250, "one in sixteen stays by chance"


def test_a_flood_of_one_tenant_leaves_another_every_second_turn(
    client: JournalClient, claims: Claims, keys: KeySet
) -> None:
    client.submit_many(some("flood", 1000), tenant=named(keys, 3))
    client.submit_many(some("other", 20), tenant=named(keys, 5))
    client.submit_many(some("none", 20))
    taken = ids(claims.claim(60))
    counts = Counter(one.rstrip("0123456789") for one in taken)
    # Among those without a tenant is the first entry of all, which was to wake a worker.
    assert counts == {"flood": 21, "other": 20, "none": 19}
    for prefix in ("flood", "other", "none"):
        numbers = [int(one.removeprefix(prefix)) for one in taken if one.startswith(prefix)]
        assert numbers == sorted(numbers), "the oldest first"
    assert set(ids(claims.claim(100))) == {"none19", *(f"flood{i}" for i in range(21, 120))}


def test_turns_are_fair_too_where_one_entry_is_claimed_at_a_time(
    client: JournalClient, claims: Claims, keys: KeySet
) -> None:
    for bucket, prefix in ((1, "a"), (7, "b"), (9, "c")):
        client.submit_many(some(prefix, 600), tenant=named(keys, bucket))
    found = Counter(ids(claims.claim(1))[0][0] for _ in range(600))
    assert all(140 < found[prefix] < 260 for prefix in "abc"), found


def test_nothing_that_is_stored_tells_the_tenant(
    client: JournalClient, claims: Claims, keys: KeySet, raw: redis.Redis
) -> None:
    client.submit("Soup.", entry_id="first", tenant=named(keys, 2, "zebulon"))
    client.submit_many(some("e", 5), tenant=named(keys, 2, "zebulon"), reply=True)
    assert raw.llen(f"{QUEUE}.lane:.tenants:2/{BUCKETS}") == 5
    claims.claim(3)
    stored = " ".join(repr(raw.dump(key)) + key for key in raw.keys("*"))
    assert "zebulon" not in stored
    message = json.loads(raw.lrange(f"{QUEUE}.lane:.tenants:2/{BUCKETS}", -1, -1)[0])
    assert not {"tenant", "bucket"} & message["headers"].keys()


def test_without_the_setting_or_a_tenant_there_is_one_list(
    settings: Settings, client: JournalClient, keys: KeySet, raw: redis.Redis
) -> None:
    with JournalClient(settings, keys) as plain:
        plain.submit_many(some("a", 3), tenant="somebody")
    client.submit_many(some("b", 3))
    assert (raw.llen(QUEUE), raw.keys("*tenants*")) == (6, [])


def test_tenants_of_a_lane_share_its_room_and_its_counts(
    tenants: Settings, keys: KeySet, raw: redis.Redis
) -> None:
    lanes = tenants.model_copy(update={"lanes": LANES, "max_queue_entries": 20})
    with JournalClient(lanes, keys) as client:
        client.submit_many(some("a", 6), lane="bulk", tenant=named(keys, 1))
        with pytest.raises(QueueFull) as caught:
            client.submit_many(some("b", 6), lane="bulk", tenant=named(keys, 2))
        # One was lent to the queue, to wake a worker.
        assert (caught.value.lane, len(caught.value.receipts)) == ("bulk", 5)
        with pytest.raises(QueueFull):
            client.submit("Soup.", lane="bulk")
        client.submit("Soup.", tenant=named(keys, 2))
        status = client.status()
        assert (status.ready, status.lanes) == (12, {"interactive": 1, "bulk": 11})
        assert client.cancel("b2")
        assert client.status().lanes["bulk"] == 10
        assert client.submit("Soup.", entry_id="a5", tenant="another").status == "duplicate"


def test_bytes_are_measured_over_all_tenants(tenants: Settings, keys: KeySet) -> None:
    few = tenants.model_copy(update={"max_queue_bytes": 40_000})
    with JournalClient(few, keys) as client:
        many = [JournalEntry(entry_id=f"e{i}", text="Soup. " * 100) for i in range(30)]
        client.submit_many(many[:15], tenant="a")
        with pytest.raises(QueueFull, match="bytes") as caught:
            client.submit_many(many[15:], tenant="b")
        assert 0 < len(caught.value.receipts) < 15


def test_lanes_keep_their_weights_whatever_their_tenants(tenants: Settings, keys: KeySet) -> None:
    lanes = tenants.model_copy(update={"lanes": LANES})
    claims = Worker(lanes, keys).claims
    with JournalClient(lanes, keys) as client:
        for bucket in range(4):
            client.submit_many(some(f"b{bucket}-", 100), lane="bulk", tenant=named(keys, bucket))
        client.submit_many(some("i", 400), tenant=named(keys, 0))
    taken = ids(claims.claim(180))
    assert sum(one.startswith("i") for one in taken) == 160
    bulk = Counter(one[:2] for one in taken if one.startswith("b"))
    assert sum(bulk.values()) == 20
    assert all(4 <= count <= 6 for count in bulk.values())


def test_what_is_given_back_or_replayed_is_taken_again(
    tenants: Settings, client: JournalClient, claims: Claims, keys: KeySet
) -> None:
    client.submit_many(some("e", 6), tenant=named(keys, 4))
    first = claims.claim(4)
    assert claims.requeue([one.tag for one in first or []]) == 4
    worker = Worker(tenants, keys)
    (claimed,) = worker.claims.claim(1) or []
    assert worker.bury(claimed, "e0")
    assert DeadLetters(tenants).drop([one.stream_id for one in DeadLetters(tenants)]) == 1
    assert set(ids(claims.claim(10))) == {f"e{i}" for i in range(6)} - set(ids([claimed]))


def test_workers_look_into_all_lists_that_there_are_and_wake_for_them(
    settings: Settings, keys: KeySet, claims: Claims, raw: redis.Redis
) -> None:
    """Numbers of buckets that producers differ in, as while the setting is rolled out."""
    for number in (4, 8):
        with JournalClient(settings.model_copy(update={"tenant_buckets": number}), keys) as client:
            client.submit_many(some(f"of{number}-", 10), tenant="somebody")
    raw.delete(QUEUE)
    assert claims.announce(1) == 1
    assert raw.llen(QUEUE) == 1, "one of them wakes a worker"
    taken = ids(claims.claim(100))
    assert len(taken) == 19
    assert raw.keys("*tenants*") == []


@pytest.mark.parametrize("lanes", ["", LANES])
@pytest.mark.parametrize("seed", range(2))
def test_every_entry_is_claimed_once_whatever_happens_in_between(
    tenants: Settings, keys: KeySet, raw: redis.Redis, lanes: str, seed: int
) -> None:
    chance = random.Random(seed)
    both = tenants.model_copy(update={"lanes": lanes})
    names = parse_lanes(lanes).names
    claims = Worker(both, keys).claims
    submitted = 0
    held: dict[str, str] = {}
    done: Counter[str] = Counter()
    with JournalClient(both, keys) as client:
        while submitted < 150 or held or client.status().ready:
            what = chance.random()
            if what < 0.3 and submitted < 150:
                count = chance.randrange(1, 12)
                client.submit_many(
                    some(f"{submitted}-", count),
                    lane=chance.choice(names),
                    tenant=chance.choice([None, "a", "b", "c", "d"]),
                )
                submitted += count
            elif what < 0.7:
                size = chance.choice([100, 3000, 1_000_000])
                claimed = claims.claim(chance.randrange(0, 9), len(held), size) or []
                held |= {one.tag: ids([one])[0] for one in claimed}
            elif what < 0.8:
                raw.lmove(QUEUE, f"{QUEUE}.woken", "RIGHT", "LEFT")
            elif held:
                tags = chance.sample(sorted(held), min(3, len(held)))
                if what < 0.88:
                    assert claims.requeue(tags) == len(tags)
                else:
                    done.update(held[tag] for tag in tags)
                    raw.hdel(f"{QUEUE}.claims", *tags)
                for tag in tags:
                    del held[tag]
            claims.announce(2)
    assert set(done.values()) == {1}
    assert sum(done.values()) == submitted
    assert not raw.keys("*tenants*")


def test_a_claim_takes_what_fits_of_each_tenant(
    client: JournalClient, claims: Claims, keys: KeySet
) -> None:
    for bucket in range(3):
        long = [JournalEntry(entry_id=f"{bucket}-{i}", text="Soup. " * 200) for i in range(9)]
        client.submit_many(long, tenant=named(keys, bucket))
    sizes = [len(claims.claim(9, 0, 8000) or []) for _ in range(9)]
    assert all(sizes)
    assert sum(sizes) <= 27
    assert all(one <= 5 for one in sizes)
