"""Celery's, kombu's and billiard's private names; no other package reaches one.

Each base class and function here says in plain words what the private name stands for.
`tests/worker/test_celery_internals.py` compares every name and signature used with the installed
versions, so that an upgrade that changes one fails there, and says what changed.
"""

from __future__ import annotations

from worker.celery_internals.channel import BlockingReadChannel, UnacknowledgedMessages
from worker.celery_internals.events import UnhurriedEvents
from worker.celery_internals.processes import (
    child_pids,
    leave_if_told,
    limit_wait_for_reports,
    parse_ahead,
    pool_has_event_loop,
    replace_dead_children,
    restart_time_limit,
    send_batches,
    stop_worker,
    worker_stops,
)
from worker.celery_internals.requests import RevocableRequest, default_strategy, request_ended

__all__ = [
    "BlockingReadChannel",
    "RevocableRequest",
    "UnacknowledgedMessages",
    "UnhurriedEvents",
    "child_pids",
    "default_strategy",
    "leave_if_told",
    "limit_wait_for_reports",
    "parse_ahead",
    "pool_has_event_loop",
    "replace_dead_children",
    "request_ended",
    "restart_time_limit",
    "send_batches",
    "stop_worker",
    "worker_stops",
]
