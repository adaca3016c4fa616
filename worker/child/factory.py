"""Putting the real stages together: what a child of a worker runs.

Importing this brings torch, spaCy and Presidio. A worker imports it before it forks, so that its
children share the pages; nothing here starts a thread or touches a GPU before `build`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.broker.settlement import settler_for
from worker.child.pipeline import Pipeline
from worker.cuda import hidden_cuda
from worker.errors import AnonymizationError, StartupError
from worker.models.folder import ModelFolder

with hidden_cuda():
    from worker.anonymizer.anonymizer import SHIPPED_TAGGER, Anonymizer
    from worker.anonymizer.recognizers import registry
    from worker.anonymizer.taggers import entity_types
    from worker.anonymizer.taggers import loading as taggers
    from worker.classifier.classifier import Classifier

if TYPE_CHECKING:
    from worker.settings import WorkerSettings

_FIRST_TEXT = "A first text, so that the first entry does not wait: Ada was in Paris on May 3rd."


def check(settings: WorkerSettings) -> None:
    """Verify what `build` will load, in the parent, before anything starts.

    Raises:
        ModelFolderError: a model folder is missing, incomplete or altered.
        StartupError: what the tagger needs is not installed.
    """
    ModelFolder.open(settings.model)
    taggers.check(settings.tagger or SHIPPED_TAGGER)


def build(settings: WorkerSettings) -> tuple[Pipeline, dict[str, str]]:
    """Load the models from disk, warm them up, and string the stages together.

    Returns:
        The pipeline, and what to tell of the model: name, version, precision, device.

    Raises:
        StartupError, ConfigurationError: something is missing or wrong.
    """
    folder = ModelFolder.open(settings.model)
    classifier = Classifier.load(
        folder,
        device=settings.device,
        precision=settings.precision,
        threads=settings.threads_per_child,
    )
    anonymizer = Anonymizer.load(
        settings.tagger,
        device=settings.device,
        precision=settings.precision,
        numbered=settings.numbered_placeholders,
    )
    try:
        anonymizer.anonymize([_FIRST_TEXT])
    except AnonymizationError as exc:
        raise StartupError(f"the tagger reads no text ({exc})") from None
    pipeline = Pipeline(
        keys=settings.key_set(),
        anonymizer=anonymizer,
        classifier=classifier,
        settler=settler_for(settings),
    )
    return pipeline, {
        "name": folder.name,
        "version": folder.version,
        "precision": classifier.precision.value,
        "device": classifier.device.type,
    }


def counted(settings: WorkerSettings) -> dict[str, tuple[str, ...]]:
    """What a worker with these settings will count: its labels, and its types of personal data.

    Raises:
        ModelFolderError: the model folder is missing, incomplete or altered.
    """
    types = {
        entity_type
        for recognizer in registry(entity_types.KINDS).recognizers
        for entity_type in recognizer.supported_entities
    }
    labels = ModelFolder.open(settings.model).labels
    return {"labels": labels, "entity_types": tuple(sorted(types))}
