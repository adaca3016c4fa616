"""What Celery's own objects need of this worker: one typed attribute of the application."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import celery
import click
import kombu
from celery.app.amqp import AMQP

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
        stopping: told of the consumer when it claims no more and only batches under way are left.
    """

    dead_letters: DeadLetters
    connected: Callable[[Any], None]
    receive: Callable[[Any], None]
    disconnected: Callable[[], None]
    outages: Outages
    stopping: Callable[[Any], None] = lambda _: None


class NoCeleryWorkerError(click.ClickException):
    """`celery worker` was called; the command prints the message as one line."""

    exit_code = 2


#: The module of our transport, which kombu writes where the scheme of a URL belongs.
_TRANSPORT = "worker.broker.transport:Transport"


class JournalConnection(kombu.Connection):  # type: ignore[misc]
    """kombu's connection, which tells its URL in a form that others know, such as Flower."""

    def as_uri(self, *arguments: Any, **options: Any) -> str:
        """The URL, with the scheme `redis` or `rediss`; see `kombu.Connection.as_uri`."""
        scheme, separator, place = str(super().as_uri(*arguments, **options)).partition("://")
        if scheme == _TRANSPORT:
            scheme = "rediss" if self.ssl else "redis"
        return scheme + separator + place


class JournalAMQP(AMQP):  # type: ignore[misc]
    """Celery's messaging, with `JournalConnection`."""

    Connection = JournalConnection


class JournalApp(celery.Celery):  # type: ignore[misc]
    """The Celery application; it has services in a process that runs a worker."""

    amqp_cls = JournalAMQP
    services: Services | None = None

    @cached_property
    def _is_in_utc(self) -> bool:
        return bool(super().uses_utc_timezone())

    def uses_utc_timezone(self) -> bool:
        """Whether times are in UTC; Celery asks for each message, and looks it up each time."""
        return self._is_in_utc

    @property
    def Worker(self) -> Any:  # noqa: N802 - Celery's name
        """Celery's worker.

        Raises:
            NoCeleryWorkerError: the application has no services: `celery worker` was called.
        """
        if self.services is None:
            raise NoCeleryWorkerError("run a worker with `journal-worker run`, which batches")
        return self.subclass_with_self("celery.apps.worker:Worker")


def services_of(app: JournalApp) -> Services:
    """The services of an application.

    Raises:
        RuntimeError: it has none, because it was not made to run a worker.
    """
    if app.services is None:
        raise RuntimeError("this application runs no worker: use worker.app.run")
    return app.services
