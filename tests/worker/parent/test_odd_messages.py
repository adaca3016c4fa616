"""Entries revoked or expired, and messages that are no entries."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from celery.worker import state

from producer.message import encode_message
from tests.worker.parent.batch_support import OUT_OF_REACH, SEALED, Desk, altered, names

if TYPE_CHECKING:
    pass


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


def test_what_celery_would_drop_is_requeued_while_redis_is_away(desk: Desk) -> None:
    desk.settler.error = OUT_OF_REACH
    desk.entry("e0").reject(requeue=False)
    assert desk.rejected == ["e0"]


def test_an_expired_entry_becomes_a_dead_letter_with_its_content(desk: Desk) -> None:
    message = altered(encode_message("e0", SEALED), expires="2020-01-01T00:00:00+00:00")
    desk.dispatcher.add(desk.request(message))
    assert desk.jobs() == []
    ((claim, reason),) = desk.settler.settled
    assert (reason, claim.sealed) == ("expired", SEALED)
    assert desk.outcome("expired") == 1


def body(*parts: Any) -> str:
    return base64.b64encode(json.dumps(parts).encode()).decode()


EMBED: dict[str, Any] = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


@pytest.mark.parametrize(
    "args", [[], [1], ["a", "b"], [None], [["a"]], {"sealed": "a"}, "ab", 7, ["\ud800"], ["ü"]]
)
def test_arguments_that_are_no_sealed_text_are_dead_lettered_with_what_they_were(
    desk: Desk, args: Any
) -> None:
    payload = json.loads(encode_message("e0", SEALED))
    payload["body"] = body(args, {}, EMBED)
    desk.dispatcher.add(desk.request(json.dumps(payload).encode()))
    desk.add("e1")
    assert desk.jobs() == [["e1"]]
    ((claim, reason),) = desk.settler.settled
    assert reason == "malformed"
    assert json.loads(claim.sealed)[0] == args  # the body as it came
    claim.sealed.encode()


@pytest.mark.parametrize(
    "enqueued_at",
    [10**400, float("nan"), float("inf"), -5, "soon", True, []],
    ids=["huge", "nan", "inf", "negative", "word", "bool", "list"],
)
def test_a_time_of_submission_that_makes_no_sense_is_unknown(desk: Desk, enqueued_at: Any) -> None:
    desk.dispatcher.add(
        desk.request(altered(encode_message("e0", SEALED), enqueued_at=enqueued_at))
    )
    (claim,) = desk.take().claims
    assert claim.enqueued_at == 0.0


@pytest.mark.parametrize("ident", ["", "x" * 129, "spaces in it", "line\nbreak", "\ud800", "ü"])
def test_an_id_that_is_none_is_dead_lettered_as_unknown(desk: Desk, ident: str) -> None:
    desk.dispatcher.add(desk.request(altered(encode_message("e0", SEALED), id=ident)))
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
    desk.dispatcher.add(desk.request(altered(encode_message("odd", SEALED), **headers)))
    desk.add("e1")
    for job in [ids for ids in desk.jobs() if ids]:
        assert set(job) <= {"odd", "e1"}
    desk.pool.jobs[0].answer()
    ended = [*desk.acknowledged, *desk.settler.reasons, *desk.rejected]
    assert {"odd", "e1"} <= set(ended)
