"""API keys: who may call. The file holds their SHA-256 only, and is read again when it changes.

A key is `jsk_<name>_<random>` with 256 random bits. Slow password hashes protect secrets that can
be guessed; these cannot, so one SHA-256 is enough, and it costs a request a microsecond.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from producer.errors import ConfigurationError
from producer.schemas import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

NAME = re.compile(r"[a-z0-9-]{1,32}")
_RATE = r"^(none|[1-9][0-9]{0,8}/(second|minute|hour|day))$"
_RANDOM_BYTES = 32
#: Compared with if no key has the name: an unknown name takes as long as a wrong key.
_NO_DIGEST = "0" * 64


class Webhook(BaseModel):
    """Where results of a key are sent to.

    Attributes:
        url: that takes them.
        secret: `whsec_` and base64, which signs them; or
        secret_file: a file that holds it, beside the file of keys if it is a relative path.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+([/?][^\s#]*)?$", max_length=2048)]
    secret: Annotated[str | None, Field(pattern=r"^whsec_[A-Za-z0-9+/=]{32,}$", repr=False)] = None
    secret_file: Path | None = None

    @pydantic.field_validator("secret")
    @classmethod
    def _in_base64(cls, secret: str | None) -> str | None:
        if secret is not None:
            try:
                base64.b64decode(secret.removeprefix("whsec_"), validate=True)
            except ValueError:
                raise ValueError("what follows whsec_ is no base64") from None
        return secret


class StoredKey(BaseModel):
    """One key as the file holds it.

    Attributes:
        name: of the caller; several keys of one name share their entries.
        id: of the key, to tell it from others of its name.
        sha256: of the whole key, in hexadecimal.
        created_at: when it was made, UTC.
        rate: such as `600/minute`, or `none`; None for the rate in the settings.
        webhook: where results are sent to; the first one of a name counts.
        lane: of its entries; None for the first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, Field(pattern=rf"^{NAME.pattern}$")]
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", repr=False)]
    created_at: datetime
    rate: Annotated[str | None, Field(pattern=_RATE)] = None
    webhook: Webhook | None = None
    lane: Annotated[str | None, Field(pattern=rf"^{NAME.pattern}$")] = None


class KeyFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    keys: tuple[StoredKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A webhook with its secret."""

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Content:
    """What one reading of the file gave."""

    keys: tuple[StoredKey, ...]
    endpoints: Mapping[str, Endpoint]
    stamp: object

    @property
    def names(self) -> frozenset[str]:
        """The names of all callers."""
        return frozenset(key.name for key in self.keys)


class ApiKeys:
    """The keys that are valid now.

    Args:
        path: the file.

    Raises:
        ConfigurationError: it cannot be read, or others may write it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._failed: object = object()  # unlike None, which stands for a file that is gone
        self.content = _read(path)

    def find(self, token: str) -> StoredKey | None:
        """The key with this secret; None for any other."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
        _, _, rest = token.partition("_")
        name, _, _ = rest.partition("_")
        candidates = [key for key in self.content.keys if key.name == name]
        found = None
        for key in candidates:
            if hmac.compare_digest(key.sha256, digest):
                found = key
        if not candidates:
            hmac.compare_digest(_NO_DIGEST, digest)
        return found

    def is_valid(self, key: StoredKey) -> bool:
        """Whether a key that was found before is still in the file."""
        return any(one.sha256 == key.sha256 for one in self.content.keys)

    def changed(self) -> Content | None:
        """The content of the file if it changed; assign it to `content` to let it count.

        A file that cannot be used is logged once, and the keys that were read before stay valid.
        """
        try:
            stamp = _stamp(self._path)
        except OSError:
            stamp = None
        if stamp in (self.content.stamp, self._failed):
            return None
        try:
            return _read(self._path)
        except ConfigurationError as exc:
            self._failed = stamp
            log.error("%s; the API keys that were read before stay valid", exc)
            return None


def new_key(
    name: str,
    *,
    rate: str | None = None,
    webhook_url: str | None = None,
    lane: str | None = None,
) -> tuple[str, StoredKey]:
    """A fresh key, to be told to its owner, and what the file holds of it.

    Raises:
        ConfigurationError: the name, the rate, the URL or the name of the lane is not usable.
    """
    token = f"jsk_{name}_{secrets.token_urlsafe(_RANDOM_BYTES)}"
    try:
        webhook = webhook_url and Webhook(
            url=webhook_url,
            secret=f"whsec_{base64.b64encode(secrets.token_bytes(_RANDOM_BYTES)).decode()}",
        )
        stored = StoredKey(
            name=name,
            id=secrets.token_hex(4),
            sha256=hashlib.sha256(token.encode()).hexdigest(),
            created_at=datetime.now(UTC).replace(microsecond=0),
            rate=rate,
            webhook=webhook or None,
            lane=lane,
        )
    except pydantic.ValidationError as exc:
        raise ConfigurationError(describe(exc)) from None
    return token, stored


def write(path: Path, keys: tuple[StoredKey, ...]) -> None:
    """Write the file, readable by its owner only, in one atomic step.

    Raises:
        ConfigurationError: it cannot be written.
    """
    content = KeyFile(keys=keys).model_dump(mode="json", exclude_none=True)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(content, stream, indent=2)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as exc:
        raise ConfigurationError(f"API keys {path}: {exc.strerror}") from None


def _read(path: Path) -> Content:
    try:
        stamp = _stamp(path)
        content = KeyFile.model_validate_json(path.read_bytes())
        mode = path.stat().st_mode
        endpoints = {
            key.name: _endpoint(path, key.webhook) for key in reversed(content.keys) if key.webhook
        }
    except OSError as exc:
        raise ConfigurationError(f"API keys {exc.filename or path}: {exc.strerror}") from None
    except pydantic.ValidationError as exc:
        raise ConfigurationError(f"API keys {path}: {describe(exc)}") from None
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigurationError(f"API keys {path}: others may write it; chmod go-w")
    if mode & stat.S_IROTH and any(key.webhook and key.webhook.secret for key in content.keys):
        raise ConfigurationError(f"API keys {path}: others may read its secrets; chmod o-r")
    return Content(content.keys, endpoints, stamp)


def _endpoint(path: Path, webhook: Webhook) -> Endpoint:
    secret = webhook.secret
    if webhook.secret_file is not None:
        file = path.parent / webhook.secret_file
        if file.stat().st_mode & stat.S_IROTH:
            raise ConfigurationError(f"webhook secret {file}: others may read it; chmod o-r")
        secret = file.read_text(encoding="utf-8", errors="replace").strip()
        if not re.fullmatch(r"whsec_[A-Za-z0-9+/=]{32,}", secret):
            raise ConfigurationError(f"webhook secret {file}: not whsec_ and base64")
    if secret is None:
        raise ConfigurationError(f"API keys {path}: a webhook has no secret")
    return Endpoint(webhook.url, secret)


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size
