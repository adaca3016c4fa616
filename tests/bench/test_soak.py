"""The soak of the anonymizer, in small."""

from __future__ import annotations

import json
import mmap
from itertools import islice
from typing import TYPE_CHECKING

from click.testing import CliRunner

from tests.bench import soak

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def test_entries_are_short_and_their_words_new() -> None:
    texts = list(islice(soak.texts(), 2_000))
    assert max(map(len, texts)) < 150
    assert len(set(texts)) > 1_950
    assert list(islice(soak.texts(), 50)) == texts[:50]


def test_the_anonymizers_memory_stays_flat() -> None:
    result = CliRunner().invoke(soak.main, ["--entries", "640"])
    figures = json.loads(result.stdout)
    assert result.exit_code == 0, figures
    assert figures["growth_percent"] < soak.MOST_GROWTH_PERCENT
    assert figures["entries"] == 640
    assert figures["entries_per_second"] > 0


def test_a_leak_is_told() -> None:
    kept: list[mmap.mmap] = []  # pages of their own: the heap may have free ones to give

    def leak(texts: Sequence[str]) -> None:
        for _ in texts:
            kept.append(mmap.mmap(-1, 2_000_000))
            kept[-1].write(b"x" * 2_000_000)

    found = soak.soak(leak, entries=200, warm_up=1)
    assert not found.flat
    assert found.resident_mib_end > found.resident_mib + 300


def test_a_missing_tagger_is_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(soak.main, ["--tagger", str(tmp_path / "none")])
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
