"""`journal-worker doctor`: what `journal doctor` looks at, for a worker, and models and ports."""

from __future__ import annotations

import errno
import http.client
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from producer.doctor import Role, check_all, gather
from producer.doctor.checks import unusable_settings
from producer.doctor.report import show
from producer.errors import ConfigurationError
from producer.findings import Finding, failed, ok, skipped, warning
from worker import extras
from worker.errors import StartupError

if TYPE_CHECKING:
    from worker.settings import WorkerSettings

#: Within which a worker on this machine has to answer.
_ANSWER_SECONDS = 2.0
_SERVER = "journal-stream"


@click.command()
@click.option(
    "--model", type=click.Path(path_type=Path), help="Its folder, or `large` (JOURNAL_MODEL)."
)
@click.option("--tagger", type=click.Path(path_type=Path), help="Its folder (JOURNAL_TAGGER).")
@click.option("--redis-url", help="Redis URL; better set JOURNAL_REDIS_URL.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def doctor(as_json: bool, **options: Any) -> None:
    """Look at all that `journal doctor` does, for a worker, and at packages, models and ports.

    Nothing is loaded or changed. Exit codes: 0 nothing failed (there may be warnings), 1 a check
    failed.
    """
    from worker.settings import WorkerSettings

    try:
        settings = WorkerSettings.load(**options)
        findings = check_all(gather(settings, Role.WORKER))
    except ConfigurationError as exc:
        findings = [unusable_settings(exc)]
    else:
        findings += check_worker(settings)
    raise SystemExit(show(findings, as_json=as_json))


def check_worker(settings: WorkerSettings) -> list[Finding]:
    """What the checks of this machine's worker find."""
    host = settings.metrics_host
    return [
        packages(extras.missing(*extras.WORKER)),
        model(settings.model),
        tagger(settings.tagger),
        port("metrics_port", host, settings.metrics_port),
        port("exporter_port", host, settings.exporter_port),
    ]


def packages(missing: list[str]) -> Finding:
    """Whether what a worker imports is installed."""
    if missing:
        text = f"Not installed: {', '.join(missing)}."
        return failed("packages", text, "`pip install 'journal-stream[worker]'`")
    return ok("packages", "Everything that a worker imports is installed.")


def model(folder: Path | None) -> Finding:
    """Whether the classifier's folder is complete and unaltered, and its base model installed."""
    from worker.models import adapter
    from worker.models.folder import SHORT_TEXTS, ModelFolder, classifier_path

    try:
        found = ModelFolder.open(classifier_path(folder))
        for name in (adapter.FILE, SHORT_TEXTS):
            if (found.path / name).exists():
                adapter.base_of(found.path / name).verify()
    except StartupError as exc:
        return failed("model", f"{exc}.", "Copy the folder again, or correct JOURNAL_MODEL.")
    text = f"{found.name}, version {found.version}, {len(found.labels)} labels, unaltered."
    return ok("model", text)


def tagger(folder: Path | None) -> Finding:
    """Whether the folder of the tagger of names is complete and unaltered."""
    if extras.missing(*extras.ANONYMIZER):
        return skipped("tagger", "Its packages are not installed.")
    from worker.anonymizer.taggers import loading
    from worker.models.folder import SHIPPED_TAGGER

    try:
        loading.check(folder or SHIPPED_TAGGER)
    except StartupError as exc:
        return failed("tagger", f"{exc}.", "Copy the folder again, or correct JOURNAL_TAGGER.")
    return ok("tagger", f"{(folder or SHIPPED_TAGGER).name}, unaltered.")


def port(setting: str, host: str, number: int) -> Finding:
    """Whether pages can be served at a port, or are served there by one of ours already."""
    place = f"{host}:{number}"
    remedy = f"Choose another one with JOURNAL_{setting.upper()}."
    problem = _cannot_listen(host, number)
    if problem == 0:
        return ok(setting, f"{place} is free.")
    if problem != errno.EADDRINUSE:
        text = f"Nothing can listen on {place}: {os.strerror(problem).lower()}."
        return failed(setting, text, f"{remedy} The address is JOURNAL_METRICS_HOST.")
    told = _ask_readiness(host, number)
    if told is None:
        return failed(setting, f"Another program listens on {place}.", remedy)
    ready, text = told
    if ready:
        return ok(setting, f"{place} is served by a process of journal-stream, which is ready.")
    return warning(
        setting,
        f"{place} is served by a process of journal-stream, which is not ready: {text}.",
        "Look at its log.",
    )


def _cannot_listen(host: str, number: int) -> int:
    """The number of the error with which listening fails; 0 if it does not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
            probe.listen()
        except OSError as exc:
            return exc.errno or errno.EADDRNOTAVAIL
    return 0


def _ask_readiness(host: str, number: int) -> tuple[bool, str] | None:
    """Whether a process of ours is ready and what it says; None if it is none of ours."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - compared only
    asked = http.client.HTTPConnection(reachable, number, timeout=_ANSWER_SECONDS)
    try:
        asked.request("GET", "/readyz")
        answer = asked.getresponse()
        if _SERVER not in (answer.getheader("Server") or ""):
            return None
        return answer.status == http.HTTPStatus.OK, answer.read(1000).decode(
            errors="replace"
        ).strip()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        asked.close()
