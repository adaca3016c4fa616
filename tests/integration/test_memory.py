"""What a worker holds with the shipped models, which all of its children share."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from producer.load.texts import random_texts
from tests.bench.machine import proportional_bytes, tree
from worker.models.folder import SHIPPED_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.local.processes import Process
    from tests.integration.conftest import Backend

#: The sum of the proportional set sizes of the parent and two children.
MOST_BYTES = 750e6


def test_two_children_and_their_parent_stay_small(
    start_worker: Callable[..., Process], backend: Backend
) -> None:
    worker = start_worker(JOURNAL_MODEL=str(SHIPPED_MODEL))
    backend.ask(list(islice(random_texts(seed=5), 100)))
    backend.answers(100)
    assert sum(map(proportional_bytes, tree([worker.pid]))) < MOST_BYTES
