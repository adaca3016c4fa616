"""Scenes of workers that are out of order."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import psutil

from producer.message import encode_message
from producer.sealing import ENTRY, KeySet
from tests.chaos.light_worker import KILL
from tests.drills.alerts.scene import Scene
from tests.drills.alerts.waiting import expect, wait_until

if TYPE_CHECKING:
    from tests.drills.alerts.stack import Stack

_ENTRIES = 6
_BATCH = 8
_CHILDREN = "2"
#: There is memory for one.
_ROOM = {"DRILL_CHILDREN": "1"}
_NEW_MODEL = {"DRILL_VERSION": "2"}
#: Longer a worker whose child stands still is not waited for.
_STOP_SECONDS = 2.0
_FAILED, _DAMAGED, _BARE, _KILLED = "classifier_failed", "damaged", "not_sealed", "worker_lost"


def _one_worker(stack: Stack) -> None:
    stack.only_worker()


def _start_too_many_children(stack: Stack) -> None:
    stack.start_worker(2, {**_ROOM, "JOURNAL_CONCURRENCY": _CHILDREN}, wait=False)


def _start_fewer_children(stack: Stack) -> None:
    """It has left by itself once five children in a row ended, and its log says why."""
    wait_until(lambda: not stack.workers[2].running, "the worker to leave")
    expect(
        "ended before their models were loaded" in stack.log(2), "its log says why it has no child"
    )
    stack.start_worker(2, {**_ROOM, "JOURNAL_CONCURRENCY": "1"})


def _roll_out_half(stack: Stack) -> None:
    stack.start_worker(1, _NEW_MODEL)


def _finish_roll_out(stack: Stack) -> None:
    stack.start_worker(0, _NEW_MODEL)


def _stop_child(stack: Stack) -> None:
    """Stop the only child as a device or a file system that hangs does, then submit."""
    (child,) = psutil.Process(stack.workers[0].pid).children()
    child.send_signal(signal.SIGSTOP)
    stack.submit([f"entry {number}" for number in range(_ENTRIES)])


def _restart_worker(stack: Stack) -> None:
    expect("JournalResultsBacklog" not in stack.watch.firing, "the results are read")
    stack.stop_worker(0, _STOP_SECONDS)
    stack.start_worker()
    stack.wait_for_answers()


def _kill_children(stack: Stack) -> None:
    """A poison entry among others of its batch: its child dies with all of them in hand."""
    stack.submit([*(f"entry {number}" for number in range(1, _BATCH)), f"{KILL} now"])


def _look_for_killed_children(stack: Stack) -> None:
    """Entries are delivered again until the poison entry is known; it is a dead letter then."""
    expect("lost a child with" in stack.log(), "the worker's log tells of killed children")
    wait_until(
        lambda: any(letter["reason"] == _KILLED for letter in stack.dead_letters()),
        "the entry that kills its worker to be a dead letter",
    )
    stack.drop(_KILLED)


def _break_worker(stack: Stack) -> None:
    """A worker that fails at every entry; and messages that were damaged, or never sealed."""
    stack.only_worker({"DRILL_BROKEN": "1"})
    stack.submit([f"entry {number}" for number in range(_ENTRIES)])
    keys = KeySet.load(stack.keys_file)
    sealed = keys.seal(b"{}", kind=ENTRY, entry_id="damaged")
    damaged = encode_message("damaged", f"{sealed[:-4]}AAAA")
    bare = encode_message("bare", json.dumps({"entry_id": "bare", "text": "never sealed"}))
    with stack.admin() as admin:
        admin.lpush(stack.settings().queue, damaged, bare)
    wait_until(lambda: len(stack.dead_letters()) == _ENTRIES + 2, "all of them to be given up")


def _mend_and_replay(stack: Stack) -> None:
    reasons = {letter["reason"] for letter in stack.dead_letters()}
    expect(reasons == {_FAILED, _DAMAGED, _BARE}, "journal dead list tells why")
    stack.only_worker()
    stack.journal("dead", "replay", "--all", "--reason", _FAILED)
    stack.journal("dead", "drop", "--all", "--reason", _DAMAGED, "--yes")
    stack.journal("dead", "drop", "--all", "--reason", _BARE, "--yes")
    stack.wait_for_answers()


SCENES = (
    Scene(
        {
            "JournalWorkerWithoutChildren": "its log read; started with JOURNAL_CONCURRENCY=1, for "
            "which the memory suffices"
        },
        f"a worker of {_CHILDREN} children whose children are killed while they load, as if out "
        "of memory",
        _start_too_many_children,
        _start_fewer_children,
        _one_worker,
    ),
    Scene(
        {"JournalModelsDiffer": "roll-out finished: the other worker started with the new version"},
        "one of two workers serves another version",
        _roll_out_half,
        _finish_roll_out,
        _one_worker,
    ),
    Scene(
        {
            "JournalNoProgress": "JournalResultsBacklog does not fire, so worker restarted (killed "
            "as it does not end); its entries came back"
        },
        "the only child stopped (SIGSTOP) with entries claimed",
        _stop_child,
        _restart_worker,
        _one_worker,
    ),
    Scene(
        {
            "JournalRedeliveries": "killed children found in the worker's log, the entry that "
            "kills them in `journal dead list`, and dropped"
        },
        f"a poison entry that kills its child, in a batch of {_BATCH}",
        _kill_children,
        _look_for_killed_children,
        _one_worker,
    ),
    Scene(
        {
            "JournalDeadLetters": "`journal dead list`; worker mended, `journal dead replay` of "
            "what it failed at, `journal dead drop` of the rest"
        },
        "a worker whose classifier raises; a damaged message; one that was never sealed",
        _break_worker,
        _mend_and_replay,
        _one_worker,
    ),
)
