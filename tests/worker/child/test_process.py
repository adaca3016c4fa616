"""The batch boundary of a child."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import redis

from producer.errors import JournalError
from producer.sealing import KeySet
from tests.worker.child.pipeline_support import CANARY, Desk
from worker.child import process as child
from worker.errors import DeviceError, StageBrokenError
from worker.protocol import BatchReport, Claim, Failure


@pytest.fixture
def desk(keys: KeySet) -> Desk:
    return Desk(keys)


@pytest.fixture
def in_child(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(child, "_pipeline", desk.pipeline)
    return desk


def raising(error: BaseException) -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (redis.ConnectionError(CANARY), Failure.UNSETTLED),
        (redis.exceptions.OutOfMemoryError(CANARY), Failure.UNSETTLED),
        (TypeError(CANARY), Failure.BROKEN),
        (RecursionError(CANARY), Failure.BROKEN),
    ],
)
def test_nothing_of_an_entry_leaves_a_child_in_an_exception_or_log(
    in_child: Desk,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    failure: Failure,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(in_child, "settle", raising(error))
    report = child.run_batch([in_child.claim("e1", CANARY)])
    assert report.failure is failure
    assert CANARY not in caplog.text + repr(report)
    assert type(error).__name__ in caplog.text


@pytest.mark.parametrize("error", [StageBrokenError("classifier_failed"), MemoryError()])
def test_a_child_that_is_broken_ends(
    in_child: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(child.os, "_exit", codes.append)
    monkeypatch.setattr(in_child, "settle", raising(error))
    child.run_batch([in_child.claim("e1", "x")])
    assert codes == [child.EXIT_BROKEN]


def test_a_child_whose_device_failed_works_on_nothing_more(
    in_child: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "_device_failures", [])
    monkeypatch.setattr(in_child, "settle", raising(DeviceError("the device is lost")))
    claims = [in_child.claim("e1", "x")]
    assert child.run_batch(claims) == BatchReport(failure=Failure.DEVICE)
    monkeypatch.setattr(child, "_pipeline", None.__class__)  # is not asked again
    assert child.run_batch(claims) == BatchReport(failure=Failure.DEVICE)


def test_a_whole_run_logs_no_text(in_child: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    texts = [CANARY, f"poison {CANARY}", f"unclassifiable {CANARY}", f"Jane {CANARY}"]
    claims = [in_child.claim(f"e{i}", text) for i, text in enumerate(texts)]
    report = child.run_batch([*claims, in_child.sealed("e9", f'{{"text": "{CANARY}"}}'.encode())])
    assert len(report.outcomes) == 5
    assert CANARY not in caplog.text + repr(report) + repr(claims)


def test_a_child_without_models_hands_its_batch_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_pipeline", None)
    assert child.run_batch([Claim("e1", "x")]).failure is Failure.UNSETTLED


class Gate:
    """Remembers what the parent was told."""

    def __init__(self) -> None:
        self.ready: list[dict[str, str]] = []
        self.failed: list[str] = []

    def tell_ready(self, model: dict[str, str]) -> None:
        self.ready.append(model)

    def tell_failed(self, why: str) -> None:
        self.failed.append(why)


@pytest.fixture
def _unchanged_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting is for a process of its own: what it does to one stays undone here."""
    monkeypatch.setattr(child, "_pipeline", None)
    monkeypatch.setattr(child, "silence_core_dumps", lambda: None)
    monkeypatch.setattr(child, "limit_wait_for_reports", lambda _: None)
    monkeypatch.setattr(child.gc, "freeze", lambda: None)


@pytest.mark.usefixtures("_unchanged_process")
def test_a_child_that_loaded_its_models_tells_which_and_runs_batches(desk: Desk) -> None:
    gate, model = Gate(), {"name": "m"}
    child.start(lambda: (desk.pipeline, model), gate)
    assert (gate.ready, gate.failed) == ([model], [])
    assert child.run_batch([desk.claim("e1", "x")]).outcomes == ["answered"]


@pytest.mark.usefixtures("_unchanged_process")
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StageBrokenError("the tagger reads no text"), "the tagger reads no text"),
        (JournalError("no keys"), "no keys"),
        (OSError(CANARY), "models: OSError"),
    ],
)
def test_a_child_that_cannot_start_tells_why_and_ends(
    monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    def leave(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(child.os, "_exit", leave)
    gate = Gate()
    with pytest.raises(SystemExit) as left:
        child.start(raising(error), gate)
    assert (left.value.code, gate.ready, gate.failed) == (child.EXIT_CHILD_FAILED, [], [told])
