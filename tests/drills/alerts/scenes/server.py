"""Scenes of the server, the exporter and the gateway."""

from __future__ import annotations

import json
import urllib.request
from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from deploy.local.processes import ServingProcess
from producer.gateway import api_keys
from tests.drills.alerts.scene import Scene
from tests.drills.alerts.waiting import expect, wait_until
from tests.truth.webhook import Endpoint

if TYPE_CHECKING:
    from tests.drills.alerts.stack import Stack

_ENTRIES = 40
_HOOKED = 3
_CALLER = "app"
_ANSWER_SECONDS = 15
#: What each check of `journal doctor` wants, by the table in deploy/README.md.
_WANTED = {
    "aof": ("appendonly", "yes"),
    "fsync": ("appendfsync", "always"),
    "eviction": ("maxmemory-policy", "noeviction"),
    "memory_limit": ("maxmemory", "1gb"),
}
_UNWANTED = {
    "appendfsync": "no",
    "appendonly": "no",
    "maxmemory-policy": "allkeys-lru",
    "maxmemory": "0",
}


def _undo_settings(stack: Stack) -> None:
    with stack.admin() as admin:
        for name, value in _UNWANTED.items():
            admin.config_set(name, value)


def _follow_doctor(stack: Stack) -> None:
    """Look and set, until nothing is found: only with an append-only file is its fsync known."""
    mended = []
    while found := _problems(stack):
        for check in found:
            name, value = _WANTED[check]
            with stack.admin() as admin:
                admin.config_set(name, value)
            mended.append(check)
    expect(sorted(mended) == sorted(_WANTED), "journal doctor tells what to set, of all of it")


def _problems(stack: Stack) -> list[str]:
    told: dict[str, Any] = json.loads(stack.journal("doctor", "--json"))
    levels = {one["check"]: one["level"] for one in told["checks"]}
    return [check for check in _WANTED if levels[check] in {"warning", "failed"}]


def _start_slow_worker(stack: Stack) -> None:
    stack.only_worker({"CHAOS_SECONDS_PER_ENTRY": "0.1"})


def _kill_redis(stack: Stack) -> None:
    stack.submit([f"entry {number}" for number in range(_ENTRIES)])
    stack.server.kill()


def _start_redis(stack: Stack) -> None:
    stack.server.start()
    stack.wait_for_answers()


def _start_gateway(stack: Stack) -> None:
    """A gateway with one caller, whose webhook nobody wants any more."""
    if "gateway" in stack.cast:
        return
    stack.only_worker()
    endpoint = stack.keep(_Gone())
    token, key = api_keys.new_key(_CALLER, rate="none", webhook_url=endpoint.url)
    path = stack.folder / "api-keys.json"
    api_keys.write(path, (key,))
    port = stack.gateway_port
    gateway = ServingProcess(
        *("producer.gateway.cli", "run", "--port", str(port)),
        port=port,
        environment={
            **stack.environment,
            "JOURNAL_GATEWAY_API_KEYS_FILE": str(path),
            "JOURNAL_GATEWAY_WEBHOOKS_PRIVATE": "true",
            "JOURNAL_GATEWAY_DRAIN_SECONDS": "0",
        },
        log=stack.folder / "gateway.log",
    )
    stack.cast |= {"gateway": stack.keep(gateway), "token": token}
    gateway.wait_ready()


def _kill_gateway(stack: Stack) -> None:
    stack.cast["gateway"].kill()


def _start_gateway_again(stack: Stack) -> None:
    gateway: ServingProcess = stack.cast["gateway"]
    gateway.last_line()
    gateway.start()
    gateway.wait_ready()


def _submit_by_http(stack: Stack) -> None:
    """Entries whose results an endpoint refuses with 410, after which none is tried again."""
    ids = []
    for number in range(_HOOKED):
        with _call(stack, "/v1/entries", {"text": f"entry {number} by HTTP"}) as answer:
            ids.append(json.load(answer)["id"])
    stack.cast["hooked"] = ids
    stack.ledger.submitted([f"{_CALLER}:{entry_id}" for entry_id in ids])


def _read_undelivered(stack: Stack) -> None:
    """What the owner of the API key does once told, by the name and answer in the log."""
    log = (stack.folder / "gateway.log").read_text(errors="replace")
    told = f"a result of {_CALLER} was never taken by its webhook: status {HTTPStatus.GONE}"
    expect(told in log, "the gateway's log names the API key and the last answer")
    wanted, seen = set(stack.cast["hooked"]), set()
    with closing(_call(stack, "/v1/results?after=0")) as stream:
        for line in stream:
            if line.startswith(b"data:"):
                seen.add(json.loads(line.removeprefix(b"data:"))["id"])
            if wanted <= seen:
                return
    expect(wanted <= seen, "what its webhook did not take is at /v1/results?after=0")


def _call(stack: Stack, path: str, body: dict[str, str] | None = None) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.gateway_port}{path}",
        json.dumps(body).encode() if body else None,
        {
            "Authorization": f"Bearer {stack.cast['token']}",
            "Content-Type": "application/json",
        },
    )
    return urllib.request.urlopen(request, timeout=_ANSWER_SECONDS)


class _Gone(Endpoint):
    """An endpoint that wants nothing more."""

    def status(self) -> HTTPStatus:
        """What every try is answered."""
        return HTTPStatus.GONE


def _kill_exporter(stack: Stack) -> None:
    stack.exporter.kill()


def _start_exporter(stack: Stack) -> None:
    stack.restart_exporter()
    wait_until(lambda: stack.exporter.page("metrics")[0] == HTTPStatus.OK, "the exporter")


SCENES = (
    Scene(
        {
            "JournalStoreNeedsMending": "`journal doctor`, and CONFIG SET of what the table says "
            "for each check that it names, until it names none"
        },
        "CONFIG SET: no append-only file, appendfsync no, allkeys-lru, no maxmemory",
        _undo_settings,
        _follow_doctor,
    ),
    Scene(
        {"JournalExporterDown": "exporter started again"},
        "exporter killed",
        _kill_exporter,
        _start_exporter,
    ),
    Scene(
        {"JournalRedisDown": "Redis started with the same data folder; nothing else touched"},
        f"Redis killed (SIGKILL) under {_ENTRIES} acknowledged entries",
        _kill_redis,
        _start_redis,
        _start_slow_worker,
    ),
    Scene(
        {"JournalGatewayDown": "last line of its log read, gateway started"},
        "the only gateway killed",
        _kill_gateway,
        _start_gateway_again,
        _start_gateway,
    ),
    Scene(
        {
            "JournalWebhooksGivenUp": "API key and answer read in the gateway's log; the results "
            "read at `/v1/results?after=0` by the same key"
        },
        f"{_HOOKED} entries by HTTP; their webhook answers 410, which gives up at once",
        _submit_by_http,
        _read_undelivered,
        _start_gateway,
    ),
)
