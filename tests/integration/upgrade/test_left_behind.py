"""What version 0.1 left behind is read by this one: messages, claims, results, keys and models."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from producer.dead_letters import DeadLetters, open_dead_letter
from tests.integration.conftest import Backend, wait_until
from worker.classifier.classifier import Classifier
from worker.models.compute import EXACT
from worker.models.folder import ModelFolder

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    import redis

    from producer import KeySet, Settings

RELEASE = Path(__file__).parents[2] / "data" / "release_0_1"


def restore(client: redis.Redis, snapshot: dict[str, dict[str, Any]]) -> None:
    """Write the keys of a snapshot as they were."""
    for name, key in snapshot.items():
        value = key["value"]
        if key["type"] == "list":
            client.rpush(name, *value)
        elif key["type"] == "hash":
            client.hset(name, mapping=value)
        elif key["type"] == "zset":
            client.zadd(name, value)
        elif key["type"] == "set":
            client.sadd(name, *value)
        elif key["type"] == "stream":
            for stream_id, fields in value:
                client.xadd(name, fields, id=stream_id)
        else:
            client.set(name, value)
        if key["ttl"] > 0:
            client.expire(name, key["ttl"])


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    """The key file that version 0.1 made for this snapshot alone."""
    path = tmp_path / "keys-of-0.1.json"
    shutil.copy(RELEASE / "key.json", path)
    path.chmod(0o600)
    return path


@pytest.fixture
def left_behind(client: redis.Redis) -> redis.Redis:
    """A Redis as version 0.1 left it: its worker was killed with an entry that it had claimed."""
    restore(client, json.loads((RELEASE / "redis.json").read_text(encoding="utf-8")))
    return client


@pytest.fixture
def reader(left_behind: redis.Redis, settings: Settings, keys: KeySet) -> Iterator[Backend]:
    del left_behind
    one = Backend(settings, keys)
    yield one
    one.client.close()


def test_what_waited_or_was_claimed_is_answered(
    reader: Backend,
    left_behind: redis.Redis,
    start_light_worker: Callable[..., subprocess.Popen[bytes]],
) -> None:
    start_light_worker(JOURNAL_CONCURRENCY="1", JOURNAL_LEASE_SECONDS="10")
    answered = reader.answers(6)
    assert set(answered) == {
        "answered-1",
        "answered-2",
        "claimed-1",
        "waiting-1",
        "waiting-2",
        "waiting-3",
    }
    assert [one.label for one in answered["answered-1"].labels] == ["Even"]
    wait_until(
        lambda: not left_behind.exists("unacked", "unacked_index"), "no claim of 0.1 is left"
    )


def test_a_dead_letter_is_listed_opened_and_replayed(
    reader: Backend, settings: Settings, keys: KeySet
) -> None:
    letters = DeadLetters(settings)
    (stored,) = letters
    assert (stored.entry_id, stored.reason) == ("dead-1", "classifier_failed")
    assert stored.letter is not None
    assert open_dead_letter(stored.letter, keys).text == "POISON-RAISE by version 0.1."
    waiting = reader.client.status().ready
    assert letters.replay([stored]) == 1
    assert reader.client.status().ready == waiting + 1
    letters.close()


def test_a_model_folder_is_loaded() -> None:
    classifier = Classifier.load(ModelFolder.open(RELEASE / "model"), EXACT)
    (found,) = classifier.classify(["a heron stood there"])
    assert len(found.scores) == len(classifier.label_names) == 3
