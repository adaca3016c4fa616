"""Scenes in which more waits than there are workers for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.drills.alerts.rules import QUEUE_ROOM
from tests.drills.alerts.scene import Scene
from tests.drills.alerts.stack import WORKERS
from tests.drills.alerts.waiting import expect, wait_until

if TYPE_CHECKING:
    from tests.drills.alerts.stack import Stack

INTERACTIVE, BULK = "interactive", "bulk"
ENVIRONMENT = {"JOURNAL_LANES": f"{INTERACTIVE}=8,{BULK}=1"}
_FEW = 10
_CHARACTERS = 4000
#: Of maxmemory, what is used once the queue is full.
_USED = 0.9
#: Of one worker; a replica has more children.
_SLOW = {"CHAOS_SECONDS_PER_ENTRY": "0.1"}
_REPLICA = {**_SLOW, "JOURNAL_CONCURRENCY": "6"}


def _no_worker(stack: Stack) -> None:
    for number in range(WORKERS):
        stack.stop_worker(number)


def _submit_few(stack: Stack) -> None:
    stack.submit([f"entry {number}" for number in range(_FEW)])


def _start_worker(stack: Stack) -> None:
    stack.only_worker(_SLOW)


def _fill(stack: Stack) -> None:
    """Submit to both lanes until neither has room, and leave Redis little memory for more.

    The worker takes what it can hold at once; what it leaves room for is submitted as well.
    """
    text = "A long evening. " * (_CHARACTERS // 16)
    for _ in range(2):
        for lane in (BULK, INTERACTIVE):
            done = stack.submit([text] * QUEUE_ROOM, lane)
            expect(len(done) < QUEUE_ROOM, f"{lane} refuses what it has no room for")
    with stack.admin() as admin:
        used = int(admin.info("memory")["used_memory"])
        admin.config_set("maxmemory", int(used / _USED))


def _add_replicas(stack: Stack) -> None:
    for number in range(1, WORKERS):
        stack.start_worker(number, _REPLICA, wait=False)
    wait_until(lambda: not stack.waiting(), "the replicas to have answered all")


SCENES = (
    Scene(
        {"JournalWorkersAbsent": "a worker started"},
        f"{_FEW} entries submitted, no worker runs",
        _submit_few,
        _start_worker,
        _no_worker,
    ),
    Scene(
        {
            "JournalEntriesWaitLong": "workers answer, so replicas added",
            "JournalEntriesWaitTooLong": "replicas added",
            "JournalQueueNearlyFull": "replicas added",
            "JournalLaneNearlyFull": "replicas added",
            "JournalRedisMemoryHigh": "the queue grows, so workers added (results are read)",
        },
        f"two lanes of {QUEUE_ROOM // 2} filled until submit raises QueueFull, one worker for 10 "
        f"entries/s, maxmemory set so that all this is {_USED:.0%} of it",
        _fill,
        _add_replicas,
        _start_worker,
    ),
)
