"""The sample in Node.js submits entries and reads results, as producer/PROTOCOL.md has it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.nodejs import node_with_packages
from tests.producer.answering import DEAD
from tests.producer.examples.conftest import EXAMPLES
from tests.producer.support import publish_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import redis

    from producer import JournalClient, KeySet

SAMPLE = EXAMPLES / "node"
TEXT = "🙃 Nobody said hello. They must all be angry with me."


@pytest.fixture
def node(environment: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a program of the sample; it ends with the test."""
    program = node_with_packages(SAMPLE)
    with ExitStack() as running:

        def start(*arguments: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [program, *arguments],
                cwd=SAMPLE,
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            running.enter_context(process)
            running.callback(process.kill)  # before the context of the process waits for its end
            return process

        yield start


def test_node_submits_an_entry_and_gets_its_result(
    node: Callable[..., Any], answering: None, raw: redis.Redis, client: JournalClient
) -> None:
    output, errors = node("submit.mjs", TEXT, "e1").communicate(timeout=60)
    assert output.splitlines() == [
        "e1: queued",
        "Mind Reading 0.875 [ 'They must all be angry with me.' ]",
    ], errors
    again, _ = node("submit.mjs", TEXT, "e1").communicate(timeout=60)
    assert again.startswith("e1: duplicate\nMind Reading")
    assert [one.result.entry_id for one in client.receive()] == ["e1"]


def test_node_is_told_that_an_entry_became_a_dead_letter(
    node: Callable[..., Any], answering: None
) -> None:
    program = node("submit.mjs", DEAD)
    _, errors = program.communicate(timeout=60)
    assert program.returncode == 1
    assert "dead letter: classifier_failed" in errors


def test_node_reads_the_results_of_a_group_takes_over_and_acknowledges(
    node: Callable[..., Any],
    raw: redis.Redis,
    keys: KeySet,
    wait_until: Callable[..., Any],
) -> None:
    raw.xadd("journal.results", {"entry_id": "foreign", "sealed": "sealed by nobody"})
    publish_result(raw, keys, "e1", "e2", context="from us")
    raw.xgroup_create("journal.results", "backend", 0)
    ((_, items),) = raw.xreadgroup("backend", "a reader that died", {"journal.results": ">"}, 2)
    raw.xclaim("journal.results", "backend", "a reader that died", 0, [*dict(items)], idle=61_000)
    reader = node("read.mjs")
    results = [json.loads(reader.stdout.readline()) for _ in range(2)]
    assert [result["entry_id"] for result in results] == ["e1", "e2"]
    assert results[0]["context"] == "from us"
    # What does not open is left to a reader that has its key, and everything else acknowledged.
    wait_until(lambda: raw.xpending("journal.results", "backend")["pending"] == 1)
    reader.send_signal(signal.SIGTERM)
    _, errors = reader.communicate(timeout=60)
    assert "foreign does not open" in errors


def test_the_packages_of_the_sample_are_locked_to_contents_and_not_to_a_host() -> None:
    lock = (SAMPLE / "package-lock.json").read_text("utf-8")
    assert "resolved" not in lock
    assert not re.search(r"https?://", re.sub(r'"url": "[^"]*"', "", lock))
    packages = json.loads(lock)["packages"]
    assert all(package["integrity"] for name, package in packages.items() if name)
