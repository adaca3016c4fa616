"""The bench of gathering, small and without models."""

from __future__ import annotations

from tests.bench.gathering.__main__ import measure, shown
from tests.bench.setting import Setting


def test_each_setting_is_measured_in_turn_and_none_loses_an_entry() -> None:
    with Setting() as setting:
        measured = measure(
            setting, [0.0, 0.05], 1, 0.5, lambda _: None, module="tests.chaos.light_worker"
        )
    assert list(measured) == [0.0, 0.05]
    assert all(run.entries > 0 and run.cpu >= 0 for runs in measured.values() for run in runs)
    assert shown(measured, 1).row_count == 2
