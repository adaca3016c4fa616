"""A worker and its pool of children: stopping, watching, and what a child does at its end."""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

import billiard.pool
from celery.worker import state
from kombu.asynchronous import get_event_loop


def stop_worker(exit_code: int) -> None:
    """Let the worker shut down; the event loop looks at this at every turn."""
    state.should_stop = exit_code


def worker_stops() -> bool:
    """Whether the worker was told to shut down."""
    return state.should_stop is not None and state.should_stop is not False


def leave_if_told() -> None:
    """Begin to shut down, if the worker was told to.

    Raises:
        celery.exceptions.WorkerShutdown: it was; or WorkerTerminate, to leave without a drain.
    """
    state.maybe_shutdown()


def child_pids(pool: Any) -> set[int]:
    """The process ids of a prefork pool's children."""
    return {process.pid for process in pool._pool._pool}  # noqa: SLF001 - what this module is for


def pool_has_event_loop(pool: Any) -> bool:
    """Whether a prefork pool was registered with the event loop.

    Until then a look for dead children would find no pipes for their successors, and raise.
    """
    return pool._pool.on_process_down is not None  # noqa: SLF001 - what this module is for


def restart_time_limit(pool: Any, result: Any, seconds: float) -> None:
    """Let the hard time limit of a job that a child has accepted begin anew.

    The timers of billiard's pool go on while the event loop stands, as it does while Redis cannot
    be reached; when it runs again it fires those that are due before it reads any report.

    Args:
        pool: Celery's pool.
        result: what its `apply_async` returned.
        seconds: until the child is killed.
    """
    inner = pool._pool  # noqa: SLF001
    inner.on_timeout_cancel(result)
    inner.on_timeout_set(result, None, seconds)


def send_batches(pool: Any) -> None:
    """Write what was given to a prefork pool to the pipes of idle children at once.

    Else it is written at the next turn of the event loop, behind whatever that does first. Where a
    child turns out to be gone, its batch is told lost when the pool looks for dead children.
    """
    inner, hub = pool._pool, get_event_loop()  # noqa: SLF001
    if hub is None or not getattr(inner, "outbound_buffer", None):
        return
    idle = inner._all_inqueues - inner._busy_workers - inner._active_writes  # noqa: SLF001
    if idle and hub.consolidate_callback is not None:
        with contextlib.suppress(OSError):
            hub.consolidate_callback(list(idle))


def replace_dead_children(pool: Any) -> None:
    """Let a prefork pool look for dead children at once, tell of their batches, start others."""
    pool.maintain_pool()


def limit_wait_for_reports(tenths_of_a_second: int) -> None:
    """In a child: how long it waits at its end for the parent to have read what it returned."""
    billiard.pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = tenths_of_a_second


def parse_ahead() -> None:
    """Load cffi's parser of C before any fork.

    billiard declares `prctl` through cffi in every child, which otherwise imports the parser each
    time: most of the time that a child takes to start, its models aside.
    """
    with contextlib.suppress(ImportError):  # then billiard does without, too
        cffi = importlib.import_module("cffi")
        cffi.FFI().cdef("int prctl (int __option, ...);")
