"""Write `users.acl` with a password of its own for each part of the system.

    python deploy/redis/make_acl.py users.acl > passwords.env

The ACL file holds SHA-256 sums only. The passwords go to stdout once, as variables; keep them
where you keep secrets. Load the file with `aclfile /path/users.acl` in redis.conf
(Redis 7, Valkey).
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
from pathlib import Path

PARTS = ("producer", "worker", "exporter", "operator")


def render(passwords: dict[str, str]) -> str:
    """The ACL file for these passwords."""
    text = Path(__file__).with_name("users.acl.template").read_text(encoding="utf-8")
    for part, password in passwords.items():
        digest = hashlib.sha256(password.encode()).hexdigest()
        text = text.replace(f"{part.upper()}_SHA256", digest)
    return text


def main() -> None:
    """Write the file named as the argument; print the passwords."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):  # noqa: PLR2004 - program and file
        sys.exit("usage: make_acl.py FILE")
    passwords = {part: secrets.token_urlsafe(24) for part in PARTS}
    try:
        descriptor = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as exc:
        sys.exit(f"make_acl.py: {sys.argv[1]}: {exc.strerror}")
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(render(passwords))
    for part, password in passwords.items():
        print(f"JOURNAL_{part.upper()}_PASSWORD={password}")


if __name__ == "__main__":
    main()
