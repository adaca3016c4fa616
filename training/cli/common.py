"""What the commands of `journal-train` share: offline libraries, progress, one-line errors."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from rich.console import Console

from training import distributed as processes
from training.errors import TrainingError
from training.progress import Progress
from worker import extras
from worker.errors import WorkerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.anonymizer.anonymizer import Anonymizer
    from worker.classifier.classifier import Classifier
    from worker.models.folder import ModelFolder

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


def require(*packages: str) -> None:
    """See that packages of the extra are installed, before anything is imported or read.

    Raises:
        MissingPackagesError: one of them is not.
    """
    extras.require("journal-train", "training", *packages)


def new_anonymizer(tagger: Path | None = None) -> Anonymizer:
    """The worker's anonymizer, with the tagger in this folder; the shipped one by default."""
    from worker.anonymizer.anonymizer import Anonymizer  # brings torch and Presidio

    return Anonymizer.load(tagger)


def new_classifier(folder: ModelFolder, *, device: str, precision: str) -> Classifier:
    """The worker's classifier with the model in a folder.

    Args:
        folder: verified.
        device: `auto`, `cpu` or `cuda`.
        precision: `auto`, `fp32`, `bf16`, `fp16` or `int8`.
    """
    from worker.classifier.classifier import Classifier  # brings torch
    from worker.models.compute import Compute

    return Classifier.load(folder, Compute(device, precision))


def prepare_libraries(*, offline: bool) -> None:
    """Set what the libraries read from the environment when they are first imported."""
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    # OpenMP threads wait for one another busily; where other processes want the cores, giving way
    # early halves the time of a fit, and elsewhere it makes no difference.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    if offline:
        os.environ.update(dict.fromkeys(_OFFLINE, "1"))


def new_progress() -> Progress:
    """Progress on stderr; of several processes only the first tells."""
    return Progress(Console(stderr=True, quiet=not processes.is_first()))


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn the errors of training and of the worker into lines on stderr and exit code 2.

    Each problem is one line; only the rows of a file have several.

    Ctrl-C and SIGTERM end the block as exceptions do, so that temporary files are removed.
    """
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except (TrainingError, WorkerError) as exc:
        for line in str(exc).splitlines():
            click.echo(f"journal-train: {line}", err=True)
        sys.exit(EXIT_USAGE)
    except KeyboardInterrupt:
        click.echo("journal-train: interrupted, nothing was written", err=True)
        sys.exit(EXIT_INTERRUPTED)
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, _frame: Any) -> NoReturn:
    sys.exit(128 + number)
