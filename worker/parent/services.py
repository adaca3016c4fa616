"""What Celery's own objects need of this worker: one typed attribute of the application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import celery

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.broker.outages import Outages
    from worker.parent.dead_letters import DeadLetters


@dataclass(frozen=True, slots=True)
class Services:
    """What the consumer, the requests and the strategies that Celery makes call.

    Attributes:
        dead_letters: writes dead letters.
        connected: told of the consumer at every connection to Redis, before any entry arrives.
        receive: takes the request of an entry that arrived.
        disconnected: told when the connection to Redis is lost.
        outages: told of every failure to connect.
    """

    dead_letters: DeadLetters
    connected: Callable[[Any], None]
    receive: Callable[[Any], None]
    disconnected: Callable[[], None]
    outages: Outages


class JournalApp(celery.Celery):  # type: ignore[misc]
    """The Celery application; it has services in a process that runs a worker."""

    services: Services | None = None


def services_of(app: JournalApp) -> Services:
    """The services of an application.

    Raises:
        RuntimeError: it has none, because it was not made to run a worker.
    """
    if app.services is None:
        raise RuntimeError("this application runs no worker: use worker.app.run")
    return app.services
