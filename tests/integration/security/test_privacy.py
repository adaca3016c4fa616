"""What must never leave a worker: text, and packets to anywhere but Redis."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import celery
import psutil

from producer.message import encode_message
from producer.sealing import ENTRY
from tests.integration.conftest import ROOT, Backend, wait_until
from tests.integration.test_worker import _capture, backend_url

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from deploy.local.processes import Process
    from producer import KeySet

CANARY = "Zebulonquist hid the xylocanary behind the greenhouse"


def test_a_sentence_is_found_nowhere_after_a_run_at_debug_with_failures(
    start_worker: Callable[..., Process],
    backend: Backend,
    client: redis.Redis,
    keys: KeySet,
    tmp_path: Path,
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    worker = start_worker("--log-level", "DEBUG", TMPDIR=str(temporary), HOME=str(temporary))
    app = celery.Celery(broker=backend_url(client))
    events: list[Any] = []
    with app.connection() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": events.append})
        threading.Thread(target=_capture, args=(receiver,), daemon=True).start()
        wait_until(lambda: [app.control.enable_events(), events][-1], "a first event")
        texts = [f"{CANARY}, said number {i}. Everyone hates me." for i in range(300)]
        backend.ask(texts)
        # Failures with the sentence inside: a broken entry, another id's, a kill in the middle.
        broken = keys.seal(f'{{"text": "{CANARY}"}}'.encode(), kind=ENTRY, entry_id="broken")
        client.lpush("journal.entries", encode_message("broken", broken))
        other = keys.seal(f'{{"text": "{CANARY}"}}'.encode(), kind=ENTRY, entry_id="one")
        client.lpush("journal.entries", encode_message("another", other))
        # Producers that did not seal: as an entry, as another task, as no task message at all.
        app.send_task("journal.classify", [CANARY], task_id="plain", queue="journal.entries")
        app.send_task("another.task", [CANARY], {"text": CANARY}, queue="journal.entries")
        client.lpush("journal.entries", CANARY, json.dumps({"headers": {"id": CANARY}}))
        wait_until(lambda: backend.client.status().results > 20, "the worker to be at work")
        os.kill(psutil.Process(worker.pid).children()[0].pid, signal.SIGKILL)
        backend.answers(300)
        inspected = repr(app.control.inspect(timeout=2).active())
        wait_until(lambda: backend.client.status().dead == 6, "the dead letters")
        receiver.should_stop = True
    pages = [worker.page(name)[1] for name in ("metrics", "healthz", "readyz")]
    worker.stop()
    stored = b"".join(client.dump(key) or b"" for key in client.scan_iter("*"))
    found = {
        "log": worker.log.read_text(errors="replace"),
        "events": repr(events),
        "inspect": inspected,
        "pages": "".join(pages),
        "redis": stored.decode("latin-1"),
        "rdb": _rdb(client).decode("latin-1"),
        "files": _everything_below(temporary),
    }
    assert "DEBUG" in found["log"]
    for where, content in found.items():
        for word in ("Zebulonquist", "xylocanary"):
            assert word not in content, where


def _rdb(client: redis.Redis) -> bytes:
    """The whole server as it would be written to disk, uncompressed."""
    client.config_set("rdbcompression", "no")
    client.save()
    folder, name = (str(client.config_get(key)[key]) for key in ("dir", "dbfilename"))
    content = (Path(folder) / name).read_bytes()
    assert b"journal.dead" in content
    return content


def _everything_below(folder: Path) -> str:
    return "".join(
        path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()
    )


def test_a_worker_reaches_nothing_but_redis(
    environment: dict[str, str], backend: Backend, tmp_path: Path
) -> None:
    """Every name lookup and every connection beyond loopback raises, in parent and children."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, socket\n"
        "def refuse(*a, **k):\n"
        "    os.write(2, b'NETWORK ACCESS ' + repr(a).encode() + b'\\n'); raise OSError('no network')\n"
        "look_up = socket.getaddrinfo\n"
        "def getaddrinfo(host, *a, **k):\n"
        "    return look_up(host, *a, **k) if host in ('127.0.0.1', None) else refuse(host)\n"
        "socket.getaddrinfo = getaddrinfo\n"
        "socket.gethostbyname = refuse\n"
        "connect = socket.socket.connect\n"
        "def guarded(self, address):\n"
        "    if self.family != socket.AF_UNIX and address[0] != '127.0.0.1': refuse(address)\n"
        "    return connect(self, address)\n"
        "socket.socket.connect = guarded\n"
    )
    from deploy.local.processes import Process

    empty_home = tmp_path / "home"
    empty_home.mkdir()
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    settings = {**environment, "PYTHONPATH": path, "HOME": str(empty_home)}
    with Process("run", settings, log=tmp_path / "worker.log") as worker:
        worker.wait_ready()
        backend.ask(["Mail me at someone@exmaple.tld or see http://example.com today."])
        backend.answers(1)
        log = worker.log.read_text()
    assert "NETWORK ACCESS" not in log
    # The guard itself works:
    probe = subprocess.run(
        [sys.executable, "-c", "import socket; socket.create_connection(('10.0.0.1', 80), 1)"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert b"NETWORK ACCESS" in probe.stderr
