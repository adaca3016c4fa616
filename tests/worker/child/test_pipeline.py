"""The way of an entry inside a child, with light stages and real keys."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import redis

from producer import JournalEntry
from producer.schemas import DeadLetter
from producer.sealing import ENTRY, RESULT, KeySet, new_key
from tests.worker.broker.claims_support import Place, open_claims
from tests.worker.child.pipeline_support import CANARY, Desk
from worker.broker.settlement import ClaimSettler
from worker.child.pipeline import MAX_SEALED_CHARACTERS, Pipeline
from worker.errors import StageBrokenError
from worker.protocol import Claim, Outcome, Stage

if TYPE_CHECKING:
    pass


@pytest.fixture
def desk(keys: KeySet) -> Desk:
    return Desk(keys)


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


# Entries that cannot be opened


def bad_claims(desk: Desk) -> dict[str, tuple[Claim, str]]:
    good = desk.claim("e1", "x")
    other_keys = KeySet.from_jwks({"keys": [new_key()]})
    plain = JournalEntry(entry_id="inner", text="x").encode()
    as_result = desk.keys.seal(plain, kind=RESULT, entry_id="inner")
    flipped = good.sealed[:-3] + ("AAA" if good.sealed[-3:] != "AAA" else "BBB")
    return {
        "no JWE": (Claim("e1", "not sealed"), "undecryptable"),
        "nothing": (Claim("e1", ""), "undecryptable"),
        "dots": (Claim("e1", "...."), "undecryptable"),
        "deep header": (Claim("e1", "W1tb" * 9000 + "...."), "undecryptable"),
        "altered": (Claim("e1", flipped), "undecryptable"),
        "of another id": (Claim("e2", good.sealed), "undecryptable"),
        "of another kind": (Claim("inner", as_result), "undecryptable"),
        "with another key": (
            Claim("e1", other_keys.seal(plain, kind=ENTRY, entry_id="e1")),
            "undecryptable",
        ),
        "inner id another": (desk.sealed("outer", plain), "undecryptable"),
        "not JSON": (desk.sealed("e1", b"hello"), "malformed"),
        "array": (desk.sealed("e1", b"[]"), "malformed"),
        "no text": (desk.sealed("e1", b'{"entry_id": "e1"}'), "malformed"),
        "blank text": (desk.sealed("e1", b'{"entry_id": "e1", "text": " "}'), "malformed"),
        "another field": (
            desk.sealed("e1", b'{"entry_id": "e1", "text": "x", "user": "u"}'),
            "malformed",
        ),
        "invalid UTF-8": (desk.sealed("e1", b'{"entry_id": "e1", "text": "\xff"}'), "malformed"),
        "lone surrogate": (
            desk.sealed("e1", rb'{"entry_id": "e1", "text": "\ud800"}'),
            "malformed",
        ),
        "text too long": (
            desk.sealed("e1", json.dumps({"entry_id": "e1", "text": "x" * 50_001}).encode()),
            "malformed",
        ),
        "oversized": (Claim("e1", "x" * (MAX_SEALED_CHARACTERS + 1)), "oversized"),
    }


@pytest.mark.parametrize("name", list(bad_claims(Desk(KeySet.from_jwks({"keys": [new_key()]})))))
def test_what_cannot_be_opened_is_dead_and_its_neighbours_are_answered(
    desk: Desk, name: str
) -> None:
    bad, reason = bad_claims(desk)[name]
    report = desk.run(desk.claim("before", "x"), bad, desk.claim("after", "x"))
    assert report.outcomes == [Outcome.ANSWERED, Outcome.DEAD, Outcome.ANSWERED]
    assert desk.reasons == {bad.entry_id: reason}
    assert [len(texts) for texts in desk.hider.calls] == [2]


def test_the_longest_entry_a_client_may_send_is_opened(desk: Desk) -> None:
    report = desk.run(desk.claim("e1", "\x00" * 50_000), desk.claim("e2", "😀" * 50_000))
    assert report.outcomes == [Outcome.ANSWERED] * 2


# Stages that fail


def test_only_the_entry_that_cannot_be_anonymized_is_dead(desk: Desk) -> None:
    report = desk.run(
        desk.claim("e1", "x"), desk.claim("e2", f"guilty {CANARY}"), desk.claim("e3", "x")
    )
    assert report.outcomes == [Outcome.ANSWERED, Outcome.DEAD, Outcome.ANSWERED]
    assert desk.reasons == {"e2": "anonymizer_failed"}
    assert not any("guilty" in text for text in desk.marker.seen)


def test_only_the_entry_that_cannot_be_classified_is_dead(desk: Desk) -> None:
    report = desk.run(desk.claim("e1", "worse"), desk.claim("e2", "x"))
    assert report.outcomes == [Outcome.DEAD, Outcome.ANSWERED]
    assert desk.reasons == {"e1": "classifier_failed"}


@pytest.mark.parametrize("give", [lambda found: found[:-1], lambda found: [*found, *found]])
def test_a_stage_that_loses_count_mixes_up_nobodys_answers(desk: Desk, give: Any) -> None:
    desk.hider.give = lambda found: give(found) if len(found) > 1 else found
    report = desk.run(desk.claim("e1", "x"), desk.claim("e2", "xx"))
    assert report.outcomes == [Outcome.ANSWERED] * 2
    assert [desk.result(i).labels[0].evidence[0].end for i in range(2)] == [1, 2]
    desk.hider.give = give
    with pytest.raises(StageBrokenError):  # it loses count of whatever it is given
        desk.run(desk.claim("e3", "x"))


def test_a_broken_stage_blames_no_entry(desk: Desk) -> None:
    """As when a device is gone: else its child would make dead letters of the whole queue."""
    desk.marker.broken = True
    with pytest.raises(StageBrokenError, match="classifier_failed"):
        desk.run(desk.claim("e1", "x"), desk.claim("e2", "worse"))
    assert desk.settled == []


def test_a_batch_of_guilty_entries_alone_is_no_broken_stage(desk: Desk) -> None:
    report = desk.run(desk.claim("e1", "worse"), desk.claim("e2", "worse yet"))
    assert report.outcomes == [Outcome.DEAD] * 2


def test_a_batch_of_failures_is_settled_too(desk: Desk) -> None:
    report = desk.run(desk.claim("e1", "guilty"), Claim("e2", "junk"))
    assert report.outcomes == [Outcome.DEAD, Outcome.DEAD]
    assert len(desk.settled) == 2


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
    good, bad = desk.claim("good", "x"), desk.claim("bad", f"guilty {CANARY}", deliveries=2)
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
