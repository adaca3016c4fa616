"""The bench of lanes, as small as can be, and what is made of its figures."""

from __future__ import annotations

import json
import math

import pytest

from tests.bench.errors import BenchError
from tests.bench.lanes import measure as lanes
from tests.bench.lanes.measure import Figures, as_json, measure, shown
from tests.bench.setting import Setting


def test_every_entry_of_both_lanes_is_answered_and_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes, "BEFORE_SECONDS", 0.1)
    with Setting() as setting:
        figures = measure(setting, 2_000, 0.4, 1, lambda _: None)
    assert len(figures.alone) == len(figures.beside) == 0.4 * lanes.RATE
    assert min(figures.alone + figures.beside) >= lanes.DEVICE_SECONDS
    json.dumps(as_json(figures))


def test_a_flood_that_ends_too_soon_fails_the_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "BEFORE_SECONDS", 0.1)
    with Setting() as setting, pytest.raises(BenchError, match="flood ended"):
        measure(setting, 10, 0.4, 1, lambda _: None)


def test_ratios_are_of_quantiles_and_medians() -> None:
    figures = Figures(
        1000,
        alone=[0.1] * 94 + [0.2] * 6,
        beside=[0.1] * 94 + [0.3] * 6,
        bulk_alone=[100.0, 90.0, 110.0],
        bulk_beside=[80.0, 20.0, 90.0],
    )
    assert figures.ratio(0.95) == pytest.approx(1.5)
    assert figures.bulk_share() == pytest.approx(0.8)
    assert math.isnan(Figures(1, bulk_alone=[0.0], bulk_beside=[9.0]).bulk_share())
    assert shown(figures, 3).row_count == 3
