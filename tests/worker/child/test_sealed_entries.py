"""Sealed entries that cannot be opened, and the longest that can."""

from __future__ import annotations

import json

import pytest

from producer import JournalEntry
from producer.sealing import ENTRY, RESULT, KeySet, new_key
from tests.worker.child.pipeline_support import Desk
from worker.child.pipeline import MAX_SEALED_CHARACTERS
from worker.protocol import Claim, Outcome


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
