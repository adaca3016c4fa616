"""Write `users.acl` with a password of its own for each part of the system.

    python deploy/redis/make_acl.py users.acl [--redis-7.0] > passwords.env

The ACL file holds SHA-256 sums only. The passwords go to stdout once, as variables; keep them
where you keep secrets. Load the file with `aclfile /path/users.acl` in redis.conf
(Redis 7, Valkey). Redis 7.0 does not know `CLIENT SETINFO` and refuses a file that names it, so
for that version it is left out.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
from pathlib import Path

PARTS = ("producer", "gateway", "worker", "exporter", "operator")
_REDIS_7_0 = "--redis-7.0"


def render(passwords: dict[str, str], *, redis_7_0: bool = False) -> str:
    """The ACL file for these passwords."""
    text = Path(__file__).with_name("users.acl.template").read_text(encoding="utf-8")
    for part, password in passwords.items():
        digest = hashlib.sha256(password.encode()).hexdigest()
        text = text.replace(f"{part.upper()}_SHA256", digest)
    return text.replace(" +client|setinfo", "") if redis_7_0 else text


def main() -> None:
    """Write the file named as the argument; print the passwords."""
    files = [argument for argument in sys.argv[1:] if argument != _REDIS_7_0]
    if len(files) != 1 or files[0].startswith("-"):
        sys.exit(f"usage: make_acl.py FILE [{_REDIS_7_0}]")
    passwords = {part: secrets.token_urlsafe(24) for part in PARTS}
    try:
        descriptor = os.open(files[0], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as exc:
        sys.exit(f"make_acl.py: {files[0]}: {exc.strerror}")
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(render(passwords, redis_7_0=_REDIS_7_0 in sys.argv))
    for part, password in passwords.items():
        print(f"JOURNAL_{part.upper()}_PASSWORD={password}")


if __name__ == "__main__":
    main()
