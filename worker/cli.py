"""`journal-worker`: run a worker or the exporter, or use its two stages as filters."""

from __future__ import annotations

import gc
import logging
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click

from producer.errors import JournalError, Unavailable
from worker import extras
from worker.doctor import doctor
from worker.errors import StartupError, WorkerError

EXIT_USAGE = 2
EXIT_UNAVAILABLE = 4
_MODEL = click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="Model folder, or `large` for the larger shipped one (JOURNAL_MODEL).",
)
_REDIS = click.option(
    "--redis-url", help="Redis URL (JOURNAL_REDIS_URL); better set in the environment."
)
_LEVEL = click.option(
    "--log-level",
    type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"], case_sensitive=False),
    help="How much to log (JOURNAL_LOG_LEVEL).",
)
_FORMAT = click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    help="Lines for people, or a JSON object a line (JOURNAL_LOG_FORMAT).",
)
_DEVICE = click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), help="JOURNAL_DEVICE."
)
_PRECISION = click.option(
    "--precision",
    type=click.Choice(["auto", "fp32", "bf16", "fp16", "int8"]),
    help="JOURNAL_PRECISION.",
)


_TAGGER = click.option(
    "--tagger",
    type=click.Path(path_type=Path),
    help="Folder of another tagger of names and places (JOURNAL_TAGGER).",
)
_NUMBERED = click.option(
    "--numbered",
    "numbered_placeholders",
    is_flag=True,
    default=None,
    help="<PERSON_1> in place of <PERSON>, so that who did what survives.",
)
_PRIVACY = click.option(
    "--privacy",
    type=click.Choice(["balanced", "strict"]),
    help="Whether to find more names, needlessly too (JOURNAL_PRIVACY).",
)


def fail(error: Exception | str) -> NoReturn:
    """One clear line on stderr; exit code 4 where Redis cannot be reached, else 2."""
    click.echo(f"journal-worker: {error}", err=True)
    sys.exit(EXIT_UNAVAILABLE if isinstance(error, Unavailable) else EXIT_USAGE)


def require(extra: str, *packages: str) -> None:
    """See that packages of an extra are installed, before anything is imported or read.

    Raises:
        MissingPackagesError: one of them is not.
    """
    extras.require("journal-worker", extra, *packages)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="journal-stream")
def main() -> None:
    """Workers of journal-stream: anonymize and classify journal entries from a queue.

    Settings come from JOURNAL_* environment variables (or an .env file); options win over them.
    """


@main.command()
@_MODEL
@_REDIS
@click.option(
    "--concurrency",
    type=click.IntRange(1),
    help="Child processes (default: one a core; on a GPU host as many as share it well).",
)
@click.option("--max-batch-entries", type=click.IntRange(1), help="Entries in a batch (64).")
@click.option("--max-batch-tokens", type=click.IntRange(128), help="Tokens in a batch (16384).")
@click.option("--metrics-port", type=click.IntRange(0, 65535), help="Port of /metrics (9808).")
@click.option("--metrics-host", help="Address of /metrics (127.0.0.1).")
@_DEVICE
@_PRECISION
@_TAGGER
@_NUMBERED
@_PRIVACY
@_LEVEL
@_FORMAT
def run(**options: Any) -> None:
    """Run a worker until SIGTERM, then drain and exit.

    Serves /metrics, /healthz and /readyz. Exits with 2 and one line if it cannot start as
    configured.
    """
    require("worker", *extras.WORKER)
    from producer.tracing.export import problem as traces_problem
    from worker.cuda import device_memory
    from worker.models.torch_import import import_torch
    from worker.monitoring import logs, store  # the other commands stay light
    from worker.settings import WorkerSettings

    try:
        settings = WorkerSettings.load(**_given(options))
        logs.configure(settings.log_level, settings.log_format)
        if told := traces_problem():
            logging.getLogger("worker").warning("%s", told)
        check_redis(settings)
        # Read when torch is loaded: threads that wait must not spin, or two workers that share
        # their cores get a third of what they can do.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        # What is imported and loaded now stays: collections would look through it again and again.
        gc.disable()
        if settings.device == "cpu" or device_memory() is None:
            import_torch()
        from worker import app  # brings torch
        from worker.child import factory  # brings torch

        factory.check(settings)
        settings.key_set()  # what keeps a worker from starting is one line, alone
        logging.getLogger("worker").info("%s", factory.described(settings))
        store.log_findings(settings)
        build = partial(factory.build, stages=factory.load_ahead(settings))
        code = app.run(settings, build, factory.counted(settings))
    except (StartupError, JournalError) as exc:
        fail(exc)
    sys.exit(code)


