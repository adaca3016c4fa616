"""A certificate authority for one test, and a server certificate for 127.0.0.1."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def make_certificates(folder: Path) -> Path:
    """Write `ca.crt`, `redis.crt` and `redis.key` into a folder, which is made; returns it."""
    folder.mkdir()
    request = "openssl req -newkey rsa:2048 -nodes -keyout redis.key -out redis.csr"
    sign = "openssl x509 -req -in redis.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2"
    commands = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.crt -subj /CN=ca",
        f"{request} -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1",
        f"{sign} -out redis.crt -copy_extensions copy",
    )
    for command in commands:
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder
