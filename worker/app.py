"""The Celery application and the parent of a worker, composed from the settings.

`celery -A worker.app inspect active`, `... control revoke ID` and Flower use `app`, which reads
`JOURNAL_*` when it is first used. `journal-worker run` makes its own with `create_app`.
"""

from __future__ import annotations

import gc
from functools import partial
from typing import TYPE_CHECKING, Any

from celery import signals
from kombu import Queue

from producer.message import TASK
from worker import celery_internals
from worker.broker import transport
from worker.broker.connection import broker_config, hasty_client
from worker.broker.neighbours import Neighbours, Place, node_name
from worker.broker.outages import Outages
from worker.broker.parked import MissingKeys, Unparker
from worker.broker.settlement import ClaimSettler, claims_for
from worker.celery_internals import UnhurriedEvents
from worker.child import process
from worker.child.readiness import ChildGate
from worker.cuda import device_memory
from worker.monitoring.devices import DeviceCollector
from worker.monitoring.health import Health
from worker.monitoring.metrics import Metrics, process_registry
from worker.monitoring.probes import Probes
from worker.monitoring.shards import labelled
from worker.parent.dead_letters import DeadLetters
from worker.parent.dispatcher import Dispatcher
from worker.parent.gatherer import Gatherer
from worker.parent.lease_thread import LeaseThread
from worker.parent.limits import PREFETCHED_BATCHES, BatchLimits
from worker.parent.requeue import Requeuer
from worker.parent.services import JournalApp
from worker.parent.supervisor import Supervisor, services
from worker.parent.task import MicroBatchTask
from worker.protocol import Outcome
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from worker.broker.claims import Claims

    #: Loads the stages; returns what runs batches and what to tell of the model.
    Build = Callable[[WorkerSettings], tuple[process.BatchRunner, dict[str, str]]]

#: Loading the models takes a while on a slow disk; Celery's own limit of 4 s kills the child.
CHILD_START_SECONDS = 300
#: The longest that the event loop waits for one answer of Redis; it watches over the children, too.
LOOP_ANSWER_SECONDS = 1.0
#: How long the thread that renews leases waits for one.
LEASE_ANSWER_SECONDS = 5.0
#: Of kombu's connections, which wait without end by default. A wait for entries ends within a
#: second, so that one that is not answered is noticed in the time of two health checks.
TRANSPORT_OPTIONS = {
    "socket_timeout": LOOP_ANSWER_SECONDS,
    "socket_connect_timeout": LOOP_ANSWER_SECONDS,
    "socket_keepalive": True,
    "health_check_interval": 3,
}


def celery_config(settings: WorkerSettings) -> dict[str, Any]:
    """Celery's configuration for our queue."""
    return {
        **broker_config(settings.only_url, TRANSPORT_OPTIONS),
        "broker_transport": "worker.broker.transport:Transport",
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # Whatever Redis answers while a worker connects, it tries again.
        "broker_channel_error_retry": True,
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
        # Each lane has room of its own; see `worker.broker.transport`.
        "worker_prefetch_multiplier": PREFETCHED_BATCHES
        * settings.max_batch_entries
        * len(settings.lane_set.all),
        "worker_proc_alive_timeout": CHILD_START_SECONDS,
        "worker_consumer": "worker.parent.consumer:JournalConsumer",
        "worker_enable_remote_control": True,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
    }


def create_app(settings: WorkerSettings | None = None) -> JournalApp:
    """A Celery application; without settings they are read when it is first used."""
    application = JournalApp("journal-stream", set_as_current=False, events=UnhurriedEvents)
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


def run(
    settings: WorkerSettings, build: Build, counted: Mapping[str, Iterable[str]] | None = None
) -> int:
    """Run a worker until it is told to stop; returns the exit code.

    Args:
        settings: the worker's settings.
        build: loads the stages, in each child; `worker.child.factory.build` but for tests and
            benches.
        counted: the labels and entity types whose counters begin at zero; see `Metrics.expect`.

    Raises:
        StartupError, ConfigurationError: it cannot start as configured.
    """
    settings.key_set()  # what is wrong with the keys is told before anything starts
    registry = process_registry()
    if settings.device != "cpu" and device_memory() is not None:
        registry.register(DeviceCollector())
    outages = Outages()
    health = Health(settings.batch_timeout_seconds, redis_problem=outages.problem)
    application = create_app(settings)
    metrics = Metrics(registry, settings.lane_set)
    metrics.expect(**(counted or {}))
    supervisor = supervise(application, settings, health, metrics, outages)
    probes = Probes(
        labelled(registry, settings.shard),
        alive=health.alive,
        ready=health.ready,
        host=settings.metrics_host,
        port=settings.metrics_port,
    )
    gate = ChildGate()
    probes.start()
    gate.listen(on_ready=supervisor.child_ready, on_failed=supervisor.child_failed)

    def start_child() -> None:
        probes.close_inherited()
        process.start(partial(build, settings), gate)

    connect_signals(supervisor, start_child)
    code = work(application, settings.log_level)
    probes.linger(settings.linger_seconds)
    probes.stop()
    return code


