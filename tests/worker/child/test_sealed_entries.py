"""Sealed entries that cannot be opened, and the longest that can."""

from __future__ import annotations

import json

import pytest

from producer import JournalEntry
from producer.errors import UnknownKeyError
from producer.sealing import ENTRY, RESULT, KeySet, new_key
from tests.worker.child.pipeline_support import Desk
from worker.child.keys import RenewedKeys
from worker.child.pipeline import MAX_SEALED_CHARACTERS
from worker.protocol import Claim, MissingKey, Outcome


def bad_claims(desk: Desk) -> dict[str, tuple[Claim, str]]:
    good = desk.claim("e1", "x")
    plain = JournalEntry(entry_id="inner", text="x").encode()
    as_result = desk.keys.seal(plain, kind=RESULT, entry_id="inner")
    flipped = good.sealed[:-3] + ("AAA" if good.sealed[-3:] != "AAA" else "BBB")
    return {
        "no JWE": (Claim("e1", "not sealed"), "not_sealed"),
        "nothing": (Claim("e1", ""), "not_sealed"),
        "dots": (Claim("e1", "...."), "not_sealed"),
        "deep header": (Claim("e1", "W1tb" * 9000 + "...."), "not_sealed"),
        "altered": (Claim("e1", flipped), "damaged"),
        "of another id": (Claim("e2", good.sealed), "wrong_id"),
        "of another kind": (Claim("inner", as_result), "wrong_id"),
        "inner id another": (desk.sealed("outer", plain), "wrong_id"),
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


def test_an_entry_whose_key_is_missing_is_left_to_others_and_its_neighbours_are_answered(
    desk: Desk,
) -> None:
    other = KeySet.from_jwks({"keys": [new_key()]})
    sealed = other.seal(b"{}", kind=ENTRY, entry_id="e1")
    report = desk.run(desk.claim("before", "x"), Claim("e1", sealed), desk.claim("after", "x"))
    assert report.outcomes == [Outcome.ANSWERED, Outcome.REQUEUED, Outcome.ANSWERED]
    assert report.missing_keys == {other.current}
    assert desk.settled[1][1] == MissingKey(other.current)


def test_a_key_file_is_read_again_where_a_key_is_missing_and_not_for_every_entry() -> None:
    first, second = new_key(), new_key()
    content, reads, now = [first], 0, 100.0

    def load() -> KeySet:
        nonlocal reads
        reads += 1
        return KeySet.from_jwks({"keys": content})

    def opened() -> bytes:
        return keys.open(sealed, kind=ENTRY, entry_id="e1")

    keys = RenewedKeys(load, clock=lambda: now)
    sealed = KeySet.from_jwks({"keys": [second]}).seal(b"text", kind=ENTRY, entry_id="e1")
    for _ in range(5):
        with pytest.raises(UnknownKeyError):
            opened()
    assert reads == 1
    now += 1
    content = []  # it is being written
    with pytest.raises(UnknownKeyError):
        opened()
    now += 1
    content = [first, second]
    assert (opened(), reads) == (b"text", 3)


def test_the_longest_entry_a_client_may_send_is_opened(desk: Desk) -> None:
    report = desk.run(desk.claim("e1", "\x00" * 50_000), desk.claim("e2", "😀" * 50_000))
    assert report.outcomes == [Outcome.ANSWERED] * 2
