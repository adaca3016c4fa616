"""What the soak makes of memory, words and results that come again."""

from __future__ import annotations

import base64
import mmap
import os
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from producer import JournalClient, JournalEntry
from tests.autoscale.ledger import Queue
from tests.chaos.ledger import Ledger
from tests.soak import canaries
from tests.soak.load import GroupReader, plain_entry, written_entries
from tests.soak.memory import Memory, growth_of, held_by
from worker.broker.records import Answer
from worker.broker.settlement import claims_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import redis

    from producer import Settings

_MIB = 2**20


def test_growth_is_of_the_time_after_warm_up() -> None:
    warming = [(float(second), second * 10.0) for second in range(20)]
    later = [(float(second), 200.0 + 0.05 * (second - 20)) for second in range(20, 101)]
    grown = growth_of(warming + later)
    assert grown.mib == pytest.approx(200.0)
    assert grown.percent == pytest.approx(2.0)
    assert grown.flat
    leaking = growth_of(warming + [(second, 200.0 + 0.1 * second) for second, _ in later])
    assert not leaking.flat


def test_a_small_process_may_take_one_piece_more_of_memory() -> None:
    memory = Memory()
    for second in range(10):
        memory.take("small", second, _MIB * (2 + (second > 5)))
        memory.take("leak", second, _MIB * (2 + second))
    growth = memory.growth()
    assert growth["leak"].percent > growth["small"].percent > 3
    assert not growth["leak"].flat


@pytest.mark.parametrize("kind", [mmap.MAP_PRIVATE, mmap.MAP_SHARED])
def test_a_process_holds_what_it_writes_to(kind: int) -> None:
    """Pages of its own, because an allocator may have as many left from earlier."""
    before = held_by(os.getpid())
    with mmap.mmap(-1, 64 * _MIB, flags=kind | mmap.MAP_ANONYMOUS) as pages:
        assert held_by(os.getpid()) - before < 16 * _MIB
        pages.write(bytes(64 * _MIB))
        assert 50 * _MIB < held_by(os.getpid()) - before < 80 * _MIB


@pytest.mark.parametrize("before", range(4))
def test_a_word_is_found_in_clear_and_in_base64(tmp_path: Path, before: int) -> None:
    text = b"." * before + canaries.WORDS[0].encode() + b" and more"
    assert canaries.hits_in(text) == 1
    assert canaries.hits_in(base64.b64encode(text)) >= 1
    (tmp_path / "log").write_bytes(b"-" * 100 + base64.b64encode(text))
    (tmp_path / "other").write_bytes(b"nothing")
    assert list(canaries.hits_below(tmp_path)) == ["log"]


def test_a_word_across_two_pieces_of_a_file_is_found_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"-" * 29 + canaries.WORDS[1].encode() + b"-" * 100)
    for size in (16, 31, 32, 64):
        monkeypatch.setattr(canaries, "_PIECE", size)
        assert canaries.hits_in_file(path) == 1


@pytest.mark.parametrize("entry", [plain_entry, written_entries()])
def test_every_text_holds_the_words(entry: Callable[[int], JournalEntry]) -> None:
    entries = [entry(number) for number in range(5)]
    assert all(word in one.text for one in entries for word in canaries.WORDS)
    assert all(one.entry_id != other.entry_id for one, other in pairwise(entries))


def test_a_result_that_is_given_again_is_told_once_and_a_second_answer_twice(
    settings: Settings, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger()
    reader = GroupReader(Queue(settings.redis_url.get_secret_value()), settings, ledger.answered)
    with JournalClient(settings) as backend, reader._store.admin() as admin:
        monkeypatch.setattr(reader._client, "acknowledge", lambda *_, **__: 0)
        _answer(settings, backend, "one")
        for _ in range(2):
            reader._from = ">"
            reader._read(admin)
            reader._from = "0"  # as after a connection that broke: all that is pending comes again
            reader._read(admin)
        assert ledger.answers == {"one": 1}
        client.xadd(settings.results, {"entry_id": "one", "sealed": "x"})
        reader._from = ">"
        reader._read(admin)
        assert ledger.duplicated == 1
        monkeypatch.undo()
        reader._from = "0"
        reader._read(admin)
        reader._read(admin)
        assert backend.status().results == 0
    reader.stop()


def _answer(settings: Settings, backend: JournalClient, entry_id: str) -> None:
    """Submit an entry and answer it as a worker does."""
    backend.submit(JournalEntry(entry_id=entry_id, text="It rained."))
    claims = claims_for(settings)
    (claimed,) = claims.claim(1) or []
    assert claims.settle([Answer(claimed.tag, "result", entry_id, "sealed", "x")]) == [True]
