"""A dead letter keeps only what was sealed, and frees the id of an entry in the same step."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from producer import DeadReason, JournalClient, JournalEntry, KeySet, Settings
from producer.dead_letters import PAGE, DeadLetters
from producer.keys import keys_of
from producer.sealing import ENTRY, new_key
from tests.worker.broker.claims_support import QUEUE, Place, open_claims, push
from worker.broker.settlement import ClaimSettler
from worker.protocol import Claim, MissingKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from worker.broker.claims import Claims

CANARY = "Nobody must ever find the xylocanary"
SEEN = keys_of(QUEUE).seen + "e"


@pytest.fixture
def claims(redis_url: str) -> Claims:
    return open_claims(redis_url)


@pytest.fixture
def backend(settings: Settings, keys: KeySet) -> Iterator[JournalClient]:
    with JournalClient(settings, keys) as opened:
        yield opened


def give_up(claims: Claims, reason: DeadReason = DeadReason.WORKER_LOST) -> None:
    """Claim the one entry there is, and dead-letter it as a worker does."""
    (one,) = claims.claim(1) or []
    payload = json.loads(one.message)
    (sealed,) = json.loads(base64.b64decode(payload["body"]))[0]
    claim = Claim(payload["headers"]["id"], sealed, one.tag)
    assert ClaimSettler(claims).settle([(claim, reason)]) == [True]


def test_a_dead_letter_frees_its_id_for_a_new_submit(
    claims: Claims, backend: JournalClient, client: redis.Redis
) -> None:
    backend.submit("A text.", entry_id="e")
    assert backend.submit("A text.", entry_id="e").status == "duplicate"
    give_up(claims)
    assert client.exists(SEEN) == 0
    assert backend.submit("A better text.", entry_id="e").status == "queued"
    assert backend.submit("A better text.", entry_id="e").status == "duplicate"


def test_an_id_is_not_freed_by_whoever_lost_the_claim(
    claims: Claims, backend: JournalClient, client: redis.Redis
) -> None:
    backend.submit("A text.", entry_id="e")
    (lost,) = claims.claim(1) or []
    claims.requeue([lost.tag])
    claim = Claim("e", "x", lost.tag)
    assert ClaimSettler(claims).settle([(claim, DeadReason.WORKER_LOST)]) == [False]
    assert (client.exists(SEEN), client.xlen("journal.dead")) == (1, 0)


@pytest.mark.parametrize("content", ["another", "unsealed"])
def test_a_message_under_an_id_that_is_not_its_own_frees_nothing(
    claims: Claims, backend: JournalClient, client: redis.Redis, keys: KeySet, content: str
) -> None:
    client.set(SEEN, "of another submit")
    push(client, b"message")
    (one,) = claims.claim(1) or []
    sealed = keys.seal(b"{}", kind=ENTRY, entry_id="other") if content == "another" else CANARY
    reason = DeadReason.WRONG_ID if content == "another" else DeadReason.NOT_SEALED
    ClaimSettler(claims).settle([(Claim("e", sealed, one.tag), reason)])
    assert (client.exists(SEEN), client.xlen("journal.dead")) == (1, 1)


def test_a_replayed_dead_letter_is_no_second_submit(
    claims: Claims, backend: JournalClient, settings: Settings
) -> None:
    backend.submit("A text.", entry_id="e")
    give_up(claims)
    letters = DeadLetters(settings)
    assert letters.replay(letters) == 1
    assert backend.submit("A text.", entry_id="e").status == "duplicate"
    give_up(claims)
    assert letters.replay(letters) == 1
    assert letters.replay(letters) == 0


def test_a_dead_letter_whose_entry_was_submitted_again_stays(
    claims: Claims, backend: JournalClient, settings: Settings, client: redis.Redis
) -> None:
    """Replayed, it would be answered twice."""
    backend.submit("A text.", entry_id="e")
    give_up(claims)
    backend.submit("A text.", entry_id="e")
    letters = DeadLetters(settings)
    assert letters.replay(letters) == 0
    assert (client.llen(QUEUE), client.xlen("journal.dead")) == (1, 1)


def test_a_dead_letter_of_an_earlier_version_is_replayed_within_the_window(
    claims: Claims, backend: JournalClient, settings: Settings, client: redis.Redis
) -> None:
    """Its id was not freed: that it is known does not mean that it was submitted again."""
    backend.submit("A text.", entry_id="e")
    give_up(claims)
    ((stream_id, fields),) = client.xrange("journal.dead")
    client.xdel("journal.dead", stream_id)
    letter = {**json.loads(fields[b"letter"]), "reason": "undecryptable"}
    del letter["withheld"]
    client.xadd("journal.dead", {"entry_id": "e", "letter": json.dumps(letter)})
    client.set(SEEN, "token")
    letters = DeadLetters(settings)
    assert [stored.reason for stored in letters] == ["undecryptable"]
    assert letters.replay(letters) == 1


@pytest.mark.parametrize("reason", [one for one in DeadReason if not one.holds_result])
def test_what_was_not_sealed_is_never_kept_whatever_the_reason(
    claims: Claims, client: redis.Redis, settings: Settings, reason: DeadReason
) -> None:
    push(client, b"message")
    (one,) = claims.claim(1) or []
    ClaimSettler(claims).settle([(Claim("e", CANARY, one.tag, deliveries=3), reason)])
    letters = DeadLetters(settings)
    (stored,) = letters
    assert stored.letter is not None
    assert (stored.entry_id, stored.reason, stored.letter.deliveries) == ("e", reason.value, 3)
    assert (stored.letter.sealed, stored.letter.withheld) == ("", len(CANARY))
    assert letters.replay(letters) == 0
    everything = b"".join(client.dump(key) or b"" for key in client.scan_iter("*"))
    assert b"xylocanary" not in everything
    assert Place(client).claims == {}


def test_entries_whose_key_is_lost_are_abandoned_by_command_only_and_can_be_replayed(
    claims: Claims, settings: Settings, client: redis.Redis, keys: KeySet
) -> None:
    lost = KeySet.from_jwks({"keys": [new_key()]})
    count = PAGE + 10
    for key_set, name in ((lost, "lost"), (keys, "other")):
        with JournalClient(settings, key_set) as backend:
            backend.submit_many(
                JournalEntry(text="A text.", entry_id=f"{name}{i}") for i in range(count)
            )
        given = claims.claim(2 * count) or []
        missing = MissingKey(key_set.current)
        ClaimSettler(claims).settle([(Claim("e", "", one.tag), missing) for one in given])
    letters = DeadLetters(settings)
    assert letters.abandon(lost.current) == count
    assert letters.abandon(lost.current) == 0
    assert client.llen(f"{QUEUE}.parked") == count
    found = {stored.entry_id: stored.reason for stored in letters}
    assert found == {f"lost{i}": "unknown_key" for i in range(count)}
    with JournalClient(settings, lost) as backend:
        assert backend.submit("A text.", entry_id="lost0").status == "queued"
    assert letters.replay(letters) == count - 1
