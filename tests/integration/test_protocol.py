"""What producer/PROTOCOL.md calls needed is needed by a real worker, and nothing else is."""

from __future__ import annotations

import base64
import copy
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

from producer import JournalEntry
from producer.message import QUEUE
from producer.sealing import ENTRY
from tests.integration.conftest import Backend, wait_until
from tests.nodejs import node_with_packages
from tests.producer.protocol import DOCUMENT, json_samples, table

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from producer import KeySet


class Message:
    """The sample of a message from the document, around an entry of its own."""

    def __init__(self, keys: KeySet, entry_id: str) -> None:
        entry = JournalEntry(entry_id=entry_id, text="Soup again.")
        sealed = keys.seal(entry.encode(), kind=ENTRY, entry_id=entry_id)
        body = json.dumps([[sealed], {}, {}])
        self.content: dict[str, Any] = copy.deepcopy(json_samples("The message")[0])
        self.content["body"] = base64.b64encode(body.encode()).decode()
        self.content["headers"]["id"] = entry_id

    def without(self, *members: str) -> str:
        for member in members:
            *path, last = member.split(".")
            place = self.content
            for name in path:
                place = place.get(name, {})
            place.pop(last, None)
        return json.dumps(self.content)


def test_a_worker_needs_of_a_message_what_the_document_says_and_answers_node(
    start_light_worker: Callable[..., Any],
    environment: dict[str, str],
    backend: Backend,
    keys: KeySet,
    client: redis.Redis,
) -> None:
    members = {name: cells[0] == "yes" for name, cells in table("The message", "member").items()}
    needed = [name for name, required in members.items() if required]
    optional = [name for name, required in members.items() if not required]
    assert needed
    assert optional
    client.lpush(
        QUEUE,
        Message(keys, "whole").without(),
        Message(keys, "minimal").without(*optional),
        *(Message(keys, f"no.{name}").without(name) for name in members),
    )
    start_light_worker()
    wait_until(lambda: backend.client.status().dead == len(needed), "the dead letters")
    answered = set(backend.answers(2 + len(optional)))
    assert answered == {"whole", "minimal", *(f"no.{name}" for name in optional)}
    assert {stored.reason for stored in backend.client.failed()} == {"malformed"}
    submit_by_node(environment)


def submit_by_node(environment: dict[str, str]) -> None:
    """Last, because it skips where Node.js is missing: the sample gets the worker's answer."""
    sample = DOCUMENT.parent / "examples" / "node"
    done = subprocess.run(
        [node_with_packages(sample), "submit.mjs", "😀 Soup again.", "e1"],
        cwd=sample,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["e1: queued", "Even 0.9 [ '😀' ]"], done.stderr
