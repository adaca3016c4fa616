"""The stages of a real worker, for those who string them together without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from worker.child.pipeline import Pipeline
from worker.cuda import hidden_cuda
from worker.models.compute import Compute
from worker.models.folder import SHIPPED_MODEL, ModelFolder

with hidden_cuda():  # a process that forks must not touch the device, and imports would
    from worker.anonymizer.anonymizer import Anonymizer
    from worker.classifier.classifier import Classifier

if TYPE_CHECKING:
    from worker.broker.settlement import Settler
    from worker.settings import WorkerSettings


class Stages(NamedTuple):
    """What works on the text of an entry."""

    anonymizer: Anonymizer
    classifier: Classifier


def load(settings: WorkerSettings) -> Stages:
    """Load both stages as `worker.child.factory.build` does.

    Raises:
        StartupError: something is missing or wrong.
    """
    compute = Compute(settings.device, settings.precision, settings.threads_per_child)
    classifier = Classifier.load(ModelFolder.open(settings.model or SHIPPED_MODEL), compute)
    anonymizer = Anonymizer.load(
        settings.tagger,
        compute,
        numbered=settings.numbered_placeholders,
        privacy=settings.privacy,
    )
    return Stages(anonymizer, classifier)


def build(settings: WorkerSettings, settler: Settler) -> tuple[Pipeline, dict[str, str]]:
    """A pipeline of both stages that settles with `settler`, and the precision it runs in."""
    anonymizer, classifier = load(settings)
    pipeline = Pipeline(
        keys=settings.key_set(), anonymizer=anonymizer, classifier=classifier, settler=settler
    )
    return pipeline, {"precision": classifier.precision.value}
