"""The bench of a fleet, as small as can be, and what is made of its figures."""

from __future__ import annotations

import json

import pytest

from deploy.local.server import find_program
from tests.bench.fleet import measure as fleet
from tests.bench.fleet.idle_workers import CONNECTIONS
from tests.bench.fleet.measure import Figures, Size, as_json, measure, shown
from tests.bench.fleet.system import RATE, Beside, Workers
from tests.bench.setting import Setting


def test_real_and_simulated_workers_answer_every_entry() -> None:
    with Setting() as setting:
        figures = measure(setting, 0.3, Workers(8, 2), 1, _tell, programs=[find_program()])
    ((one, many),) = figures.servers.values()
    assert (one.workers, many.workers) == (1, 10)
    assert len(many.submits) == len(many.waits) == 0.3 * RATE
    assert len(one.submits) == 2 * len(many.submits)
    assert many.connections - one.connections >= 8 * CONNECTIONS
    json.dumps(as_json(figures))


def test_ratios_are_of_quantiles() -> None:
    one = Beside(1, submits=[0.001] * 98 + [0.002] * 2, waits=[0.01], server=[0.1])
    many = Beside(540, submits=[0.001] * 98 + [0.003] * 2, waits=[0.02], server=[0.3])
    figures = Figures({"Redis 7.0.15": (one, many)})
    assert figures.ratio("Redis 7.0.15", 0.99) == pytest.approx(1.5)
    assert shown(figures, 3).row_count == 2
    assert Size.of(None, 5.0, quick=False) == (5.0, fleet.WORKERS)


def _tell(_: str) -> None:
    """Nobody looks."""
