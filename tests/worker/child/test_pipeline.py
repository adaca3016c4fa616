"""Batches of entries in a child, with stand-in stages and real keys."""

from __future__ import annotations

import time

import pytest
import redis

from producer.schemas import DeadLetter
from producer.sealing import KeySet
from tests.worker.broker.claims_support import Place, open_claims
from tests.worker.child.pipeline_support import CANARY, Desk
from worker.broker.settlement import ClaimSettler
from worker.child.pipeline import Pipeline
from worker.errors import StageBrokenError, UnconfirmedError
from worker.protocol import Claim, Failure, Outcome, Stage


def test_an_entry_is_answered_with_ranges_of_its_own_text(desk: Desk) -> None:
    claim = desk.claim("e1", "Jane hates me.", deliveries=2)
    report = desk.run(claim)
    result = desk.result(0)
    assert (result.entry_id, result.context, result.deliveries) == ("e1", "about e1", 2)
    assert result.scores == {"A": 0.9, "B": 0.1}
    (label,) = result.labels
    assert (label.label, label.score) == ("A", 0.9)
    assert [(e.start, e.end) for e in label.evidence] == [(0, 14)]
    assert result.redactions == {"PERSON": 1}
    assert result.model == "test@1"
    assert result.submitted_at <= result.completed_at
    assert report.outcomes == [Outcome.ANSWERED]
    assert (report.labels, report.redactions) == ({"A": 1}, {"PERSON": 1})
    assert set(report.stages) == {Stage.ANONYMIZE, Stage.CLASSIFY, Stage.SETTLE}
    assert (report.tokens, report.padded_tokens) == (3, 4)


def test_the_classifier_sees_anonymized_text_only(desk: Desk) -> None:
    desk.run(desk.claim("e1", "Jane hates me."))
    assert desk.marker.seen == ["<PERSON> hates me."]


def test_results_hold_no_text(desk: Desk) -> None:
    desk.run(desk.claim("e1", f"Jane said {CANARY}."))
    assert CANARY not in desk.result(0).model_dump_json()
    assert "Jane" not in desk.result(0).model_dump_json()


def test_a_batch_keeps_its_order(desk: Desk) -> None:
    claims = [desk.claim(f"e{i}", "x" * (i + 1)) for i in range(5)]
    report = desk.run(*claims)
    assert [claim.entry_id for claim, _ in desk.settled] == [f"e{i}" for i in range(5)]
    assert [desk.result(i).labels[0].evidence[0].end for i in range(5)] == [1, 2, 3, 4, 5]
    assert len(desk.hider.calls) == 1
    assert report.outcomes == [Outcome.ANSWERED] * 5


def test_what_the_stages_share_of_a_batch_is_forgotten_behind_it(desk: Desk) -> None:
    desk.run(desk.claim("e1", "x"), desk.claim("e2", "poison"))
    assert desk.forgotten == [1]
    desk.marker.broken = True
    with pytest.raises(StageBrokenError):
        desk.run(desk.claim("e3", "x"))
    assert desk.forgotten == [1, 1]


def test_an_empty_batch_is_no_error(desk: Desk) -> None:
    assert desk.run().outcomes == []


def test_waits_are_counted_where_the_submission_is_known(desk: Desk) -> None:
    now = time.time()
    report = desk.run(
        desk.claim("e1", "x", enqueued_at=now - 5),
        desk.claim("e2", "x"),
        desk.claim("ahead", "x", enqueued_at=now + 1000),
    )
    assert report.waits == [pytest.approx(5, abs=2), 0.0]
    assert report.end_to_end == [pytest.approx(5, abs=2), 0.0]


def test_an_entry_of_a_lost_lease_is_not_counted(desk: Desk) -> None:
    desk.held = lambda claim: claim.entry_id != "lost"
    report = desk.run(
        desk.claim("lost", "Jane", enqueued_at=1.0), desk.claim("kept", "Jane", enqueued_at=1.0)
    )
    assert report.outcomes == [Outcome.LEASE_LOST, Outcome.ANSWERED]
    assert (report.labels, report.redactions) == ({"A": 1}, {"PERSON": 1})
    assert len(report.end_to_end) == 1


# On a real server


def test_answers_and_dead_letters_reach_their_streams(
    keys: KeySet, client: redis.Redis, redis_url: str
) -> None:
    desk = Desk(keys)
    claims = open_claims(redis_url)
    client.lpush("journal.entries", b"one", b"two")
    tags = [one.tag for one in claims.claim(2)]
    pipeline = Pipeline(
        keys=keys, anonymizer=desk.hider, classifier=desk.marker, settler=ClaimSettler(claims)
    )
    good, bad = desk.claim("good", "x"), desk.claim("bad", f"poison {CANARY}", deliveries=2)
    batch = [
        Claim(c.entry_id, c.sealed, tag, deliveries=c.deliveries)
        for c, tag in zip((good, bad), tags, strict=True)
    ]
    assert pipeline.run(batch).outcomes == [Outcome.ANSWERED, Outcome.DEAD]
    assert pipeline.run(batch).outcomes == [Outcome.LEASE_LOST, Outcome.LEASE_LOST]
    place = Place(client)
    assert (place.results, place.dead, place.claims) == ([b"good"], [b"bad"], {})
    ((_, fields),) = client.xrange("journal.dead")
    letter = DeadLetter.model_validate_json(fields[b"letter"])
    assert (letter.reason, letter.deliveries, letter.sealed) == ("anonymizer_failed", 2, bad.sealed)


def test_answers_that_too_few_replicas_confirm_are_counted_and_told(desk: Desk) -> None:
    def unconfirmed(claim: Claim) -> bool:
        raise UnconfirmedError([True, False])

    desk.held = unconfirmed
    report = desk.run(desk.claim("e1", "Soup again."), desk.claim("e2", "Soup again."))
    assert report.failure is Failure.UNCONFIRMED
    assert report.outcomes == [Outcome.ANSWERED, Outcome.LEASE_LOST]
    assert sum(report.labels.values()) == 1
