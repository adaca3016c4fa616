"""Messages that are no entry, of many kinds, as a fuzzer or a mistaken program might push them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from producer.message import TASK, encode_message
from producer.sealing import ENTRY, RESULT

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from producer.sealing import KeySet

_GOOD = {"headers": {"task": TASK, "id": "x"}, "properties": {}, "body": "e30="}


def _dump(**changed: object) -> bytes:
    return json.dumps({**_GOOD, **changed}).encode()


def _headers(**changed: object) -> bytes:
    return _dump(headers={"task": TASK, "id": "x", **changed}, body="[[], {}, {}]")


def _sealed_kinds(rng: random.Random, keys: KeySet) -> dict[str, Callable[[], bytes]]:
    """Well-formed task messages whose sealed part is not what it should be."""
    text = b'{"entry_id": "x", "text": "a"}'

    def flipped() -> bytes:
        sealed = keys.seal(text, kind=ENTRY, entry_id="x")
        at = rng.randrange(len(sealed))
        return encode_message("x", sealed[:at] + chr(rng.randint(33, 126)) + "~" + sealed[at + 1 :])

    return {
        "a sealed text with a flipped byte": flipped,
        "sealed for another id": lambda: encode_message(
            "y", keys.seal(text, kind=ENTRY, entry_id="x")
        ),
        "a result in place of an entry": lambda: encode_message(
            "x", keys.seal(text, kind=RESULT, entry_id="x")
        ),
        "sealed bytes that are no entry": lambda: encode_message(
            "x", keys.seal(rng.randbytes(40), kind=ENTRY, entry_id="x")
        ),
        "a sealed entry without a text": lambda: encode_message(
            "x", keys.seal(b'{"entry_id": "x"}', kind=ENTRY, entry_id="x")
        ),
    }


def kinds(rng: random.Random, keys: KeySet | None = None) -> dict[str, Callable[[], bytes]]:
    """What makes each kind of garbage, by name.

    Args:
        rng: the only source of chance.
        keys: also make messages that open, or nearly, under these keys.
    """
    plain: dict[str, Callable[[], bytes]] = {
        "nothing": lambda: b"",
        "random bytes": lambda: rng.randbytes(rng.randint(1, 200)),
        "null": lambda: b"null",
        "a list": lambda: b"[1, 2, 3]",
        "a string": lambda: b'"text"',
        "half an object": lambda: b'{"half": ',
        "deep nesting": lambda: b"[" * 5000,
        "no headers": lambda: _dump(headers=None),
        "a task that is no name": lambda: _dump(headers={"task": 7, "id": []}),
        "another task": lambda: _dump(headers={"task": "other.task", "id": "y"}),
        "protocol 1": lambda: _dump(headers={}, body=json.dumps({"task": TASK, "id": "x"})),
        "a body that is a number": lambda: _dump(body=12),
        "a body that is no base64": lambda: _dump(properties={"body_encoding": "base64"}, body="%"),
        "a body of one number": lambda: _dump(body="[1]"),
        "a sealed text that is none": lambda: _dump(body='[["a.b.c.d.e"], {}, {}]'),
        "pickle": lambda: _dump(**{"content-type": "application/x-python-serialize"}, body="gASV"),
        "a compressed body": lambda: _dump(
            headers={"task": TASK, "id": "x", "compression": "application/x-gzip"},
            body=base64.b64encode(rng.randbytes(50)).decode(),
            properties={"body_encoding": "base64"},
        ),
        "an eta that is no time": lambda: _headers(eta="soon"),
        "an expiry that is a list": lambda: _headers(expires=[1]),
    }
    return plain | (_sealed_kinds(rng, keys) if keys else {})
