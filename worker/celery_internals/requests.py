"""Celery's requests: how they are made, and what it notes of them."""

from __future__ import annotations

from time import monotonic, time
from typing import TYPE_CHECKING, Any

from celery.worker import state
from celery.worker import strategy as celery_strategy
from celery.worker.request import Request

if TYPE_CHECKING:
    from celery import Celery, Task


class RevocableRequest(Request):  # type: ignore[misc]
    """Celery's request, which tells a subclass before it announces that it was revoked.

    It is accepted in a third of the time that Celery's takes. Its task is one that acknowledges
    late.
    """

    @property
    def _is_watched(self) -> bool:
        """Whether events of tasks are sent; else there are those of the worker only."""
        eventer = self.eventer
        return bool(eventer and (not eventer.groups or "task" in eventer.groups))

    def on_accepted(self, pid: int, time_accepted: float) -> None:
        """A child accepted the request; `time_accepted` is on the monotonic clock."""
        if self._terminate_on_ack is not None or self._is_watched:
            super().on_accepted(pid, time_accepted)
            return
        self.worker_pid = pid
        self.time_start = time() - (monotonic() - time_accepted)
        state.requests[self.id] = self
        state.active_requests.add(self)
        state.total_count[self.name] += 1
        state.all_total_count[0] += 1

    def before_revoked(self, *, expired: bool) -> None:
        """Called before a revoked (or expired) request is announced and acknowledged."""

    def _announce_revoked(self, reason: str, terminated: bool, signum: Any, expired: bool) -> None:
        self.before_revoked(expired=expired)
        super()._announce_revoked(reason, terminated, signum, expired)


def default_strategy(task: Task, app: Celery, consumer: Any) -> Any:
    """Celery's own strategy: what it does with each message of a task."""
    return celery_strategy.default(task, app, consumer)


def request_ended(request: Any) -> None:
    """Tell Celery that a request is over: `inspect` shows it no more."""
    state.task_ready(request)
