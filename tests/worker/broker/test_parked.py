"""Entries whose key a worker lacks wait aside for one that has it, and hold up nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from producer import JournalClient, JournalEntry, KeySet, QueueFull, Settings
from producer.errors import ConfigurationError
from producer.jwe_form import encode_key_id
from producer.message import encode_message
from producer.sealing import ENTRY, new_key
from tests.worker.broker.claims_support import QUEUE, Place, numbered, open_claims, push
from worker.broker.claims import UNPARK_LIMIT
from worker.broker.parked import FORGET_SECONDS, PAUSE_SECONDS, MissingKeys, Unparker
from worker.broker.settlement import ClaimSettler
from worker.protocol import Claim, MissingKey

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from worker.broker.claims import Claims

PARKED = f"{QUEUE}.parked"


@pytest.fixture
def claims(redis_url: str) -> Claims:
    return open_claims(redis_url)


@pytest.fixture
def park(claims: Claims, client: redis.Redis) -> Callable[..., None]:
    """Claim messages and park them, because a key is missing."""

    def parked(key_id: str, *messages: bytes) -> None:
        push(client, *messages)
        given = claims.claim(len(messages)) or []
        answers = [(Claim("e", "", one.tag), MissingKey(key_id)) for one in given]
        assert ClaimSettler(claims).settle(answers) == [True] * len(messages)

    return parked


def test_a_parked_message_is_back_unchanged_and_first_where_its_key_is(
    claims: Claims, client: redis.Redis, park: Callable[..., None]
) -> None:
    messages = [*numbered(3), b"\xff not UTF-8 \x00 "]
    park("new key", *messages)
    push(client, b"younger")
    place = Place(client)
    assert (place.queue, place.claims, place.leases, place.dead) == ([b"younger"], {}, set(), [])
    assert client.llen(PARKED) == 4
    assert claims.unpark([encode_key_id("old")]) == (0, [encode_key_id("new key")])
    assert claims.unpark([encode_key_id("old"), encode_key_id("new key")]) == (4, [])
    assert Place(client).queue == [*messages, b"younger"]
    assert client.exists(PARKED) == 0
    assert claims.unpark([encode_key_id("old")]) == (0, [])


def test_parking_counts_no_delivery_and_forgets_none(claims: Claims, client: redis.Redis) -> None:
    push(client, b"message")
    (first,) = claims.claim(1) or []
    claims.requeue([first.tag], failed=True)
    (second,) = claims.claim(1) or []
    ClaimSettler(claims).settle([(Claim("e", "", second.tag), MissingKey("new"))])
    claims.unpark([encode_key_id("new")])
    assert [one.deliveries for one in claims.claim(1) or []] == [2]


def test_a_lost_claim_is_not_parked(claims: Claims, client: redis.Redis) -> None:
    push(client, b"message")
    (lost,) = claims.claim(1) or []
    claims.requeue([lost.tag])
    assert ClaimSettler(claims).settle([(Claim("e", "", lost.tag), MissingKey("k"))]) == [False]
    assert (Place(client).queue, client.llen(PARKED)) == ([b"message"], 0)


def test_many_that_wait_for_one_key_hide_none_that_waits_for_another(
    claims: Claims, client: redis.Redis, park: Callable[..., None]
) -> None:
    park("nobody has it", *numbered(UNPARK_LIMIT + 50))
    park("here", b"mine")
    back, looks = 0, 0
    while not back:
        back, _ = claims.unpark([encode_key_id("here")])
        looks += 1
    assert (Place(client).queue, looks) == ([b"mine"], 2)
    assert client.llen(PARKED) == UNPARK_LIMIT + 50


def test_parked_entries_take_room_and_are_told(
    settings: Settings, keys: KeySet, park: Callable[..., None]
) -> None:
    park("new", *numbered(2))
    bounded = Settings.load(**{**settings.model_dump(), "max_queue_entries": 3})
    with JournalClient(bounded, keys) as backend:
        backend.submit("A last one.")
        with pytest.raises(QueueFull):
            backend.submit("One too many.")
        status = backend.status()
    assert (status.ready, status.parked) == (1, 2)


def test_a_parked_entry_is_still_a_duplicate_and_answered_in_the_end(
    claims: Claims, settings: Settings, keys: KeySet, client: redis.Redis
) -> None:
    with JournalClient(settings, keys) as backend:
        backend.submit("A text.", entry_id="e")
        (given,) = claims.claim(1) or []
        ClaimSettler(claims).settle([(Claim("e", "", given.tag), MissingKey("new"))])
        assert backend.submit("A text.", entry_id="e").status == "duplicate"
    assert client.llen(QUEUE) == 0


class Keys:
    """The keys of a worker, and a clock."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.own: list[str] | None = ["old"]
        self.missing = MissingKeys(self.load, clock=lambda: self.now)

    def load(self) -> list[str]:
        if self.own is None:
            raise ConfigurationError("key file: not JSON")
        return self.own


@pytest.fixture
def worker() -> Keys:
    return Keys()


def test_a_worker_tells_which_key_it_lacks_until_no_entry_needs_it(worker: Keys) -> None:
    missing = worker.missing
    assert (missing.problem(), missing.count) == (None, 0)
    missing.report({"new"}, opened=True)
    assert "new" in str(missing.problem())
    worker.now += FORGET_SECONDS - 1
    missing.seen(["new", "old"])
    worker.now += FORGET_SECONDS
    assert missing.count == 1
    worker.now += 1
    assert (missing.problem(), missing.count) == (None, 0)


def test_a_worker_has_a_key_as_soon_as_its_file_does(worker: Keys) -> None:
    worker.missing.report({"new"}, opened=False)
    for content in (None, ["old"], ["new", "old"]):
        worker.own = content
        worker.now += 5
        assert worker.missing.problem()
        worker.missing.look()
    assert worker.missing.own == {"new", "old"}
    assert (worker.missing.problem(), worker.missing.paused) == (None, False)


def test_a_worker_that_can_open_nothing_lets_others_go_first(worker: Keys) -> None:
    missing = worker.missing
    missing.report({"new"}, opened=False)
    assert (missing.doubtful, missing.paused) == (True, True)
    worker.now += PAUSE_SECONDS
    assert (missing.doubtful, missing.paused) == (True, False)
    missing.report({"new"}, opened=False)
    assert missing.paused
    missing.report({"new"}, opened=True)
    assert (missing.doubtful, missing.paused) == (False, False)


def test_a_key_id_that_may_be_any_text_is_not_shown(
    worker: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    worker.missing.report({"Dear diary, nobody likes me"}, opened=False)
    assert "diary" not in f"{worker.missing.problem()}{caplog.text}"
    assert worker.missing.count == 1


def test_a_worker_without_the_key_learns_of_what_others_parked(
    claims: Claims, park: Callable[..., None], client: redis.Redis, worker: Keys
) -> None:
    strange = KeySet.from_jwks({"keys": [new_key()]})
    sealed = strange.seal(JournalEntry(text="x", entry_id="e").encode(), kind=ENTRY, entry_id="e")
    message = encode_message("e", sealed)
    park(strange.current, message)
    unparker = Unparker(claims, worker.missing)
    unparker.look()
    assert strange.current in str(worker.missing.problem())
    worker.own = [strange.current]
    worker.now += 5
    unparker.look()
    assert (Place(client).queue, worker.missing.problem()) == ([message], None)
