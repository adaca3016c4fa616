"""Two workers, in any order of steps: every message stays in one place, and is answered once."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.worker.broker.claims_support import (
    CLAIMS,
    QUEUE,
    Place,
    dead,
    debian_redis,
    expire,
    open_claims,
    result,
)

if TYPE_CHECKING:
    from pathlib import Path

STEPS = 50
LOOK_EVERY = 5
WORKERS = st.integers(0, 1)
#: Which of a worker's latest tags a step is about, as bits.
PICKS = st.integers(0, 255)


class TwoWorkers(RuleBasedStateMachine):
    """Compares the server with a model that knows where each message has to be.

    A tag a worker ever had stays in its hands here: settling late, twice, or after another has
    taken over is what workers do that were paused.
    """

    client: redis.Redis
    workers: tuple[Any, Any]

    def __init__(self) -> None:
        super().__init__()
        self.client.flushall()
        self.submitted = self.looks = 0
        self.waiting: deque[bytes] = deque()  # the next to be taken on the left
        self.held: dict[str, bytes] = {}
        self.silent: set[str] = set()
        self.failures: Counter[bytes] = Counter()
        self.answered: list[bytes] = []
        self.dead: list[bytes] = []
        self.tags: tuple[list[str], list[str]] = ([], [])

    def pick(self, worker: int, picks: int) -> list[str]:
        """Some of the latest tags this worker had, still held or not, in an order of their own."""
        tags = self.tags[worker][-8:]
        chosen = [tag for i, tag in enumerate(tags) if picks >> i & 1]
        return chosen[::-1] if picks & 1 else chosen

    @rule(count=st.integers(1, 5))
    def submit(self, count: int) -> None:
        messages = [b'{"n": %d}' % (self.submitted + i) for i in range(count)]
        self.submitted += count
        self.client.lpush(QUEUE, *messages)
        self.waiting.extend(messages)

    @rule(worker=WORKERS, count=st.integers(1, 6))
    def claim(self, worker: int, count: int) -> None:
        for tag, message, deliveries in self.workers[worker].claim(count):
            assert message == self.waiting.popleft()
            assert deliveries == 1 + self.failures[message]
            assert tag not in self.tags[0] + self.tags[1]
            self.held[tag] = message
            self.tags[worker].append(tag)

    @rule(worker=WORKERS, picks=PICKS, as_result=st.booleans())
    def settle(self, worker: int, picks: int, as_result: bool) -> None:
        tags = self.pick(worker, picks)
        make, place = (result, self.answered) if as_result else (dead, self.dead)
        names = [self.held.get(tag, b"lost").decode() for tag in tags]
        answers = [make(tag, name) for tag, name in zip(tags, names, strict=True)]
        expected = [tag in self.held for tag in tags]
        assert self.workers[worker].settle(answers) == expected
        for tag in tags:
            if tag in self.held:
                message = self.give_up(tag)
                place.append(message)
                del self.failures[message]

    @rule(worker=WORKERS, picks=PICKS, failed=st.booleans())
    def requeue(self, worker: int, picks: int, failed: bool) -> None:
        tags = self.pick(worker, picks)
        ours = [tag for tag in tags if tag in self.held]
        assert self.workers[worker].requeue(tags, failed=failed) == len(ours)
        messages = [self.give_up(tag) for tag in ours]
        self.waiting.extendleft(messages[::-1])
        if failed:
            self.failures.update(messages)

    @rule(worker=WORKERS, picks=PICKS, failed=st.booleans())
    def renew(self, worker: int, picks: int, failed: bool) -> None:
        tags = self.pick(worker, picks)
        ours = [tag for tag in tags if tag in self.held]
        lost = [tag for tag in tags if tag not in ours]
        assert self.workers[worker].renew(tags, failed=failed) == lost
        self.silent.difference_update(ours)
        if failed:
            self.failures.update(self.held[tag] for tag in ours)

    @rule(worker=WORKERS, picks=PICKS)
    def fall_silent(self, worker: int, picks: int) -> None:
        tags = [tag for tag in self.pick(worker, picks) if tag in self.held]
        expire(self.client, tags)
        self.silent.update(tags)

    @rule(worker=WORKERS)
    def reap(self, worker: int) -> None:
        assert self.workers[worker].reap() == len(self.silent)
        back = [self.give_up(tag) for tag in sorted(self.silent)]
        self.failures.update(back)
        self.waiting.extendleft(back[::-1])

    @invariant()
    def look_now_and_then(self) -> None:
        # What is lost stays lost: a look at every few steps and at the end finds it too.
        self.looks += 1
        if self.looks % LOOK_EVERY == 0:
            self.every_message_is_in_one_place()

    def teardown(self) -> None:
        self.every_message_is_in_one_place()

    def every_message_is_in_one_place(self) -> None:
        place = Place(self.client)
        everywhere = [*place.queue, *self.held.values(), *place.results, *place.dead]
        assert sorted(everywhere) == sorted(b'{"n": %d}' % i for i in range(self.submitted))
        assert place.queue == list(self.waiting)
        assert place.claims == self.held
        assert place.leases == set(self.held)
        assert place.results == self.answered
        assert place.dead == self.dead
        counts = {hashlib.sha1(m).hexdigest().encode(): n for m, n in self.failures.items() if n}
        assert place.deliveries == counts

    def give_up(self, tag: str) -> bytes:
        self.silent.discard(tag)
        return self.held.pop(tag)


def interleave(url: str, steps: int) -> None:
    with redis.Redis.from_url(url) as client:

        class Machine(TwoWorkers):
            pass

        Machine.client = client
        Machine.workers = (open_claims(url), open_claims(url))
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=steps // STEPS,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_every_message_is_in_one_place_whatever_two_workers_do(redis_url: str) -> None:
    interleave(redis_url, steps=20_000)


def test_the_same_holds_on_debians_redis(tmp_path: Path) -> None:
    with debian_redis(tmp_path) as server:
        interleave(server.url, steps=4_000)


def test_the_model_notices_a_claim_that_goes_missing(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:

        class Machine(TwoWorkers):
            pass

        Machine.client = client
        Machine.workers = (open_claims(redis_url), open_claims(redis_url))
        machine = Machine()
        machine.submit(2)
        machine.claim(0, 1)
        machine.every_message_is_in_one_place()
        client.hdel(CLAIMS, machine.tags[0][0])
        with pytest.raises(AssertionError):
            machine.every_message_is_in_one_place()
