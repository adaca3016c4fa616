"""Sealing: one compact JWE (`dir` + `A256GCM`) for each message, with a key set that rotates.

The protected header names the key (`kid`), the kind of message (`typ`) and the entry (`eid`).
The header is authenticated, so a sealed text can neither be passed off under another id nor an
entry as a result. RFC 7516 (JWE), RFC 7518 section 4.5 (`dir`), RFC 7517 (JWK set).
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.registry import HeaderParameter

from producer.errors import (
    ConfigurationError,
    NotSealedError,
    SealError,
    UnknownKeyError,
    WrongIdError,
)
from producer.jwe_form import key_id_of, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ENTRY = "journal-entry"
RESULT = "journal-result"
KEY_BITS = 256
#: What the key that tells the buckets of tenants is derived for.
_OF_TENANTS = b"journal-stream: buckets of tenants"


class _Registry(jwe.JWERegistry):
    """Only `dir` + `A256GCM`, our `eid` header, and room for the longest entry."""

    # Of base64url characters: 50,000 characters of at most 6 bytes each (`\\u0000` in JSON) and
    # the fields around them, times 4/3.
    max_ciphertext_length = 410_000


_REGISTRY = _Registry(
    header_registry={"eid": HeaderParameter("Entry ID", "str")},
    algorithms=["dir", "A256GCM"],
)


class KeySet:
    """The current key, which seals, and older ones, which still open.

    Args:
        keys: key id and key, the current one first.
    """

    def __init__(self, keys: Mapping[str, OctKey]) -> None:
        if not keys:
            raise ConfigurationError("the key set is empty")
        self._keys = dict(keys)
        self._current = next(iter(self._keys))

    def __repr__(self) -> str:
        return f"KeySet(current={self._current!r}, keys={len(self._keys)})"

    @property
    def current(self) -> str:
        """The id of the key that seals."""
        return self._current

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of all keys, the current one first."""
        return tuple(self._keys)

    @classmethod
    def load(cls, path: Path) -> KeySet:
        """Read a JWK set; its first key is the current one.

        Raises:
            ConfigurationError: the file is missing, no JWK set, or a key is not 256 bits.
        """
        try:
            content = json.loads(path.read_bytes())
        except OSError as exc:
            raise ConfigurationError(f"key file {path}: {exc.strerror}") from None
        except ValueError:
            raise ConfigurationError(f"key file {path}: not JSON") from None
        return cls.from_jwks(content, source=f"key file {path}")

    @classmethod
    def from_jwks(cls, content: Any, *, source: str = "key set") -> KeySet:
        """Read a JWK set, `{"keys": [{"kty": "oct", "kid": ..., "k": ...}, ...]}`.

        Raises:
            ConfigurationError: see `load`.
        """
        entries = content.get("keys") if isinstance(content, dict) else None
        if not isinstance(entries, list) or not entries:
            raise ConfigurationError(f"{source}: not a JWK set with at least one key")
        keys: dict[str, OctKey] = {}
        for position, entry in enumerate(entries):
            kid = entry.get("kid") if isinstance(entry, dict) else None
            if not isinstance(kid, str) or not kid or kid in keys:
                raise ConfigurationError(f"{source}: key {position} has no kid of its own")
            try:
                key = OctKey.import_key({"kty": "oct", "k": entry["k"]})
                bits = len(key.raw_value) * 8
            except (JoseError, KeyError, ValueError, TypeError):
                raise ConfigurationError(f"{source}: key {position} is no `oct` JWK") from None
            if bits != KEY_BITS:
                raise ConfigurationError(f"{source}: key {position} has {bits} bits, not 256")
            keys[kid] = key
        return cls(keys)

    def bucket(self, tenant: str, buckets: int, *, day: date | None = None) -> int:
        """Which of so many buckets a tenant is in today; the same in all processes with this key.

        The number is all that leaves the process. Without the key nobody can compute it for a
        tenant, many tenants share each, and it is another one tomorrow: it tells nobody who wrote.

        Args:
            tenant: whom entries belong to; any text.
            buckets: how many there are.
            day: by default today, in UTC.
        """
        day = day or datetime.now(UTC).date()
        # A key of its own for each purpose, as of HKDF-Expand (RFC 5869).
        key = hmac.digest(self._keys[self._current].raw_value, _OF_TENANTS, "sha256")
        told = hmac.digest(key, f"{day.isoformat()} {tenant}".encode(), "sha256")
        return int.from_bytes(told[:8]) % buckets

    def seal(self, plaintext: bytes, *, kind: str, entry_id: str) -> str:
        """Encrypt `plaintext` for one entry under the current key."""
        header = {
            "alg": "dir",
            "enc": "A256GCM",
            "kid": self._current,
            "typ": kind,
            "eid": entry_id,
        }
        return jwe.encrypt_compact(header, plaintext, self._keys[self._current], registry=_REGISTRY)

    def open(self, sealed: str | bytes, *, kind: str, entry_id: str) -> bytes:
        """Decrypt a message that claims to be of this kind and for this entry.

        Raises:
            UnknownKeyError: it was sealed with a key that is not in the key set.
            NotSealedError: it was not sealed at all.
            WrongIdError: it is of another kind, or another entry's.
            SealError: its bytes were altered, or its key is another one of the same id.
        """
        try:
            token = jwe.decrypt_compact(sealed, self._find, registry=_REGISTRY)
            header = token.headers()
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            raise self._reason(sealed) from None
        if header.get("typ") != kind or header.get("eid") != entry_id or token.plaintext is None:
            raise WrongIdError
        return bytes(token.plaintext)

    def _reason(self, sealed: str | bytes) -> SealError:
        """Why a message did not open; looked for only then, as it would slow down all others."""
        text = sealed.decode("ascii", "replace") if isinstance(sealed, bytes) else sealed
        kid = key_id_of(text) if isinstance(text, str) else None
        if kid is None:
            return NotSealedError()
        if kid not in self._keys:
            return UnknownKeyError(kid, shown(kid))
        return SealError("altered, or sealed with another key of the same id")

    def _find(self, token: Any) -> OctKey:
        kid = token.headers().get("kid")
        if not isinstance(kid, str):
            raise TypeError
        return self._keys[kid]


def new_key() -> dict[str, str]:
    """A fresh 256-bit key as a JWK, with a random id."""
    key = OctKey.generate_key(KEY_BITS, private=True)
    return {"kty": "oct", "kid": secrets.token_hex(4), "k": str(key.as_dict(private=True)["k"])}


def write_key_file(path: Path, keys: Sequence[Mapping[str, str]]) -> None:
    """Write a JWK set, readable by its owner only, in one atomic step."""
    temporary = path.with_name(f".{path.name}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump({"keys": [dict(key) for key in keys]}, stream, indent=2)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
