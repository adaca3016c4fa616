"""What the tests of the worker share."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import torch
from celery.worker import state

from tests.worker.parent.batch_support import Desk
from worker.anonymizer.anonymizer import Anonymizer
from worker.classifier.classifier import Classifier
from worker.models.compute import EXACT
from worker.models.folder import ModelFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session", autouse=True)
def _two_threads_at_most() -> None:
    """Other suites run beside this one; the tiny model gains nothing from more threads."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def anonymizer() -> Anonymizer:
    """The real one in fp32: Presidio takes seconds to load."""
    return Anonymizer.load(compute=EXACT)


@pytest.fixture(scope="session")
def classifier(tiny_model: Path) -> Classifier:
    """The tiny model in fp32."""
    return Classifier.load(ModelFolder.open(tiny_model), EXACT)


@pytest.fixture
def wait_until() -> Callable[..., Any]:
    """Wait for a condition to hold; returns what it returned."""

    def wait(condition: Callable[[], Any], what: str = "it", seconds: float = 30.0) -> Any:
        end = time.monotonic() + seconds
        pause = threading.Event()
        while True:
            if found := condition():
                return found
            assert time.monotonic() < end, f"waited {seconds:.0f} s for: {what}"
            pause.wait(0.01)

    return wait


@pytest.fixture
def desk() -> Desk:
    """One child, at most four entries or 1,000 tokens, three deliveries."""
    return Desk()


@pytest.fixture(autouse=True)
def _celery_forgets() -> Iterator[None]:
    yield
    state.reset_state()
    state.revoked.clear()
