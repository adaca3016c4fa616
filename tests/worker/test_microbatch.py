"""The batcher: when it sends what, and what becomes of batches that do not come back."""

from __future__ import annotations

import base64
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
import redis
from celery.worker import state

from producer.message import encode_message
from tests.worker.batch_support import SEALED, Desk, altered
from worker.report import BatchReport, Failure, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

OUT_OF_REACH = redis.ConnectionError("gone")


@pytest.fixture
def desk() -> Desk:
    """One child, at most four entries or 1,000 tokens, three deliveries."""
    return Desk()


@pytest.fixture(autouse=True)
def _celery_forgets() -> Iterator[None]:
    yield
    state.reset_state()
    state.revoked.clear()


def names(count: int) -> list[str]:
    return [f"e{i}" for i in range(count)]


# When batches leave


def test_an_idle_child_gets_what_there_is_at_once(desk: Desk) -> None:
    desk.add("e0")
    assert desk.jobs() == [["e0"]]


def test_what_arrives_in_one_turn_leaves_together(desk: Desk) -> None:
    desk.add("e0", "e1", "e2")
    assert desk.pool.jobs == []
    assert desk.jobs() == [["e0", "e1", "e2"]]


def test_entries_gather_while_every_child_is_busy(desk: Desk) -> None:
    desk.add("e0")
    job = desk.take()
    for name in ("e1", "e2"):
        desk.add(name)
        assert desk.jobs() == []
    assert (desk.batcher.waiting, desk.batcher.running) == (2, 1)
    job.answer()
    assert desk.jobs() == [["e1", "e2"]]


def test_each_idle_child_gets_a_batch() -> None:
    desk = Desk(children=3, max_entries=2)
    desk.add(*names(7))
    assert desk.jobs() == [["e0", "e1"], ["e2", "e3"], ["e4", "e5"]]
    desk.pool.jobs[1].answer()
    assert desk.jobs()[3:] == [["e6"]]


def test_a_pool_that_stops_gets_nothing(desk: Desk) -> None:
    desk.pool.active = False
    desk.add("e0")
    assert desk.jobs() == []


def test_a_batch_holds_no_more_entries_than_allowed(desk: Desk) -> None:
    desk.add(*names(6))
    assert desk.take().ids == names(4)


def test_a_batch_holds_no_more_tokens_than_allowed(desk: Desk) -> None:
    desk.add("e0", "e1", "e2", tokens=400)
    job = desk.take()
    assert job.ids == ["e0", "e1"]
    job.answer()
    assert desk.take().ids == ["e2"]


def test_an_entry_larger_than_a_batch_travels_alone(desk: Desk) -> None:
    desk.add("small")
    desk.add("huge", tokens=5000)
    desk.add("next")
    for expected in (["small"], ["huge"], ["next"]):
        job = desk.take()
        assert job.ids == expected
        job.answer()


def test_a_full_batch_has_the_time_limit_it_was_given(desk: Desk) -> None:
    desk.add(*names(4))
    assert desk.take().timeout == 7.0


@pytest.mark.parametrize(
    ("entries", "tokens", "share"), [(1, 1, 2 / 7), (2, 1, 0.5), (1, 750, 0.75), (1, 5000, 1.0)]
)
def test_a_smaller_batch_has_less_time(desk: Desk, entries: int, tokens: int, share: float) -> None:
    desk.add(*names(entries), tokens=tokens)
    assert desk.take().timeout == pytest.approx(7.0 * share, rel=0.01)


# What comes back


def test_answered_entries_are_acknowledged_and_counted(desk: Desk) -> None:
    desk.add("e0", "e1", "e2")
    job = desk.take()
    job.accept()
    job.answer(Outcome.ANSWERED, Outcome.DEAD, Outcome.LEASE_LOST)
    assert desk.acknowledged == ["e0", "e1", "e2"]
    assert [desk.outcome(o) for o in ("answered", "dead", "lease_lost")] == [1, 1, 1]
    assert not set(state.active_requests) | set(state.reserved_requests)
    assert desk.sample("journal_batch_entries_sum") == 3


