"""The claim of a message that is no entry: its bytes as they came, and an id only if it has one."""

from __future__ import annotations

import copy
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from producer.message import encode_message
from producer.sealing import ENTRY
from tests.worker.parent.batch_support import SEALED, Received, altered
from worker.parent.claim import as_claim, malformed
from worker.protocol import Claim

if TYPE_CHECKING:
    from producer import KeySet
    from tests.worker.parent.batch_support import Desk

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b"\xff\x00", "\\xff\x00"),
        (b'"\\ud800"', '"\\ud800"'),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
        ("ü😀".encode(), "ü😀"),
    ],
)
def test_bytes_of_any_kind_make_a_letter(raw: bytes, kept: str) -> None:
    assert malformed(Received(raw)).sealed == kept


@pytest.mark.parametrize(
    ("ident", "expected"),
    [
        ("e-1", "e-1"),
        ("", "unknown"),
        ("a b", "unknown"),
        ("\ud800", "unknown"),
        ("x" * 129, "unknown"),
    ],
)
def test_only_an_entrys_id_names_a_letter(ident: str, expected: str) -> None:
    assert malformed(Received(altered(encode_message("e1", SEALED), id=ident))).entry_id == expected


def test_a_sealed_entry_in_a_mistaken_message_is_kept_alone(keys: KeySet) -> None:
    """Put back, it comes as the message that it should have been."""
    sealed = keys.seal(b"{}", kind=ENTRY, entry_id="e1")
    claim = malformed(Received(altered(encode_message("e1", sealed), task="journal.other")))
    assert (claim.entry_id, claim.sealed) == ("e1", sealed)


@pytest.mark.parametrize(
    ("header", "kept"), [(TRACE, TRACE), (f"{TRACE}-Jane", None), ("Jane", None), ([TRACE], None)]
)
def test_only_the_form_of_a_trace_is_taken_from_a_message(
    desk: Desk, header: object, kept: str | None
) -> None:
    message = altered(encode_message("e1", SEALED), traceparent=header)
    claim = as_claim(desk.request(message))
    assert claim is not None
    assert claim.traceparent == kept


def test_a_claim_reaches_a_child_whole() -> None:
    """It is copied by what pickle writes."""
    values = {field.name: f"value {number}" for number, field in enumerate(fields(Claim))}
    claim = Claim(**values)  # type: ignore[arg-type]
    assert copy.copy(claim) == claim
