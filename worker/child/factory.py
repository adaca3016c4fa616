"""Building the pipeline that a child of a worker runs, from its settings.

This imports torch and Presidio. A worker imports it before it forks, and where the models compute
on the CPU it loads them, too (`load_ahead`): its children share the memory pages, and a new child
is ready at once. Nothing here starts a thread or touches a GPU before `build`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from producer.tracing.export import set_up
from worker.broker.settlement import settler_for
from worker.child import process
from worker.child.keys import RenewedKeys
from worker.child.pipeline import Pipeline
from worker.child.traces import Traces
from worker.cuda import hidden_cuda, may_have_device
from worker.errors import AnonymizationError, StartupError
from worker.models.compute import Compute
from worker.models.folder import SHIPPED_TAGGER, ModelFolder, classifier_path
from worker.models.memory import IdleTrim, give_back_freed

with hidden_cuda():
    from worker.anonymizer.anonymizer import Anonymizer
    from worker.anonymizer.recognizers import registry
    from worker.anonymizer.taggers import entity_types
    from worker.anonymizer.taggers import loading as taggers
    from worker.classifier.classifier import Classifier
    from worker.models.precision import set_threads
    from worker.models.tokenization import TokenMemory, share_tokens

if TYPE_CHECKING:
    from worker.settings import WorkerSettings

#: The tokenizers' library starts a thread a core where this is not false; it is read at each use.
_TOKENIZER_THREADS = "TOKENIZERS_PARALLELISM"
#: Up to so many tokens, which most single entries have, the first pass of a size takes no longer
#: than the next: else oneDNN, which makes a program for it, adds 2 to 4 ms, in each child again.
_PREPARED_TOKENS = 256
_FIRST_TEXT = "A first text, so that the first entry does not wait: Ada was in Paris on May 3rd."


def check(settings: WorkerSettings) -> None:
    """Verify the model folders that `build` will load; for the parent, before it forks.

    Raises:
        ModelFolderError: a model folder is missing, incomplete or altered.
        StartupError: a package that the tagger needs is not installed.
    """
    ModelFolder.open(classifier_path(settings.model))
    taggers.check(settings.tagger or SHIPPED_TAGGER)


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages that work on texts, loaded and warm.

    Attributes:
        anonymizer, classifier: the stages.
        memory: what they share of a batch.
    """

    anonymizer: Anonymizer
    classifier: Classifier
    memory: TokenMemory


def load_ahead(settings: WorkerSettings) -> Stages | None:
    """Load the stages for all children, before the fork; None where each must do it itself.

    A context on a GPU does not survive a fork, so that children which may compute on one load their
    models there. On a CPU all is computed with one thread here: the threads of a pool would not
    survive it either.

    Raises:
        StartupError: a model cannot be loaded, or computes nothing.
    """
    if settings.device != "cpu" and (settings.device == "cuda" or may_have_device()):
        return None
    os.environ[_TOKENIZER_THREADS] = "false"
    try:
        return load(settings, Compute("cpu", settings.precision, 1))
    except (StartupError, MemoryError):
        raise
    except Exception as exc:  # noqa: BLE001 - one line, as where a child tells it
        raise StartupError(f"models: {type(exc).__name__}") from None


def build(
    settings: WorkerSettings, stages: Stages | None = None
) -> tuple[Pipeline, dict[str, str]]:
    """Make a pipeline of the stages in a child.

    Args:
        settings: the worker's settings.
        stages: what `load_ahead` loaded; None loads them here.

    Returns:
        The pipeline; and the labels of `journal_model_info`: name, version, precision and device
        of the classifier.

    Raises:
        StartupError: a model cannot be loaded, or computes nothing.
        ConfigurationError: the key set cannot be read.
    """
    threads = settings.threads_per_child
    os.environ[_TOKENIZER_THREADS] = "true" if threads > 1 else "false"
    if stages is None:
        stages = load(settings, Compute(settings.device, settings.precision, threads))
    set_threads(threads)
    classifier, memory, idle = stages.classifier, stages.memory, IdleTrim()

    def forget() -> None:
        memory.forget()
        idle.batch_ended()

    pipeline = Pipeline(
        keys=RenewedKeys(settings.key_set),
        anonymizer=stages.anonymizer,
        classifier=classifier,
        settler=settler_for(settings),
        traces=_traces(settings),
        begin=idle.batch_began,
        forget=forget,
    )
    return pipeline, {
        "name": classifier.folder.name,
        "version": classifier.folder.version,
        "precision": classifier.precision.value,
        "device": classifier.device.type,
    }


def load(settings: WorkerSettings, compute: Compute) -> Stages:
    """Load the models and warm them up; `compute` says where and how they compute.

    Raises:
        StartupError: a model cannot be loaded, or computes nothing.
    """
    classifier = Classifier.load(ModelFolder.open(classifier_path(settings.model)), compute)
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
    anonymizer.prepare(_PREPARED_TOKENS)
    classifier.prepare(_PREPARED_TOKENS)
    memory = TokenMemory()
    share_tokens(memory, anonymizer.tokenizer, classifier.tokenizer)
    give_back_freed()
    return Stages(anonymizer, classifier, memory)


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
    folder = ModelFolder.open(classifier_path(settings.model))
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
    labels = ModelFolder.open(classifier_path(settings.model)).labels
    return {"labels": labels, "entity_types": tuple(sorted(types))}
