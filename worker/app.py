"""The Celery application: where settings, transport, micro-batching and children meet.

`celery -A worker.app inspect active`, `... control revoke ID` and Flower use `app`, which reads
`JOURNAL_*` when it is first used. `journal-worker run` makes its own with `create_app`.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import ssl
from typing import TYPE_CHECKING, Any

from celery import signals
from kombu import Queue

from producer.message import TASK
from worker.parent.limits import PREFETCHED_BATCHES
from worker.parent.services import JournalApp
from worker.parent.supervisor import Supervisor
from worker.parent.task import MicroBatchTask
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from worker.child.process import Build

#: Loading the models takes a while on a slow disk; Celery's own limit of 4 s kills the child.
CHILD_START_SECONDS = 300


def celery_config(settings: WorkerSettings) -> dict[str, Any]:
    """Celery's configuration for our queue."""
    url = settings.redis_url.get_secret_value()
    return {
        "broker_url": url,
        "broker_transport": "worker.broker.transport:Transport",
        # kombu does not verify certificates unless told to.
        "broker_use_ssl": {"ssl_cert_reqs": ssl.CERT_REQUIRED}
        if url.startswith("rediss")
        else None,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "result_backend": "disabled://",
        "task_acks_late": True,
        "task_default_queue": settings.queue,
        "task_queues": [Queue(settings.queue, routing_key=settings.queue)],
        "task_create_missing_queues": True,
        "worker_pool": "prefork",
        "worker_concurrency": settings.children,
        "worker_prefetch_multiplier": PREFETCHED_BATCHES * settings.max_batch_entries,
        "worker_proc_alive_timeout": CHILD_START_SECONDS,
        "worker_consumer": "worker.parent.consumer:JournalConsumer",
        "worker_enable_remote_control": True,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
    }


def create_app(settings: WorkerSettings | None = None) -> JournalApp:
    """A Celery application; without settings they are read when it is first used."""
    application = JournalApp("journal-stream", set_as_current=False)
    application.add_defaults(
        lambda: celery_config(settings if settings is not None else WorkerSettings.load())
    )

    @application.task(  # type: ignore[untyped-decorator]
        base=MicroBatchTask, name=TASK, bind=True, typing=False, shared=False
    )
    def classify(self: Any, sealed: str) -> None:
        """Runs in micro-batches only; see `worker.parent.task`."""
        raise NotImplementedError

    return application


def run(settings: WorkerSettings, build: Build) -> int:
    """Run a worker until it is told to stop; returns the exit code.

    Args:
        settings: the worker's settings.
        build: loads the stages, in each child; `worker.child.factory.build` but for tests and
            benches.

    Raises:
        StartupError, ConfigurationError: it cannot start as configured.
    """
    runtime = Supervisor(settings, build)
    application = create_app(settings)
    attach(application, runtime)
    worker = application.Worker(
        hostname=None,
        loglevel=settings.log_level,
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        redirect_stdouts=False,
    )
    parse_ahead()
    gc.collect()
    gc.freeze()  # children share these pages as long as no collection writes to them
    worker.start()
    code = worker.exitcode
    runtime.close()
    return int(code or 0)


def parse_ahead() -> None:
    """Load cffi's parser of C before any fork.

    billiard declares `prctl` through cffi in every child, which otherwise imports the parser each
    time: most of the time that a child takes to start, its models aside.
    """
    with contextlib.suppress(ImportError):  # then billiard does without, too
        cffi = importlib.import_module("cffi")
        cffi.FFI().cdef("int prctl (int __option, ...);")


def attach(application: JournalApp, runtime: Supervisor) -> None:
    """Connect a runtime with an application's tasks and signals."""
    application.services = runtime.services
    handlers = {
        signals.setup_logging: lambda **_: None,  # ours is set up already
        signals.worker_process_init: lambda **_: runtime.start_child(),
        signals.worker_ready: lambda sender, **_: runtime.started(sender),
        signals.worker_shutting_down: lambda **_: runtime.drain(),
    }
    for signal, handler in handlers.items():
        signal.connect(handler, weak=False)


def __getattr__(name: str) -> Any:
    """`app`, made when the Celery command line asks for it."""
    if name != "app":
        raise AttributeError(name)
    application = create_app()
    globals()["app"] = application
    return application
