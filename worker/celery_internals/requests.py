"""Celery's requests: how they are made, and what it notes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery.worker import state
from celery.worker import strategy as celery_strategy
from celery.worker.request import Request

if TYPE_CHECKING:
    from celery import Celery, Task


class RevocableRequest(Request):  # type: ignore[misc]
    """Celery's request, which tells a subclass before it announces that it was revoked."""

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
