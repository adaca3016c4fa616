"""What a sealed message looks like from outside; needs no key.

Whoever has no key, or none that opens a message, must not take a text that was never sealed for a
sealed one: a sealed message may be kept, a text may not.
"""

from __future__ import annotations

import base64
import json
import re

#: A compact JWE under `dir` and `A256GCM`: header, no encrypted key, 96 bits of initialization
#: vector, ciphertext, 128 bits of tag. RFC 7516, section 7.1; RFC 7518, section 5.3.
_FORM = re.compile(
    r"([A-Za-z0-9_-]{1,2048})\.\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{22}"
)
#: Longer is no key id of ours.
MAX_KEY_ID_CHARACTERS = 256
#: A key id that may be shown; any other text in its place may be anything.
_SHOWN = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def key_id_of(sealed: str) -> str | None:
    """The id of the key that a message was sealed with, as its header tells.

    Args:
        sealed: what should be a compact JWE; the id is authenticated only if it opens.

    Returns:
        The key's id; None for a message that is not sealed as ours are.
    """
    found = _FORM.fullmatch(sealed)
    if found is None:
        return None
    padded = found[1] + "=" * (-len(found[1]) % 4)
    try:
        header = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, RecursionError):
        return None
    if not isinstance(header, dict) or (header.get("alg"), header.get("enc")) != ("dir", "A256GCM"):
        return None
    kid = header.get("kid")
    return kid if isinstance(kid, str) and 0 < len(kid) <= MAX_KEY_ID_CHARACTERS else None


def encode_key_id(key_id: str) -> str:
    """A key id, which may be any text, without a space."""
    return base64.urlsafe_b64encode(key_id.encode("utf-8", "surrogatepass")).decode()


def decode_key_id(encoded: str) -> str:
    """The key id that was encoded so."""
    return base64.urlsafe_b64decode(encoded).decode("utf-8", "surrogatepass")


def shown(key_id: str) -> str:
    """A key id as it may stand in a log or an error."""
    return key_id if _SHOWN.fullmatch(key_id) else "(an id that is not shown)"