def test_a_batch_that_redis_would_not_settle_is_handed_back_after_a_rest(desk: Desk) -> None:
    desk.add("e0", "e1")
    desk.take().report(BatchReport(failure=Failure.UNSETTLED))
    assert (desk.rejected, desk.blamed) == ([], [])
    ((seconds, function, args),) = desk.later
    assert seconds > 0
    function(*args)
    assert desk.rejected == ["e0", "e1"]
    assert desk.outcome("requeued") == 2


def test_tags_names_every_claim_in_our_hands(desk: Desk) -> None:
    desk.add(*names(6))
    job = desk.take()
    assert sorted(desk.batcher.tags()) == [f"tag-{name}" for name in names(6)]
    job.lose()  # now four are under suspicion
    assert sorted(desk.batcher.tags()) == [f"tag-{name}" for name in names(6)]


# Finding who is guilty


def run_to_the_end(desk: Desk, guilty: set[str], end: str = "lose") -> list[str]:
    """Children that die of guilty entries; returns who was answered."""
    answered: list[str] = []
    desk.turn()
    tries = 0
    while desk.pool.jobs:
        tries += 1
        assert tries < 2000, "the search does not end"
        job = desk.pool.jobs.pop(0)
        if guilty & set(job.ids):
            getattr(job, end)()
        else:
            answered += job.ids
            job.answer()
        desk.turn()
    return answered


@pytest.mark.parametrize(
    ("end", "reason"),
    [("lose", "worker_lost"), ("run_late", "timed_out"), ("break_down", "classifier_failed")],
)
def test_only_the_guilty_entry_is_buried_and_its_neighbours_are_answered(
    end: str, reason: str
) -> None:
    desk = Desk(max_entries=64)
    desk.add(*names(64))
    answered = run_to_the_end(desk, {"e37"}, end)
    assert sorted(answered) == sorted(set(names(64)) - {"e37"})
    assert desk.settler.reasons == {"e37": reason}
    assert sorted(desk.acknowledged) == sorted(names(64))
    assert desk.batcher.tags() == []
    assert desk.outcome("dead") == 1


@pytest.mark.parametrize("seed", range(20))
def test_every_entry_is_answered_or_buried_once_whoever_is_guilty(seed: int) -> None:
    rng = random.Random(seed)
    desk = Desk(
        children=rng.randint(1, 4), max_entries=rng.randint(1, 20), max_deliveries=rng.randint(1, 5)
    )
    everyone = names(50)
    guilty = set(rng.sample(everyone, rng.randint(0, 12)))
    desk.add(*everyone)
    answered = run_to_the_end(desk, guilty)
    assert sorted(answered) == sorted(set(everyone) - guilty)
    assert set(desk.settler.reasons) == guilty
    assert sorted(desk.acknowledged) == sorted(everyone)


def test_an_entry_alone_is_tried_as_often_as_allowed(desk: Desk) -> None:
    desk.add("e0")
    for deliveries in (1, 2, 3):
        job = desk.take()
        assert [claim.deliveries for claim in job.claims] == [deliveries]
        assert desk.settler.settled == []
        job.lose()
    ((claim, reason),) = desk.settler.settled
    assert (reason, claim.deliveries, claim.sealed) == ("worker_lost", 3, SEALED)
    assert desk.jobs() == []


def test_a_lost_batch_is_split_in_eighths() -> None:
    desk = Desk(max_entries=64)
    desk.add(*names(20))
    desk.take().lose()
    assert desk.take().ids == ["e0", "e1", "e2"]
    assert desk.batcher.waiting == 17


def test_the_guilty_of_a_full_batch_costs_three_children() -> None:
    desk = Desk(max_entries=64)
    desk.add(*names(64))
    run_to_the_end(desk, {"e37"})
    ((claim, _),) = desk.settler.settled
    assert claim.deliveries == 3
    assert desk.sample("journal_redeliveries_total") == 64 + 8


def test_a_failed_delivery_is_counted_where_it_outlives_this_worker(desk: Desk) -> None:
    desk.add("e0", "e1")
    desk.take().lose()
    assert desk.blamed == ["tag-e0", "tag-e1"]
    assert desk.sample("journal_redeliveries_total") == 2


