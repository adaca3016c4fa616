"""What was freed while models were loaded goes back to the operating system."""

from __future__ import annotations

import ctypes
import platform
import time
from pathlib import Path
from queue import Empty, SimpleQueue
from types import SimpleNamespace

import pytest

from worker.child import factory
from worker.models.memory import IdleTrim, give_back_freed
from worker.settings import WorkerSettings


def anonymous_kib() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="not glibc")
def test_freed_memory_between_what_stays_is_given_back() -> None:
    blocks = [b"%d" % number * 25_000 for number in range(1_000, 2_000)]  # 100 kB each
    kept = blocks[::2]
    del blocks
    before = anonymous_kib()
    assert give_back_freed()
    assert before - anonymous_kib() > 20_000
    assert len(kept) == 500


def test_other_c_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    assert not give_back_freed()


def test_a_worker_asks_for_it_once_its_models_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(factory, "give_back_freed", lambda: asked.append(True))
    assert factory.load_ahead(WorkerSettings(device="cpu", precision="fp32")) is not None
    assert asked == [True]


def test_it_is_given_back_once_in_each_pause() -> None:
    trimmed: SimpleQueue[float] = SimpleQueue()
    idle = IdleTrim(0.2, lambda: trimmed.put(time.monotonic()))
    for _ in range(2):
        until = time.monotonic() + 0.5
        while time.monotonic() < until:  # batches without a pause
            idle.batch_ended()
        idle.batch_began()
        with pytest.raises(Empty):  # it lasts longer than the pause
            trimmed.get(timeout=0.5)
        idle.batch_ended()
        last = time.monotonic()
        assert trimmed.get(timeout=60) >= last
        assert trimmed.empty()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="not glibc")
def test_what_a_batch_freed_is_given_back_when_none_follows() -> None:
    blocks = [b"%d" % number * 25_000 for number in range(1_000, 2_000)]
    kept = blocks[::2]
    del blocks
    before = anonymous_kib()
    IdleTrim(0.05).batch_ended()
    until = time.monotonic() + 60
    while before - anonymous_kib() < 20_000:
        assert time.monotonic() < until
    assert len(kept) == 500
