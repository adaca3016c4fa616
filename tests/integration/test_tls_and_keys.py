"""TLS is verified; keys rotate in flight; a sealed entry belongs to its id."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

from deploy.local.processes import Process
from deploy.local.server import Server, free_port
from producer import JournalClient, JournalEntry, KeySet, Settings, Unavailable
from producer.sealing import new_key, write_key_file
from tests import needs
from tests.certificates import make_certificates
from tests.integration.conftest import Backend, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    return make_certificates(tmp_path / "tls")


def test_tls_is_used_and_a_strange_certificate_refused(
    certificates: Path,
    environment: dict[str, str],
    keys_file: Path,
    keys: KeySet,
    tmp_path: Path,
) -> None:
    program = needs.program("redis-server")  # the embedded server is built without TLS
    plain, port = free_port(), free_port()
    server = Server(
        program=program,
        directory=tmp_path / "redis",
        port=plain,
        tls_port=str(port),
        tls_cert_file=str(certificates / "redis.crt"),
        tls_key_file=str(certificates / "redis.key"),
        tls_ca_cert_file=str(certificates / "ca.crt"),
        tls_auth_clients="no",
    )
    with server:
        secure = f"rediss://127.0.0.1:{port}/0"
        strange = JournalClient(Settings.load(redis_url=secure, keys_file=keys_file), keys)
        with pytest.raises(Unavailable):
            strange.submit("Never sent.")
        trusted = f"{secure}?ssl_ca_certs={certificates / 'ca.crt'}"
        backend = Backend(Settings.load(redis_url=trusted, keys_file=keys_file), keys)
        settings = {**environment, "JOURNAL_REDIS_URL": trusted}
        with Process("run", settings, log=tmp_path / "worker.log") as worker:
            worker.wait_ready()
            backend.ask(["Over TLS."])
            assert len(backend.answers(1)) == 1


def test_keys_rotate_while_entries_are_in_flight(
    start_worker: Callable[..., Process], settings: Settings, tmp_path: Path
) -> None:
    """Old key current; then the new one is known everywhere; then it seals; then the old goes."""
    old, new = new_key(), new_key()
    file = tmp_path / "rotating.json"
    write_key_file(file, [old])
    before = Backend(settings, KeySet.load(file))
    before.ask([f"Sealed with the old key, {i}." for i in range(20)], prefix="old")
    write_key_file(file, [new, old])
    after = Backend(settings, KeySet.load(file))
    after.ask([f"Sealed with the new key, {i}." for i in range(20)], prefix="new")
    start_worker(JOURNAL_KEYS_FILE=str(file))
    assert len(after.answers(40)) == 40


def test_a_sealed_entry_under_another_id_is_a_dead_letter(
    worker: Process, settings: Settings, keys: KeySet, client: redis.Redis
) -> None:
    one = JournalClient(settings, keys)
    one.submit_many([JournalEntry(entry_id="mine", text="Mine alone.")])
    assert len(Backend(settings, keys).answers(1)) == 1
    from producer.message import encode_message
    from producer.sealing import ENTRY

    entry = JournalEntry(entry_id="mine", text="Mine alone.")
    sealed = keys.seal(entry.encode(), kind=ENTRY, entry_id="mine")
    client.lpush("journal.entries", encode_message("stolen", sealed))
    wait_until(lambda: client.xlen("journal.dead") == 1, "the dead letter")
    (_, fields), *_ = client.xrange("journal.dead")
    assert json.loads(fields[b"letter"])["reason"] == "undecryptable"
