"""Blows that make the replica the primary; what was not confirmed by it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from tests.chaos.blows.stage import until
from tests.chaos.store import Group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.blows.stage import Stage

#: How long an old primary stays away, or asleep, after the failover at most, in seconds.
_AWAY_SECONDS = 1.5
#: For how long a replica takes nothing before it is made the primary, in seconds.
_LAG_SECONDS = (0.3, 1.5)


def kill_primary(stage: Stage) -> Iterator[float]:
    """Send SIGKILL to the primary, and start it again when the replica has taken its place."""
    yield from until(_group(stage).can_fail_over)
    before, start = _group(stage).primary, stage.store.kill()
    stage.counts["kills"] += 1
    try:
        yield from _until_another(stage, before)
        yield stage.random.uniform(0.0, _AWAY_SECONDS)
    finally:
        start()
    yield from until(stage.store.settled)


def kill_primary_of_lagging_replica(stage: Stage) -> Iterator[float]:
    """Let the replica fall behind, then send SIGKILL to the primary."""
    yield from until(_group(stage).can_fail_over)
    wake = _group(stage).lag()
    try:
        yield stage.random.uniform(*_LAG_SECONDS)
        before, start = _group(stage).primary, stage.store.kill()
    finally:
        wake()
    stage.counts["kills"] += 1
    try:
        yield from _until_another(stage, before)
    finally:
        start()
    yield from until(stage.store.settled)


def hang_primary(stage: Stage) -> Iterator[float]:
    """Let the primary hang until the replica has taken its place; it wakes as a second primary."""
    yield from until(_group(stage).can_fail_over)
    before, wake = _group(stage).primary, stage.store.hang()
    stage.counts["hangs"] += 1
    try:
        yield from _until_another(stage, before)
        yield stage.random.uniform(0.0, _AWAY_SECONDS)
    finally:
        wake()
    yield from until(stage.store.settled)


def switch_over(stage: Stage) -> Iterator[float]:
    """Let the Sentinels switch primary and replica, as an operator does who wants to mend one."""
    yield from until(_group(stage).can_fail_over)
    before = _group(stage).primary
    try:
        _group(stage).fail_over()
    except redis.ResponseError:  # they will not now
        return
    yield from _until_another(stage, before)
    yield from until(stage.store.settled)


def _group(stage: Stage) -> Group:
    assert isinstance(stage.store, Group)
    return stage.store


def _until_another(stage: Stage, before: int) -> Iterator[float]:
    yield from until(lambda: _group(stage).primary != before)
    stage.counts["failovers"] += _group(stage).primary != before