def supervise(
    application: JournalApp,
    settings: WorkerSettings,
    health: Health,
    metrics: Metrics,
    outages: Outages,
) -> Supervisor:
    """Make the parent's own objects and give the application its services.

    Args:
        application: whose consumer, requests and strategies call the services.
        settings: the worker's settings.
        health: what the probes answer from.
        metrics: what is counted and measured.
        outages: told of everything that Redis does not do.
    """
    limits = _limits(settings)
    claims = claims_for(settings, hasty_client(settings.only_url, LOOP_ANSWER_SECONDS))
    missing = MissingKeys(lambda: settings.key_set().key_ids)
    health.watch(claims.pause.problem, missing.problem)
    unknown = claims.unknown_lanes
    metrics.watch(
        paused=lambda: claims.pause.is_on,
        missing_keys=lambda: missing.count,
        unknown_lanes=lambda: unknown.count,
    )
    patient = claims.through(hasty_client(settings.only_url, LEASE_ANSWER_SECONDS))
    leases = LeaseThread(patient, settings.lease_seconds, outages=outages, metrics=metrics)
    leases.unparker = Unparker(patient, missing)
    leases.neighbours = Neighbours(patient, Place.of_this_process())
    # A worker holds no more than its ready children can work on, and can open.
    most = partial(_most_claims, health, limits, missing)
    requeued = partial(metrics.count, Outcome.REQUEUED)
    transport.bind(claims, most, outages, leases.requeue_later, requeued)
    dead_letters = DeadLetters(ClaimSettler(claims), metrics)

    dispatcher = partial(_dispatcher, limits=limits, claims=claims, missing=missing)
    supervisor = Supervisor(
        claims,
        leases=leases,
        outages=outages,
        health=health,
        metrics=metrics,
        dispatcher_for=partial(dispatcher, dead_letters=dead_letters, metrics=metrics),
    )
    application.services = services(supervisor, dead_letters, outages)
    return supervisor


def _dispatcher(
    consumer: Any,
    *,
    limits: BatchLimits,
    claims: Claims,
    missing: MissingKeys,
    dead_letters: DeadLetters,
    metrics: Metrics,
) -> Dispatcher:
    requeuer = Requeuer(claims, metrics, consumer.timer.call_after)
    gatherer = Gatherer(
        limits,
        claims=claims,
        dead_letters=dead_letters,
        requeuer=requeuer,
        metrics=metrics,
        lanes=claims.keys.lanes,
    )
    dispatcher = Dispatcher(
        consumer.pool,
        gatherer,
        requeuer,
        limits=limits,
        metrics=metrics,
        missing=missing,
        call_soon=consumer.hub.call_soon,
        call_later=consumer.timer.call_after,
    )
    if claims.keys.lanes.others:
        dispatcher.claim_first = consumer.claim_now
    return dispatcher


def _limits(settings: WorkerSettings) -> BatchLimits:
    return BatchLimits(
        entries=settings.max_batch_entries,
        tokens=settings.max_batch_tokens,
        seconds=settings.batch_timeout_seconds,
        deliveries=settings.max_deliveries,
        gather_seconds=settings.gather_seconds,
    )


def _most_claims(health: Health, limits: BatchLimits, missing: MissingKeys) -> tuple[float, float]:
    return (0, 0) if missing.paused else limits.prefetched_by(health.children)


def connect_signals(supervisor: Supervisor, start_child: Callable[[], None]) -> None:
    """Connect Celery's signals of this process with the supervisor and the children's start."""
    handlers = {
        signals.setup_logging: lambda **_: None,  # ours is set up already
        signals.worker_process_init: lambda **_: start_child(),
        signals.worker_process_shutdown: lambda **_: process.end(),
        signals.worker_ready: lambda sender, **_: supervisor.started(sender),
        signals.worker_shutting_down: lambda **_: supervisor.drain(),
    }
    for signal, handler in handlers.items():
        signal.connect(handler, weak=False)


def work(application: JournalApp, log_level: str) -> int:
    """Run Celery's worker in this process until it is told to stop; returns the exit code."""
    worker = application.Worker(
        hostname=f"{node_name()}@",
        loglevel=log_level,
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        redirect_stdouts=False,
    )
    celery_internals.parse_ahead()
    gc.collect()
    gc.freeze()  # children share these pages as long as no collection writes to them
    gc.enable()  # `journal-worker run` loads without collections
    worker.start()
    return int(worker.exitcode or 0)


def __getattr__(name: str) -> Any:
    """`app`, made when the Celery command line asks for it."""
    if name != "app":
        raise AttributeError(name)
    application = create_app()
    globals()["app"] = application
    return application
