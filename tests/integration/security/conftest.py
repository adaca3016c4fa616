"""A server with the users of deploy/redis."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deploy.local import server as local
from deploy.local.server import Server, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


ROOT = Path(__file__).parents[3]
PARTS = ("producer", "gateway", "worker", "exporter", "operator")
PASSWORDS = {part: f"{part}-password" for part in PARTS}


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Server]:
    """A server with the users of `deploy/redis`."""
    spec = importlib.util.spec_from_file_location("make_acl", ROOT / "deploy/redis/make_acl.py")
    assert spec
    assert spec.loader
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    users = tmp_path / "users.acl"
    version = subprocess.run(
        [local.find_program(), "--version"], capture_output=True, text=True
    ).stdout
    rules = module.render(PASSWORDS, redis_7_0="v=7.0" in version)
    users.write_text(rules + "user journal-root on >root-password +@all ~*\n")
    port = free_port()
    server = Server(directory=tmp_path / "redis", port=port, aclfile=str(users))
    server.url = url(server, "exporter", port)
    with server:
        yield server


def url(server: Server, part: str, port: int | None = None) -> str:
    port = port or int(server.url.rsplit(":", 1)[1].split("/")[0])
    return f"redis://journal-{part}:{PASSWORDS.get(part, f'{part}-password')}@127.0.0.1:{port}/0"
