"""How a child tells its parent that it is ready, or why it cannot start."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from worker.child.readiness import ChildGate

if TYPE_CHECKING:
    from collections.abc import Callable

READY = {"name": "m", "version": "1", "precision": "fp32", "device": "cpu"}


def test_the_parent_learns_that_a_child_is_ready_or_failed(wait_until: Callable[..., Any]) -> None:
    gate, ready, failed = ChildGate(), [], []
    gate.listen(on_ready=lambda *what: ready.append(what), on_failed=failed.append)
    gate.tell_ready(READY)
    gate.tell_failed("model folder not found: nowhere")
    wait_until(lambda: ready and failed, "both lines")
    assert ready == [(os.getpid(), READY)]
    assert failed == ["model folder not found: nowhere"]
    os.close(gate._write)


@pytest.mark.parametrize("words", ["ü" * 5000, '"\n' * 5000, "\x00" * 5000, "😀" * 5000, "\ud800"])
def test_a_line_of_any_characters_and_length_arrives(
    words: str, wait_until: Callable[..., Any]
) -> None:
    gate, ready, failed = ChildGate(), [], []
    gate.listen(on_ready=lambda *what: ready.append(what), on_failed=failed.append)
    gate.tell_failed(words)
    gate.tell_ready(dict.fromkeys(READY, words))
    wait_until(lambda: ready and failed, "both lines")
    assert words.startswith(failed[0])
    assert failed[0]
    os.close(gate._write)