def test_a_timeout_that_tells_twice_counts_once(desk: Desk) -> None:
    desk.add("e0")
    job = desk.take()
    job.run_late()
    job.lose()
    job.answer()
    assert desk.blamed == ["tag-e0"]
    assert desk.acknowledged == []
    assert desk.take().ids == ["e0"]


def test_counting_that_fails_stops_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def blame(tags: list[str]) -> None:
        raise OUT_OF_REACH

    monkeypatch.setattr(desk.batcher, "_blame", blame)
    desk.add("e0")
    desk.take().lose()
    assert [claim.deliveries for claim in desk.take().claims] == [2]


def test_what_lost_whole_workers_before_travels_alone(desk: Desk) -> None:
    desk.add("e0")
    desk.add("suspect", deliveries=4)
    desk.add("e2")
    for expected in (["e0"], ["suspect"], ["e2"]):
        job = desk.take()
        assert job.ids == expected
        job.answer()


def test_what_lost_worker_after_worker_is_buried_untried(desk: Desk) -> None:
    desk.add("e0", deliveries=1000)
    assert desk.jobs() == []
    assert desk.settler.reasons == {"e0": "worker_lost"}
    assert desk.acknowledged == ["e0"]


def test_innocents_handed_back_in_the_middle_of_a_search_are_tried_again() -> None:
    """Each splitting counts for every entry of a part; a drain hands them back so counted."""
    first = Desk(max_entries=4096, max_deliveries=1)
    first.add(*names(4096))
    job = first.take()
    while len(job.claims) > 1:  # the guilty one is always in the first part
        job.lose()
        job = first.take()
        first.batcher._suspects.clear()
    (claim,) = job.claims
    second = Desk(max_entries=4096, max_deliveries=1)
    second.add("e0", deliveries=claim.deliveries)
    assert second.jobs() == [["e0"]]


def test_a_burial_that_redis_refuses_is_tried_again_later(desk: Desk) -> None:
    desk.add("e0", deliveries=1000)
    desk.settler.error = OUT_OF_REACH
    assert desk.jobs() == []
    assert desk.acknowledged == []
    ((_, function, args),) = desk.later
    function(*args)
    assert desk.rejected == ["e0"]


def test_a_burial_after_the_lease_was_lost_counts_as_that(desk: Desk) -> None:
    desk.settler.held = False
    desk.add("e0", deliveries=1000)
    desk.turn()
    assert (desk.outcome("lease_lost"), desk.outcome("dead")) == (1, 0)


# Revoked, expired, malformed


def test_what_was_revoked_while_it_waited_is_skipped(desk: Desk) -> None:
    desk.add("e0")
    job = desk.take()
    desk.add("e1", "e2")
    state.revoked.add("e1")
    job.answer()
    assert desk.take().ids == ["e2"]
    assert desk.settler.reasons == {"e1": "revoked"}
    assert desk.outcome("revoked") == 1
    assert "e1" in desk.acknowledged


def test_revoked_entries_alone_keep_no_child_busy(desk: Desk) -> None:
    state.revoked.update(names(5))
    desk.add(*names(5))
    assert desk.jobs() == []
    assert len(desk.settler.settled) == 5
    desk.add("e5")
    assert desk.jobs() == [["e5"]]


def test_what_celery_would_drop_becomes_a_dead_letter(desk: Desk) -> None:
    desk.entry("e0").reject(requeue=False)
    assert desk.settler.reasons == {"e0": "malformed"}
    assert (desk.acknowledged, desk.rejected) == (["e0"], [])


def test_what_celery_would_drop_goes_back_while_redis_is_away(desk: Desk) -> None:
    desk.settler.error = OUT_OF_REACH
    desk.entry("e0").reject(requeue=False)
    assert desk.rejected == ["e0"]


def test_an_expired_entry_becomes_a_dead_letter_with_its_content(desk: Desk) -> None:
    message = altered(encode_message("e0", SEALED), expires="2020-01-01T00:00:00+00:00")
    desk.batcher.add(desk.request(message))
    assert desk.jobs() == []
    ((claim, reason),) = desk.settler.settled
    assert (reason, claim.sealed) == ("expired", SEALED)
    assert desk.outcome("expired") == 1


