"""Scenes in which parts of the system do not agree, and in which results are not read."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from deploy.local.processes import ModuleProcess
from producer import KeySet
from producer.sealing import new_key, write_key_file
from tests.drills.alerts.rules import RESULTS_ROOM
from tests.drills.alerts.scene import Scene
from tests.drills.alerts.waiting import expect

if TYPE_CHECKING:
    from tests.drills.alerts.stack import Stack

ENVIRONMENT = {"JOURNAL_MAX_RESULTS": str(RESULTS_ROOM)}
_ENTRIES = 5
_LANE, _LANES = "bulk", "interactive=8,bulk=1"
_BACKEND, _MISTYPED = "backend", "backends"


def _one_worker(stack: Stack) -> None:
    stack.only_worker()


def _seal_with_another_key(stack: Stack) -> None:
    write_key_file(stack.backend_keys, [new_key()])
    stack.submit([f"entry {number}" for number in range(_ENTRIES)])


def _give_key(stack: Stack) -> None:
    """The worker names the key; the file of the backend that sealed with it has it."""
    status, told = stack.workers[0].page("readyz")
    kid = KeySet.load(stack.backend_keys).current
    expect(status == HTTPStatus.SERVICE_UNAVAILABLE and kid in told, "/readyz names the key")
    own = json.loads(stack.keys_file.read_bytes())["keys"]
    others = json.loads(stack.backend_keys.read_bytes())["keys"]
    write_key_file(stack.keys_file, [*own, *(key for key in others if key["kid"] == kid)])
    stack.backend_keys.write_bytes(stack.keys_file.read_bytes())
    stack.wait_for_answers()


def _submit_to_unknown_lane(stack: Stack) -> None:
    stack.submit([f"entry {number}" for number in range(_ENTRIES)], _LANE, lanes=_LANES)


def _name_lane(stack: Stack) -> None:
    told = json.loads(stack.journal("doctor", "--json", module="worker.cli"))
    (text,) = (check["text"] for check in told["checks"] if check["check"] == "lanes")
    expect(f"{_LANE} (" in text, "journal-worker doctor names the lane")
    expect(_LANE in stack.log(), "the worker's log names the lane")
    stack.environment["JOURNAL_LANES"] = _LANES
    stack.only_worker()
    stack.restart_exporter()
    stack.wait_for_answers()


def _read_no_results(stack: Stack) -> None:
    """Two groups keep the results: that of a reader that is gone, and a mistyped one."""
    stack.only_worker()
    for group in (_BACKEND, _MISTYPED):
        stack.journal("results", "--group", group, "--no-follow", "--json")
    stack.submit([f"entry {number}" for number in range(2 * RESULTS_ROOM)])


def _read_results(stack: Stack) -> None:
    told = [json.loads(line) for line in stack.journal("groups", "list", "--json").splitlines()]
    behind = {group["name"] for group in told if group["unread"] >= RESULTS_ROOM}
    expect(behind == {_BACKEND, _MISTYPED}, "journal groups list tells which groups are behind")
    reader = ModuleProcess(
        *("producer.cli", "results", "--group", _BACKEND, "--json"),
        environment=stack.environment,
        log=stack.folder / "reader.jsonl",
    )
    stack.keep(reader)
    stack.journal("groups", "remove", _MISTYPED, "--yes")
    stack.wait_for_answers()


SCENES = (
    Scene(
        {
            "JournalKeyMissing": "`/readyz` names the key; it is added to the workers' file behind "
            "the one that seals, and the backend gets that file"
        },
        f"a backend seals {_ENTRIES} entries with a key of its own",
        _seal_with_another_key,
        _give_key,
        _one_worker,
    ),
    Scene(
        {
            "JournalLaneUnknown": "`journal-worker doctor` and the log name the lane; worker and "
            "exporter restarted with the producer's JOURNAL_LANES"
        },
        f"a producer submits to the lane {_LANE}, which the worker's JOURNAL_LANES does not name",
        _submit_to_unknown_lane,
        _name_lane,
        _one_worker,
    ),
    Scene(
        {
            "JournalResultsBacklog": "reader of the group started (`journal results`), the "
            "mistyped group removed",
            "JournalWorkersPaused": "`journal groups list`; reader started, `journal groups "
            "remove` of the mistyped group",
            "JournalNoProgress": "JournalResultsBacklog fires too, so the reader was started",
        },
        f"{2 * RESULTS_ROOM} entries, JOURNAL_MAX_RESULTS={RESULTS_ROOM}; one group's reader is "
        "gone, another was mistyped once",
        _read_no_results,
        _read_results,
    ),
)
