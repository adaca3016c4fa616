"""Does everyone get his own answer? `make replies`.

Four gateways take 2,000 requests with `?wait=10` over 200 connections, and then eight processes
ask for 2,000 entries by `client.submit_and_wait`, while workers are killed. Every request has to
get the answer to its own entry, at once or, after a 202, from a later request; what each entry
brought is compared by the `context` that comes back with it. Prints one JSON line; the exit code is
1 if one answer was wrong or lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import httpx2

from deploy.local.processes import Process, ServingProcess
from deploy.local.server import Server, free_port
from producer import JournalClient, JournalError, NotAnswered, Settings
from producer.gateway import api_keys
from producer.sealing import new_key, write_key_file
from tests.chaos.fleet import LIGHT_WORKER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WAIT_SECONDS = 10
#: How long a 202 is asked after.
LATER_SECONDS = 60.0
GATEWAYS, WORKERS, ASKERS = 4, 2, 8
KILL_AFTER_SECONDS = 1.0
CONTEXTS = multiprocessing.get_context("spawn")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--requests", default=2000, show_default=True, help="In each of the two parts.")
@click.option("--connections", default=200, show_default=True, help="To all gateways together.")
def main(requests: int, connections: int) -> None:
    """Ask through gateways and through clients while workers die; every answer must be one's own."""
    with tempfile.TemporaryDirectory(prefix="journal-replies-") as folder, Server() as server:
        work = Path(folder)
        environment = prepare(work, server.url)
        workers = [worker_of(environment, work, number) for number in range(WORKERS)]
        with contextlib.ExitStack() as stack:
            for worker in workers:
                stack.enter_context(worker)
            gateways = [stack.enter_context(one) for one in gateways_of(environment, work)]
            for process in (*workers, *gateways):
                process.wait_ready()
            token = (work / "token").read_text()
            with killing(workers):
                by_http = asyncio.run(through_gateways(gateways, token, requests, connections))
            with killing(workers):
                by_client = through_clients(environment, requests)
    report = {"gateway": by_http, "client": by_client}
    print(json.dumps(report))
    sys.exit(any(part["wrong"] or part["lost"] for part in report.values()))


def prepare(work: Path, url: str) -> dict[str, str]:
    """Write the key files; returns the settings of all processes."""
    keys_file, api_keys_file = work / "keys.json", work / "api-keys.json"
    write_key_file(keys_file, [new_key()])
    token, stored = api_keys.new_key("replies", rate="none")
    api_keys.write(api_keys_file, (stored,))
    (work / "token").write_text(token)
    return {
        "JOURNAL_REDIS_URL": url,
        "JOURNAL_KEYS_FILE": str(keys_file),
        "JOURNAL_GATEWAY_API_KEYS_FILE": str(api_keys_file),
        "JOURNAL_LEASE_SECONDS": "5",
    }


def worker_of(environment: dict[str, str], work: Path, number: int) -> Process:
    """A worker with stand-in stages, not started yet."""
    log = work / f"worker-{number}.log"
    return Process("run", environment, log=log, module=LIGHT_WORKER)


def gateways_of(environment: dict[str, str], work: Path) -> Iterator[ServingProcess]:
    """The gateways, not started yet."""
    for number in range(GATEWAYS):
        port = free_port()
        command = ("producer.gateway.cli", "run", "--port", str(port))
        log = work / f"gateway-{number}.log"
        yield ServingProcess(*command, port=port, environment=environment, log=log)


@contextlib.contextmanager
def killing(workers: Sequence[Process]) -> Iterator[None]:
    """Kill a worker soon after the block has begun, and start it again."""

    def kill() -> None:
        workers[0].kill()
        workers[0].start()

    timer = threading.Timer(KILL_AFTER_SECONDS, kill)
    timer.start()
    yield
    timer.join()
    workers[0].wait_ready()


class Tally:
    """Counts what became of requests."""

    def __init__(self) -> None:
        self.at_once = self.later = self.wrong = self.lost = 0
        self._started = time.monotonic()

    def judge(self, number: int, context: str | None, *, later: bool) -> None:
        """Count one answer."""
        if context != f"c{number}":
            self.wrong += 1
        elif later:
            self.later += 1
        else:
            self.at_once += 1

    def as_mapping(self) -> dict[str, Any]:
        """The counts, and the requests a second."""
        seconds = time.monotonic() - self._started
        total = self.at_once + self.later + self.wrong + self.lost
        return {
            "requests": total,
            "at_once": self.at_once,
            "later": self.later,
            "wrong": self.wrong,
            "lost": self.lost,
            "rate": round(total / seconds, 1),
        }


async def through_gateways(
    gateways: Sequence[ServingProcess], token: str, requests: int, connections: int
) -> dict[str, Any]:
    """Ask through all gateways at once; a 202 is asked after at another one."""
    tally, numbers = Tally(), iter(range(requests))
    headers = {"Authorization": f"Bearer {token}"}
    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    async with httpx2.AsyncClient(headers=headers, limits=limits, timeout=30.0) as client:

        async def ask() -> None:
            for number in numbers:
                here, other = (
                    f"http://127.0.0.1:{gateways[(number + step) % len(gateways)].port}"
                    for step in (0, 1)
                )
                entry = {"text": f"Entry {number}.", "context": f"c{number}"}
                answer = await client.post(f"{here}/v1/entries?wait={WAIT_SECONDS}", json=entry)
                body, later = answer.json(), answer.status_code == httpx2.codes.ACCEPTED
                ends = time.monotonic() + LATER_SECONDS
                while body.get("status") == "waiting" and time.monotonic() < ends:
                    url = f"{other}/v1/entries/{body['id']}?wait={WAIT_SECONDS}"
                    body = (await client.get(url)).json()
                if body.get("status") == "done":
                    tally.judge(number, body["result"].get("context"), later=later)
                else:
                    tally.lost += 1

        await asyncio.gather(*(ask() for _ in range(connections)))
    return tally.as_mapping()


def through_clients(environment: dict[str, str], requests: int) -> dict[str, Any]:
    """Ask from several processes, several threads in each."""
    share = requests // ASKERS
    arguments = [(environment, number * share, share) for number in range(ASKERS)]
    with CONTEXTS.Pool(ASKERS, ignore_interrupts) as pool:
        parts = pool.starmap(ask_from_a_process, arguments)
    whole = {name: sum(part[name] for part in parts) for name in parts[0]}
    return {**whole, "rate": round(whole["rate"], 1)}


def ignore_interrupts() -> None:
    """Leave Ctrl-C to the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def ask_from_a_process(environment: dict[str, str], first: int, count: int) -> dict[str, Any]:
    """Ask for so many entries on 25 threads."""
    settings = Settings.load(
        redis_url=environment["JOURNAL_REDIS_URL"], keys_file=environment["JOURNAL_KEYS_FILE"]
    )
    tally = Tally()
    with JournalClient(settings) as client, ThreadPoolExecutor(25) as threads:

        def ask(number: int) -> None:
            text, later = f"Entry {number}.", False
            entry_id, context = f"client-{number}", f"c{number}"
            try:
                try:
                    result = client.submit_and_wait(
                        text, entry_id=entry_id, context=context, timeout=WAIT_SECONDS
                    )
                except NotAnswered:
                    later = True
                    result = client.result(entry_id, timeout=LATER_SECONDS)
                tally.judge(number, result.context, later=later)
            except JournalError:
                tally.lost += 1

        list(threads.map(ask, range(first, first + count)))
    return tally.as_mapping()


if __name__ == "__main__":
    main()
