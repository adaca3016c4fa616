"""The doctor knows what each part's Redis user has to be allowed, and the ACL file allows it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis

from deploy.local.server import Server
from producer import Settings
from producer.doctor import Role, check_all, gather
from tests import needs

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module", params=["embedded", "redis-server"])
def guarded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server with the users of `deploy/redis`, the newest one and the oldest."""
    spec = importlib.util.spec_from_file_location("make_acl", ROOT / "deploy/redis/make_acl.py")
    assert spec
    assert spec.loader
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    old = request.param == "redis-server"
    folder = tmp_path_factory.mktemp(request.param)
    rules = module.render({part: part for part in module.PARTS}, redis_7_0=old)
    users = folder / "users.acl"
    users.write_text(f"{rules}user root on >root +@all ~* &*\n")
    program = needs.program("redis-server") if old else None
    server = Server(program=program, directory=folder / "data", aclfile=str(users))
    server.url = server.url.replace("://", "://root:root@")
    with server:
        yield server


def permissions(server: Server, role: Role, **settings: Any) -> tuple[str, str]:
    url = server.url.replace("root:root", f"journal-{role}:{role}")
    snapshot = gather(Settings.load(redis_url=url, min_replicas=1, **settings), role)
    (found,) = (each for each in check_all(snapshot) if each.check == "permissions")
    return found.level.value, found.text


@pytest.mark.parametrize("lanes", ["", "interactive=8,bulk=1"])
@pytest.mark.parametrize("role", list(Role))
def test_the_users_of_the_acl_file_may_do_what_the_doctor_asks(
    guarded: Server, role: Role, lanes: str
) -> None:
    told = ("ok", f"The user may send what a {role} needs.")
    assert permissions(guarded, role, lanes=lanes) == told


@pytest.mark.parametrize(
    ("role", "rule", "named"),
    [
        (Role.PRODUCER, "-lpush", "LPUSH journal.entries"),
        (Role.PRODUCER, "-xack", "XACK journal.results"),
        (Role.PRODUCER, "-wait", "WAIT"),
        (Role.WORKER, "-blmove", "BLMOVE journal.entries"),
        (Role.WORKER, "-publish", "PUBLISH /0.celery.pidbox"),
        (Role.EXPORTER, "-lindex", "LINDEX journal.entries"),
    ],
)
def test_what_a_user_may_not_send_is_named(
    guarded: Server, role: Role, rule: str, named: str
) -> None:
    with redis.Redis.from_url(guarded.url) as root:
        user = f"journal-{role}"
        root.execute_command("ACL", "SETUSER", user, rule)
        try:
            level, text = permissions(guarded, role)
        finally:
            root.execute_command("ACL", "SETUSER", user, rule.replace("-", "+", 1))
    assert level == "failed"
    assert named in text


def test_names_that_the_acl_file_does_not_know_are_refused(guarded: Server) -> None:
    level, text = permissions(guarded, Role.PRODUCER, queue="other.entries")
    assert level == "failed"
    assert "LPUSH other.entries" in text
