"""The bench of shards, as small as can be, and what is made of its figures."""

from __future__ import annotations

import json
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

import pytest

from tests.bench.setting import Setting
from tests.bench.shards.measure import Figures, System, as_json, shown
from tests.bench.shards.measure import Load as ShardLoad

if TYPE_CHECKING:
    from collections.abc import Iterator

    from producer import JournalEntry


def test_every_entry_is_answered_once_under_load() -> None:
    with Setting() as setting, System(setting, 3) as system:
        assert system.round(system.entries(iter(["Soup."] * 60), 60)) >= 0
        load = ShardLoad(system)
        while not load.others():
            pass
        load.end()
        assert set(load.answered.values()) == {1}


def test_entries_made_while_the_load_ends_are_submitted(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: SimpleQueue[ShardLoad] = SimpleQueue()
    making = threading.Event()
    with Setting() as setting, System(setting, 1) as system:
        entries = system.entries

        def made_late(texts: Iterator[str], count: int) -> list[JournalEntry]:
            making.set()
            loads.get()._stop.wait()
            return entries(texts, count)

        monkeypatch.setattr(system, "entries", made_late)
        load = ShardLoad(system)
        assert making.wait(60)
        loads.put(load)
        load.end()
        assert set(load.answered.values()) == {1}


def test_ratios_are_of_medians() -> None:
    figures = Figures(10, cpu={1: [90.0, 100.0, 300.0], 3: [110.0]}, up=200.0, down=190.0)
    assert figures.cpu_ratio() == pytest.approx(1.1)
    assert figures.others() == pytest.approx(0.95)
    json.dumps(as_json(figures))
    assert shown(figures, 3).row_count == 2