@main.command()
@_REDIS
@click.option("--port", "exporter_port", type=click.IntRange(0, 65535), help="Port (9809).")
@click.option("--host", "metrics_host", help="Address (127.0.0.1).")
@_LEVEL
@_FORMAT
def exporter(**options: Any) -> None:
    """Serve the gauges of the queue on /metrics, whether workers run or not."""
    require("exporter", *extras.EXPORTER)
    from worker.monitoring import logs
    from worker.monitoring.exporter import Exporter
    from worker.settings import WorkerSettings

    try:
        settings = WorkerSettings.load(**_given(options))
        logs.configure(settings.log_level, settings.log_format)
        server = Exporter(settings)
    except (StartupError, JournalError) as exc:
        fail(exc)
    click.echo(f"exporter: http://{settings.metrics_host}:{server.port}/metrics", err=True)
    server.run()


main.add_command(doctor)


@main.command()
@_DEVICE
@_PRECISION
@_TAGGER
@_NUMBERED
@_PRIVACY
@click.option("--jobs", type=click.IntRange(1), help="Processes (default: one a core).")
def anonymize(jobs: int | None, **options: Any) -> None:
    """Filter: JSON lines {"id", "text"} to {"id", "anonymized", "spans"}.

    Reads stdin, writes stdout, keeps the order. Spans are ranges of characters of the text as it
    was given.
    """
    require("worker", *extras.ANONYMIZER)
    from worker.filters import anonymize_lines, run_filter

    def work() -> None:
        run_filter(anonymize_lines, jobs=jobs, **_anonymizer_options(options))

    _filter(work)


@main.command()
@_MODEL
@_DEVICE
@_PRECISION
@_TAGGER
@_NUMBERED
@_PRIVACY
@click.option("--raw", is_flag=True, help="Do not anonymize first; ranges refer to the text as is.")
@click.option("--jobs", type=click.IntRange(1), help="Processes (default: one a core).")
def classify(jobs: int | None, raw: bool, **options: Any) -> None:
    """Filter: JSON lines {"id", "text"} to {"id", "labels", "scores"}.

    Reads stdin, writes stdout, keeps the order. Evidence is ranges of characters of the text as
    it was given.
    """
    require("worker", *(extras.MODELS if raw else extras.ANONYMIZER))
    from worker.filters import classify_lines, run_filter
    from worker.models.compute import Compute
    from worker.models.folder import ModelFolder, classifier_path
    from worker.settings import WorkerSettings

    def work() -> None:
        settings = WorkerSettings.load(**_given(options))
        model = classifier_path(settings.model)
        ModelFolder.open(model)  # a wrong one is told before anything large is loaded
        run_filter(
            classify_lines,
            jobs=jobs,
            model=model,
            raw=raw,
            compute=Compute(settings.device, settings.precision),
            tagger=settings.tagger,
            numbered=settings.numbered_placeholders,
            privacy=settings.privacy,
        )

    _filter(work)


def _anonymizer_options(options: dict[str, Any]) -> dict[str, Any]:
    """The anonymizer's options, from the command line or the environment."""
    from worker.models.compute import Compute
    from worker.settings import WorkerSettings

    settings = WorkerSettings.load(**_given(options))
    return {
        "compute": Compute(settings.device, settings.precision),
        "tagger": settings.tagger,
        "numbered": settings.numbered_placeholders,
        "privacy": settings.privacy,
    }


def check_redis(settings: Any) -> None:
    """Ask Redis once, so that a wrong address or password is one line and not a retry loop.

    A Redis that answers that it is loading its data, say, is there: the worker waits for it.

    Raises:
        Unavailable: Redis cannot be reached.
        ConfigurationError: it refuses us.
    """
    from redis.exceptions import BusyLoadingError, RedisError, ResponseError

    from producer.connection import connect
    from producer.operations.redis_errors import translate

    client = connect(settings.only_url)
    try:
        client.ping()
    except RedisError as exc:
        problem = translate(exc)
        answered = isinstance(exc, (BusyLoadingError, ResponseError))
        if not (answered and isinstance(problem, Unavailable)):
            raise problem from None
    finally:
        client.close()


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _filter(work: Any) -> None:
    try:
        work()
    except (WorkerError, JournalError) as exc:
        fail(exc)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone; so do we, quietly
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
