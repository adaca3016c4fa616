"""A sealed message is told from any other text without a key."""

from __future__ import annotations

import base64
import json

import pytest

from producer import KeySet
from producer.jwe_form import key_id_of, shown
from producer.sealing import ENTRY


def sealed_under(header: object) -> str:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    encoded = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return f"{encoded}..{'a' * 16}.abc.{'b' * 22}"


GOOD = {"alg": "dir", "enc": "A256GCM", "kid": "k"}


def test_a_sealed_message_names_its_key(keys: KeySet) -> None:
    assert key_id_of(keys.seal(b"text", kind=ENTRY, entry_id="e")) == keys.current
    assert key_id_of(sealed_under(GOOD)) == "k"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Dear diary, nobody likes me.",
        "a.b.c.d.e",
        "....",
        "W1tb" * 9000 + "....",
        sealed_under(GOOD) + "\n",
        sealed_under(GOOD) + " Dear diary",
        "Dear diary " + sealed_under(GOOD),
        sealed_under(GOOD).replace("a", "ä"),
        sealed_under({**GOOD, "alg": "none"}),
        sealed_under({**GOOD, "enc": "A128GCM"}),
        sealed_under({**GOOD, "kid": 7}),
        sealed_under({**GOOD, "kid": ""}),
        sealed_under({**GOOD, "kid": "k" * 257}),
        sealed_under([]),
        sealed_under(b"\xff"),
        sealed_under(b"[" * 1500),
    ],
)
def test_any_other_text_is_not_sealed(text: str) -> None:
    assert key_id_of(text) is None


def test_a_key_id_is_shown_only_where_it_looks_like_one() -> None:
    assert shown("3f2a-2026.1") == "3f2a-2026.1"
    assert "diary" not in shown("Dear diary")
