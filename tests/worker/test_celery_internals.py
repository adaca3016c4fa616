"""The private names of Celery, kombu and billiard that we use are there, with the same signatures.

Where an upgrade fails here, `worker.celery_internals` has to follow what changed.
"""

from __future__ import annotations

import inspect
import os
from types import FunctionType
from typing import TYPE_CHECKING, Any

import billiard.pool
import kombu
import psutil
import pytest
from celery.concurrency import asynpool
from celery.concurrency.prefork import TaskPool
from celery.events import dispatcher
from celery.exceptions import WorkerShutdown
from celery.worker import loops, request, state, strategy
from celery.worker.consumer import Consumer
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual

from worker import celery_internals
from worker.app import create_app
from worker.broker.transport import ClaimChannel, ClaimQoS
from worker.parent.consumer import JournalConsumer
from worker.parent.request import JournalRequest
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Callable

#: What we call, where it is, and the arguments we call it with.
CALLED: list[tuple[Any, str, tuple[Any, ...]]] = [
    (virtual.QoS, "append", ("qos", "message", "tag")),
    (virtual.QoS, "ack", ("qos", "tag")),
    (virtual.QoS, "_flush", ("qos",)),
    (virtual.QoS, "can_consume_max_estimate", ("qos",)),
    (virtual.Transport, "_deliver", ("transport", "payload", "queue")),
    (kombu_redis.QoS, "_remove_from_indices", ("qos", "tag")),
    (kombu_redis.Channel, "_flush_brpop_reauth", ("channel",)),
    (kombu_redis.Channel, "_disconnect_pools", ("channel",)),
    (kombu_redis.Channel, "_close_clients", ("channel",)),
    (kombu_redis.Channel, "_connparams", ("channel", True)),
    (virtual.Channel, "close", ("channel",)),
    (dispatcher.EventDispatcher, "_publish", ("dispatcher", "event", "producer", "key")),
    (state, "maybe_shutdown", ()),
    (kombu.Connection, "ensure_connection", ("connection",)),
    (request.Request, "acknowledge", ("request",)),
    (request.Request, "on_accepted", ("request", 4711, 0.0)),
    (request.Request, "on_success", ("request", (False, None, 0.0))),
    (request.Request, "revoked", ("request",)),
    (request.Request, "send_event", ("request", "task-failed")),
    (Consumer, "__init__", ("consumer", "on_task_request")),
    (Consumer, "create_task_handler", ("consumer",)),
    (Consumer, "on_invalid_task", ("consumer", "body", "message", "error")),
    (Consumer, "on_decode_error", ("consumer", "message", "error")),
    (kombu.Message, "ack_log_error", ("message", "logger", "errors")),
    (kombu.Message, "reject_log_error", ("message", "logger", "errors", False)),
    (state, "task_ready", ("request",)),
    (strategy, "default", ("task", "app", "consumer")),
    (billiard.pool.Pool, "maintain_pool", ("pool",)),
    (billiard.pool.Pool, "apply_async", ("pool", "function")),
]
#: What we override, and where it is defined.
OVERRIDDEN: list[tuple[Any, Any, str]] = [
    (ClaimQoS, kombu_redis.QoS, "append"),
    (ClaimQoS, kombu_redis.QoS, "ack"),
    (ClaimQoS, kombu_redis.QoS, "reject"),
    (ClaimQoS, kombu_redis.QoS, "restore_unacked"),
    (ClaimQoS, kombu_redis.QoS, "restore_visible"),
    (ClaimChannel, kombu_redis.Channel, "basic_consume"),
    (ClaimChannel, kombu_redis.Channel, "close"),
    (ClaimChannel, kombu_redis.Channel, "maybe_refresh_binding_expiry"),
    (ClaimChannel, kombu_redis.Channel, "_queue_bind"),
    (ClaimChannel, kombu_redis.Channel, "_brpop_start"),
    (ClaimChannel, kombu_redis.Channel, "_brpop_read"),
    (ClaimChannel, kombu_redis.Channel, "_connparams"),
    (JournalRequest, request.Request, "info"),
    (JournalRequest, request.Request, "reject"),
    (JournalRequest, request.Request, "_announce_revoked"),
    (JournalRequest, request.Request, "on_accepted"),
    (JournalConsumer, Consumer, "ensure_connected"),
    (JournalConsumer, Consumer, "on_connection_error_before_connected"),
    (JournalConsumer, Consumer, "on_connection_error_after_connected"),
    (JournalConsumer, Consumer, "on_close"),
    (JournalConsumer, Consumer, "on_unknown_message"),
    (JournalConsumer, Consumer, "on_unknown_task"),
    (JournalConsumer, Consumer, "on_invalid_task"),
    (JournalConsumer, Consumer, "on_decode_error"),
]
#: Our own method names on kombu's classes, which an upgrade must not begin to use.
ADDED: list[tuple[Any, type]] = [
    (celery_internals.UnacknowledgedMessages, kombu_redis.QoS),
    (celery_internals.BlockingReadChannel, kombu_redis.Channel),
    (celery_internals.RevocableRequest, request.Request),
]
#: Names inside functions: what kombu, Celery and billiard read or set there.
MENTIONED: list[tuple[Callable[..., Any], str]] = [
    (kombu_redis.Channel._brpop_start, "_in_poll"),
    (kombu_redis.Channel._brpop_start, "_brpop_sent_at"),
    (kombu_redis.Channel._brpop_start, "brpop_timeout"),
    (kombu_redis.Channel._brpop_read, "_in_poll"),
    (kombu_redis.Channel._brpop_read, "_flush_brpop_reauth"),
    (kombu_redis.Channel._brpop_read, "connection_errors"),
    (kombu_redis.Channel._brpop_read, "parse_response"),
    (kombu_redis.Channel.__init__, "_brpop_read"),
    (kombu_redis.Channel.close, "_in_poll"),
    (kombu_redis.Channel._get_pool, "_connparams"),
    (kombu_redis.Channel._connparams, "connection_class"),
    (dispatcher.EventDispatcher.flush, "_publish"),
    (dispatcher.EventDispatcher.send, "_publish"),
    (dispatcher.EventDispatcher._publish, "_outbound_buffer"),
    (kombu_redis.MultiChannelPoller._register_BRPOP, "_brpop_start"),
    (strategy.default, "on_task_request"),
    (billiard.pool.Pool._join_exited_workers, "on_process_down"),
    (loops.asynloop, "restart_count"),
    (asynpool.AsynPool._create_timelimit_handlers, "on_timeout_cancel"),
    (asynpool.AsynPool._create_timelimit_handlers, "on_timeout_set"),
    (loops.asynloop, "did_start_ok"),
    (request.Request.revoked, "_announce_revoked"),
    (request.Request.terminate, "_terminate_on_ack"),
    (asynpool.AsynPool._create_write_handlers, "outbound_buffer"),
    (asynpool.AsynPool._create_write_handlers, "_all_inqueues"),
    (asynpool.AsynPool._create_write_handlers, "_busy_workers"),
    (asynpool.AsynPool._create_write_handlers, "_active_writes"),
    (asynpool.AsynPool._create_write_handlers, "consolidate_callback"),
    (request.Request.terminate, "_announce_revoked"),
    (
        billiard.pool.Worker._ensure_messages_consumed,
        "GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT",
    ),
]


