"""Building the pipeline that a child of a worker runs, from its settings.

This imports torch, spaCy and Presidio. A worker imports it before it forks, so that its children
share the memory pages; nothing here starts a thread or touches a GPU before `build`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from producer.tracing.export import set_up
from worker.broker.settlement import settler_for
from worker.child import process
from worker.child.keys import RenewedKeys
from worker.child.pipeline import Pipeline
from worker.child.traces import Traces
from worker.cuda import hidden_cuda
from worker.errors import AnonymizationError, StartupError
from worker.models.compute import Compute
from worker.models.folder import SHIPPED_MODEL, SHIPPED_TAGGER, ModelFolder

with hidden_cuda():
    from worker.anonymizer.anonymizer import Anonymizer
    from worker.anonymizer.recognizers import registry
    from worker.anonymizer.taggers import entity_types
    from worker.anonymizer.taggers import loading as taggers
    from worker.classifier.classifier import Classifier
    from worker.models.tokenization import TokenMemory, share_tokens

if TYPE_CHECKING:
    from worker.settings import WorkerSettings

_FIRST_TEXT = "A first text, so that the first entry does not wait: Ada was in Paris on May 3rd."


def check(settings: WorkerSettings) -> None:
    """Verify the model folders that `build` will load; for the parent, before it forks.

    Raises:
        ModelFolderError: a model folder is missing, incomplete or altered.
        StartupError: a package that the tagger needs is not installed.
    """
    ModelFolder.open(settings.model or SHIPPED_MODEL)
    taggers.check(settings.tagger or SHIPPED_TAGGER)


def build(settings: WorkerSettings) -> tuple[Pipeline, dict[str, str]]:
    """Load the models, warm them up, and make a pipeline of the stages.

    Returns:
        The pipeline; and the labels of `journal_model_info`: name, version, precision and device
        of the classifier.

    Raises:
        StartupError: a model cannot be loaded, or computes nothing.
        ConfigurationError: the key set cannot be read.
    """
    folder = ModelFolder.open(settings.model or SHIPPED_MODEL)
    compute = Compute(settings.device, settings.precision, settings.threads_per_child)
    classifier = Classifier.load(folder, compute)
    anonymizer = Anonymizer.load(
        settings.tagger,
        compute,
        numbered=settings.numbered_placeholders,
        privacy=settings.privacy,
    )
    try:
        anonymizer.anonymize([_FIRST_TEXT])
    except AnonymizationError as exc:
        raise StartupError(f"the tagger reads no text ({exc})") from None
    memory = TokenMemory()
    share_tokens(memory, anonymizer.tokenizer, classifier.tokenizer)
    pipeline = Pipeline(
        keys=RenewedKeys(settings.key_set),
        anonymizer=anonymizer,
        classifier=classifier,
        settler=settler_for(settings),
        traces=_traces(settings),
        forget=memory.forget,
    )
    return pipeline, {
        "name": folder.name,
        "version": folder.version,
        "precision": classifier.precision.value,
        "device": classifier.device.type,
    }


def _traces(settings: WorkerSettings) -> Traces:
    """What records the way of entries, where the operator asks for it; sends until the child ends.

    Made in the child, as what sends is a thread.
    """
    export = set_up("journal-worker")
    if export is None:
        return Traces()
    process.at_end(export.close)
    return Traces(export.tracer, settings.queue)


def described(settings: WorkerSettings) -> str:
    """A line that tells what a worker with these settings is.

    Raises:
        ModelFolderError: the model folder is missing, incomplete or altered.
    """
    folder = ModelFolder.open(settings.model or SHIPPED_MODEL)
    return (
        f"model {folder.name}@{folder.version}, device {settings.device}, "
        f"precision {settings.precision}, {settings.children} children with "
        f"{settings.threads_per_child} threads each, batches of up to "
        f"{settings.max_batch_entries} entries and {settings.max_batch_tokens} tokens, "
        f"leases of {settings.lease_seconds:g} s, queue {settings.queue}"
    )


def counted(settings: WorkerSettings) -> dict[str, tuple[str, ...]]:
    """What a worker with these settings will count: its labels, and its types of personal data.

    Raises:
        ModelFolderError: the model folder is missing, incomplete or altered.
    """
    types = {
        entity_type
        for recognizer in registry(entity_types.ENTITY_TYPES).recognizers
        for entity_type in recognizer.supported_entities
    }
    labels = ModelFolder.open(settings.model or SHIPPED_MODEL).labels
    return {"labels": labels, "entity_types": tuple(sorted(types))}
