"""A worker as its users meet it: entries in, labels out."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import celery
import psutil
import redis

from deploy.local.processes import Process
from producer.keys import keys_of
from producer.message import QUEUE, encode_message
from tests.integration.conftest import Backend, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_odd_texts_are_answered_with_evidence_inside_the_submitted_text(
    worker: Process, backend: Backend
) -> None:
    texts = {
        "six thousand words": "It rained again and nobody came to the shop. " * 667,
        "emoji": "😀😭🎉",
        "German": "Ich wohne bei Anna Müller in Köln. Alle halten mich für unfähig, das weiß ich.",
        "right to left": "היום היה לי יום קשה בעבודה. אני חושב שכולם כועסים עליי.",
        "zero width": "I\u200b was\u200d late\ufeff and\u200b Jane Doe knows it.",
        "only zero width": "\u200b\u200d",
        "control": "a\x00b\x1b[31m",
        "one character": "x",
    }
    entries = backend.ask(list(texts.values()))
    answers = backend.answers(len(texts))
    for entry in entries:
        result = answers[entry.entry_id]
        assert result.context == entry.context
        assert set(result.scores) == {"Catastrophizing", "Mind Reading", "Self-blame"}
        for label in result.labels:
            assert label.evidence
            for piece in label.evidence:
                assert 0 <= piece.start < piece.end <= len(entry.text)
                assert entry.text[piece.start : piece.end].strip()
    assert answers["e1"].labels == ()  # emoji alone hold no words to judge


def test_thousands_of_entries_are_answered_once_by_two_workers(
    start_worker: Callable[..., Process], backend: Backend
) -> None:
    workers = [start_worker("--concurrency", "1") for _ in range(2)]
    count = 3000
    backend.ask([f"Entry number {i}, nothing else." for i in range(count)])
    assert len(backend.answers(count, seconds=120)) == count
    wait_until(lambda: backend.client.status().claimed == 0, "all claims to be released")
    assert backend.client.status().results == count
    for one in workers:
        metrics = one.page("metrics")[1]
        assert 'journal_entries_total{outcome="answered"}' in metrics


def test_counters_begin_at_zero_and_not_with_the_first_entry(worker: Process) -> None:
    page = worker.page("metrics")[1]
    for series in (
        'journal_redactions_total{type="PERSON"}',
        'journal_redactions_total{type="EMAIL_ADDRESS"}',
        'journal_stage_seconds_count{stage="end_to_end"}',
        "journal_worker_paused",
    ):
        assert f"{series} 0.0" in page
    assert page.count("journal_labels_total{") > 1


def test_entries_of_a_loaded_worker_gather_and_one_alone_goes_at_once(
    worker: Process, backend: Backend
) -> None:
    backend.ask(["A first one."], prefix="alone")
    backend.answers(1)
    wait_until(
        lambda: "journal_batch_entries_sum 1.0" in worker.page("metrics")[1], "a batch of one"
    )
    backend.ask([f"Entry {i}" for i in range(400)])
    backend.answers(400)
    wait_until(
        lambda: 'journal_entries_total{outcome="answered"} 401.0' in worker.page("metrics")[1],
        "the metrics to count all",
    )
    metrics = worker.page("metrics")[1]
    batches = float(metrics.split("journal_batch_entries_count ")[1].split()[0])
    assert batches < 200


def test_what_is_no_entry_is_dead_lettered_and_holds_up_nobody(
    worker: Process, backend: Backend, client: redis.Redis
) -> None:
    stock = celery.Celery(broker=backend_url(client))
    stock.send_task("journal.classify", ["not sealed"], task_id="raw", queue="journal.entries")
    stock.send_task("some.other.task", ["x"], task_id="other", queue="journal.entries")
    stock.send_task("journal.classify", [1, 2], task_id="args", queue="journal.entries")
    client.lpush("journal.entries", encode_message("swapped", "a.b.c.d.e"))
    backend.ask(["A good entry."])
    assert set(backend.answers(1)) == {"e0"}
    wait_until(lambda: backend.client.status().dead == 4, "four dead letters")
    dead = {fields[b"entry_id"] for _, fields in client.xrange("journal.dead")}
    assert dead == {b"raw", b"other", b"args", b"swapped"}
    wait_until(lambda: backend.client.status().claimed == 0, "no claims")


def backend_url(client: redis.Redis) -> str:
    options = client.connection_pool.connection_kwargs
    return f"redis://{options['host']}:{options['port']}/0"


def test_a_killed_child_loses_nothing(worker: Process, backend: Backend) -> None:
    backend.ask([f"Entry {i}, killed in the middle." for i in range(600)])
    wait_until(lambda: backend.client.status().results > 50, "the worker to be at work")
    children = psutil.Process(worker.pid).children()
    os.kill(children[0].pid, signal.SIGKILL)
    assert len(backend.answers(600)) == 600


def test_sigterm_drains_and_hands_back_what_was_not_started(
    start_worker: Callable[..., Process], backend: Backend, client: redis.Redis
) -> None:
    first = start_worker()
    count = 1000
    backend.ask([f"Entry {i} of a long queue, and so on " * 4 for i in range(count)])
    wait_until(lambda: backend.client.status().results > 100, "the worker to be at work")
    assert first.stop(seconds=20) == 0
    status = backend.client.status()
    assert status.claimed == 0
    assert status.ready + status.results == count
    start_worker()
    assert len(backend.answers(count, seconds=120)) == count


def test_celery_tools_work(worker: Process, backend: Backend, client: redis.Redis) -> None:
    app = celery.Celery(broker=backend_url(client))
    inspect = app.control.inspect(timeout=5)
    assert inspect.active()
    stats = inspect.stats()
    assert stats
    app.control.revoke("revoked-1")
    wait_until(
        lambda: any("revoked-1" in ids for ids in (inspect.revoked() or {}).values()), "the revoke"
    )
    backend.ask(["Read.", "Never read."], prefix="revoked-")  # revoked-0 is answered
    assert set(backend.answers(1)) == {"revoked-0"}
    wait_until(lambda: client.hlen(keys_of(QUEUE).claims) == 0, "the revoked entry to be settled")
    status = backend.client.status()
    assert (status.results, status.dead) == (1, 1)
    (letter,) = [json.loads(fields[b"letter"]) for _, fields in client.xrange("journal.dead")]
    assert (letter["entry_id"], letter["reason"]) == ("revoked-1", "revoked")


def test_events_tell_of_entries_without_their_text(
    worker: Process, backend: Backend, client: redis.Redis
) -> None:
    app = celery.Celery(broker=backend_url(client))
    seen: list[dict[str, object]] = []
    with app.connection() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": seen.append})
        threading.Thread(target=_capture, args=(receiver,), daemon=True).start()
        wait_until(lambda: [app.control.enable_events(), seen][-1], "a first event")
        backend.ask(["Canary sentence in an event."])
        wait_until(
            lambda: {event["type"] for event in seen} >= {"task-received", "task-succeeded"},
            "events of the entry",
        )
        receiver.should_stop = True
    assert "Canary" not in repr(seen)


def _capture(receiver: Any) -> None:
    with contextlib.suppress(Exception):  # its connection is closed under it at the end
        receiver.capture(limit=None, timeout=None, wakeup=True)


def test_worker_reconnects_when_redis_comes_back(
    start_worker: Callable[..., Process], backend: Backend, client: redis.Redis
) -> None:
    worker = start_worker()
    client.client_kill_filter(_type="normal", skipme=True)
    backend.ask(["After the cut."])
    assert len(backend.answers(1)) == 1
    assert worker.poll() is None


def test_metrics_of_the_queue_live_without_workers(
    environment: dict[str, str], backend: Backend, tmp_path: Path
) -> None:
    backend.ask(["One.", "Two."])
    with Process("exporter", environment, log=tmp_path / "exporter.log") as exporter:
        exporter.wait_ready()
        metrics = exporter.page("metrics")[1]
    assert "journal_queue_ready 2.0" in metrics
    assert "journal_queue_oldest_seconds" in metrics


def test_a_worker_started_again_gives_back_what_its_predecessor_held(
    start_light_worker: Callable[..., subprocess.Popen[bytes]], backend: Backend
) -> None:
    """At once, and not after the lease of 30 s."""
    first = start_light_worker(CHAOS_SECONDS_PER_ENTRY="60")
    backend.ask([f"Entry {i}" for i in range(50)])
    wait_until(lambda: backend.client.status().claimed == 50, "the worker to claim all")
    first.kill()
    first.wait()
    killed = time.monotonic()
    start_light_worker()
    assert len(backend.answers(50)) == 50
    assert time.monotonic() - killed < 20  # about 5