def test_a_revocation_that_redis_does_not_take_is_handed_back(desk: Desk) -> None:
    state.revoked.add("e0")
    desk.settler.error = OUT_OF_REACH
    desk.add("e0", "e1")
    assert desk.jobs() == [["e1"]]
    for _, function, args in desk.later:
        function(*args)
    assert desk.rejected == ["e0"]


def body(*parts: Any) -> str:
    return base64.b64encode(json.dumps(parts).encode()).decode()


EMBED: dict[str, Any] = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


@pytest.mark.parametrize(
    "args", [[], [1], ["a", "b"], [None], [["a"]], {"sealed": "a"}, "ab", 7, ["\ud800"], ["ü"]]
)
def test_arguments_that_are_no_sealed_text_are_buried_with_what_they_were(
    desk: Desk, args: Any
) -> None:
    payload = json.loads(encode_message("e0", SEALED))
    payload["body"] = body(args, {}, EMBED)
    desk.batcher.add(desk.request(json.dumps(payload).encode()))
    desk.add("e1")
    assert desk.jobs() == [["e1"]]
    ((claim, reason),) = desk.settler.settled
    assert reason == "malformed"
    assert json.loads(claim.sealed) == args
    claim.sealed.encode()


@pytest.mark.parametrize(
    "enqueued_at",
    [10**400, float("nan"), float("inf"), -5, "soon", True, []],
    ids=["huge", "nan", "inf", "negative", "word", "bool", "list"],
)
def test_a_time_of_submission_that_makes_no_sense_is_unknown(desk: Desk, enqueued_at: Any) -> None:
    desk.batcher.add(desk.request(altered(encode_message("e0", SEALED), enqueued_at=enqueued_at)))
    (claim,) = desk.take().claims
    assert claim.enqueued_at == 0.0


@pytest.mark.parametrize("ident", ["", "x" * 129, "spaces in it", "line\nbreak", "\ud800", "ü"])
def test_an_id_that_is_none_is_buried_as_unknown(desk: Desk, ident: str) -> None:
    desk.batcher.add(desk.request(altered(encode_message("e0", SEALED), id=ident)))
    assert desk.jobs() == []
    assert desk.settler.reasons == {"unknown": "malformed"}


@pytest.mark.parametrize(
    "headers",
    [
        {"stamped_headers": 5},
        {"stamped_headers": ["a"], "stamps": 5},
        {"expires": "2020-01-01T00:00:00"},
        {"shadow": ["x"]},
        {"timelimit": "x"},
        {"retries": "many"},
        {"root_id": {}},
    ],
)
def test_odd_headers_stop_nobody(desk: Desk, headers: dict[str, Any]) -> None:
    state.revoked_stamps["a"] = ["x"]
    desk.batcher.add(desk.request(altered(encode_message("odd", SEALED), **headers)))
    desk.add("e1")
    for job in [ids for ids in desk.jobs() if ids]:
        assert set(job) <= {"odd", "e1"}
    desk.pool.jobs[0].answer()
    ended = [*desk.acknowledged, *desk.settler.reasons, *desk.rejected]
    assert {"odd", "e1"} <= set(ended)


# Ending


def test_a_draining_batcher_begins_nothing(desk: Desk) -> None:
    desk.add(*names(6))
    job = desk.take()
    desk.batcher.drain()
    job.answer()
    desk.add("late")
    assert desk.jobs() == []
    assert desk.batcher.waiting == 3
    assert desk.acknowledged == names(4)


def test_a_batch_lost_while_draining_begins_no_search(desk: Desk) -> None:
    desk.add("e0", "e1")
    job = desk.take()
    desk.batcher.drain()
    job.lose()
    assert desk.jobs() == []
    assert desk.settler.settled == []
    assert desk.batcher.running == 0


def test_a_new_connection_forgets_what_waited_for_the_old_one(desk: Desk) -> None:
    desk.add(*names(6))
    desk.take().lose()
    desk.batcher.forget_waiting()
    assert desk.jobs() == []
    assert desk.batcher.tags() == []


def test_the_gauges_tell_what_waits_and_what_runs(desk: Desk) -> None:
    desk.add(*names(6))
    desk.turn()
    assert desk.sample("journal_worker_in_flight", state="waiting") == 2
    assert desk.sample("journal_worker_in_flight", state="running") == 4