def label(value: Any) -> str:
    return getattr(value, "__qualname__", None) or getattr(value, "__name__", str(value))


def function_of(owner: Any, name: str) -> Any:
    function = getattr(owner, name, None)
    assert callable(function), f"{label(owner)}.{name} is gone"
    return function


@pytest.mark.parametrize(("owner", "name", "arguments"), CALLED, ids=label)
def test_what_we_call_is_there_and_takes_our_arguments(
    owner: Any, name: str, arguments: tuple[Any, ...]
) -> None:
    signature = inspect.signature(function_of(owner, name))
    try:
        signature.bind(*arguments)
    except TypeError as exc:
        pytest.fail(f"{label(owner)}.{name}{signature} takes our arguments no more: {exc}")


@pytest.mark.parametrize(("ours", "theirs", "name"), OVERRIDDEN, ids=label)
def test_what_we_override_is_there_and_has_our_parameters(
    ours: Any, theirs: Any, name: str
) -> None:
    overriding, overridden = function_of(ours, name), function_of(theirs, name)
    assert overriding is not overridden
    expected, found = (
        [(p.name, p.kind) for p in inspect.signature(function).parameters.values()]
        for function in (overriding, overridden)
    )
    assert found == expected, f"{label(theirs)}.{name} has other parameters than our override"


@pytest.mark.parametrize(("ours", "theirs"), ADDED, ids=label)
def test_names_that_we_add_are_not_theirs(ours: type, theirs: type) -> None:
    overridden = {name for _, base, name in OVERRIDDEN if base is theirs} | {"QoS"}
    added = {name for name in vars(ours) if not name.startswith("_")} - overridden
    assert added
    assert not {name for name in added if hasattr(theirs, name)}


@pytest.mark.parametrize(("function", "name"), MENTIONED, ids=label)
def test_what_we_set_or_replace_is_what_they_read(function: FunctionType, name: str) -> None:
    known = {*function.__code__.co_names, *function.__code__.co_consts}
    nested = {name for code in known if inspect.iscode(code) for name in code.co_names}
    assert name in known | nested, f"{label(function)} knows nothing of {name} any more"


def test_a_channel_keeps_delivered_messages_and_acknowledged_tags_where_we_look() -> None:
    with kombu.Connection("memory://") as connection:
        qos = virtual.QoS(connection.channel())
        qos.append("message", "one")
        qos.append("message", "two")
        qos.ack("one")
        assert (list(qos._delivered), qos._dirty) == (["one", "two"], {"one"})
        qos._flush()
        assert list(qos._delivered) == ["two"]
        qos._on_collect.cancel()


def test_a_worker_that_is_told_to_stop_ends_with_the_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state, "should_stop", None)
    assert not celery_internals.worker_stops()
    state.maybe_shutdown()
    celery_internals.stop_worker(75)
    assert celery_internals.worker_stops()
    with pytest.raises(WorkerShutdown) as stopped:
        state.maybe_shutdown()
    assert stopped.value.code == 75


def test_a_child_s_wait_for_its_reports_to_be_read_can_be_limited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT"
    monkeypatch.setattr(billiard.pool, name, getattr(billiard.pool, name))
    celery_internals.limit_wait_for_reports(7)
    assert billiard.pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT == 7
    assert billiard.pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_INTERVAL == 0.1


def test_a_pool_s_children_are_known_and_a_dead_one_is_replaced(
    wait_until: Callable[..., Any],
) -> None:
    app = create_app(WorkerSettings.load())
    pool = TaskPool(1, app=app, initargs=(app, "host"))
    pool.start()
    try:
        (first,) = celery_internals.child_pids(pool)
        assert first in {child.pid for child in psutil.Process().children()}
        os.kill(first, 9)

        def replaced() -> bool:
            celery_internals.replace_dead_children(pool)
            return bool(celery_internals.child_pids(pool) - {first})

        wait_until(replaced, "another child")
        assert pool.num_processes == 1
    finally:
        pool.terminate()
