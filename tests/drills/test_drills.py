"""A drill, as short as can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.drills import backup
from tests.drills.load import Load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("by", ["rdb"])
def test_what_was_acknowledged_before_a_backup_is_answered_after_its_restore(
    tmp_path: Path, by: str
) -> None:
    with Load(tmp_path, rate=300.0) as load:
        outcome = backup.Drill(load, by, seconds=0.5).run()
    assert outcome["acknowledged_before_backup"] > 0
    assert {name: outcome[name] for name in backup.FAULTS} == dict.fromkeys(backup.FAULTS, 0)
