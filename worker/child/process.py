"""The child process: owns the models, opens entries, runs batches."""

from __future__ import annotations

import gc
import logging
import os
import sys
from typing import TYPE_CHECKING, Protocol

from redis.exceptions import RedisError

from producer.errors import JournalError
from worker.celery_internals import limit_wait_for_reports
from worker.errors import DeviceError, StageBrokenError, WorkerError
from worker.protocol import BatchReport, Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.child.readiness import ChildGate
    from worker.protocol import Claim

    #: Loads the stages; returns what runs batches and what to tell of the model.
    Load = Callable[[], tuple["BatchRunner", dict[str, str]]]

log = logging.getLogger(__name__)

EXIT_BROKEN = 1
#: Of a child that cannot start, and of its worker: no other child would do better.
EXIT_CHILD_FAILED = 2
#: Tenths of a second that a child waits at its end for its reports to be read.
REPORT_RETRIES = 20


class BatchRunner(Protocol):
    """What runs the batches of a child; `worker.child.pipeline.Pipeline` does.

    Known here by its shape only: the parent imports this module, and must never reach a stage.
    """

    def run(self, claims: Sequence[Claim]) -> BatchReport:
        """Process a batch to its end.

        Raises:
            redis.exceptions.RedisError: the answers could not be published.
            DeviceError: the device is lost or full.
            StageBrokenError: a stage fails whatever it is given.
        """


_pipeline: BatchRunner | None = None
#: How the device of this process has failed, if it has: the process is of no use any more.
_device_failures: list[DeviceError] = []
#: What is to be done before this process ends.
_closing: list[Callable[[], object]] = []


def start(load: Load, gate: ChildGate) -> None:
    """Prepare this process and tell the parent; where that fails, tell why and end it.

    Args:
        load: loads the stages.
        gate: how the parent hears of it.
    """
    try:
        model = prepare(load)
    except Exception as exc:  # noqa: BLE001 - it must reach the parent, whatever it is
        known = isinstance(exc, (WorkerError, JournalError))
        gate.tell_failed(str(exc) if known else f"models: {type(exc).__name__}")
        os._exit(EXIT_CHILD_FAILED)
    gate.tell_ready(model)


def prepare(load: Load) -> dict[str, str]:
    """Make this process ready for batches; returns what there is to tell of the model."""
    global _pipeline
    silence_core_dumps()
    # A child that ends waits for the parent to have read its reports, up to 30 s where Celery has
    # forgotten a batch it had not seen accepted. Answers are settled by then: reports are figures.
    limit_wait_for_reports(REPORT_RETRIES)
    _pipeline, model = load()
    gc.collect()
    gc.freeze()  # the models live as long as the process: keep them out of every collection
    return model


def at_end(close: Callable[[], object]) -> None:
    """Let something be done when this process ends in order; it has to end soon by itself."""
    _closing.append(close)


def end() -> None:
    """Called in a child that is about to end, its batches done."""
    while _closing:
        _closing.pop()()


def run_batch(claims: Sequence[Claim]) -> BatchReport:
    """Process a batch; called in the child by the pool.

    This is the boundary where everything is caught: an exception that travelled on could carry
    an entry into a log.
    """
    if _pipeline is None:
        return BatchReport(failure=Failure.UNSETTLED)
    if _device_failures:  # this batch came before the parent could end this process
        return BatchReport(failure=Failure.DEVICE)
    try:
        return _pipeline.run(claims)
    except RedisError as exc:
        log.error("a batch could not be settled (%s); requeueing it", type(exc).__name__)
        return BatchReport(failure=Failure.UNSETTLED)
    except MemoryError:
        # As good as dead: let the parent isolate the entry that did this.
        os._exit(EXIT_BROKEN)
    except DeviceError as exc:
        log.critical("%s; another child takes over", exc)
        _device_failures.append(exc)
        return BatchReport(failure=Failure.DEVICE)
    except StageBrokenError as exc:
        # Another child may do better, or tell why it cannot start.
        # Were this one to go on, it would make dead letters of all it can claim.
        log.critical("%s, whatever it is given; ending this child", exc)
        os._exit(EXIT_BROKEN)
    except Exception as exc:  # noqa: BLE001 - the batch boundary
        log.error("a batch failed: %s at %s", type(exc).__name__, _innermost(exc))
        return BatchReport(failure=Failure.BROKEN)


def _innermost(exc: BaseException) -> str:
    """Where an exception was raised: file and line, which hold no text of an entry."""
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown"
    name = os.path.basename(trace.tb_frame.f_code.co_filename)  # noqa: PTH119
    return f"{name}:{trace.tb_lineno}"


def silence_core_dumps() -> None:
    """No core file: it would hold plain text."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - POSIX only

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
