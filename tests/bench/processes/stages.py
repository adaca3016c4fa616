"""The stages of a real worker, for those who string them together without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.child import factory
from worker.child.pipeline import Pipeline
from worker.models.compute import Compute

if TYPE_CHECKING:
    from worker.broker.settlement import Settler
    from worker.child.factory import Stages
    from worker.child.pipeline import OpensAndSeals
    from worker.settings import WorkerSettings


def load(settings: WorkerSettings) -> Stages:
    """Load both stages as a worker's child has them: warm, and with tokens shared between them.

    Raises:
        StartupError: something is missing or wrong.
    """
    compute = Compute(settings.device, settings.precision, settings.threads_per_child)
    return factory.load(settings, compute)


def pipeline(stages: Stages, keys: OpensAndSeals, settler: Settler) -> Pipeline:
    """Both stages strung together as in a worker's child."""
    return Pipeline(
        keys=keys,
        anonymizer=stages.anonymizer,
        classifier=stages.classifier,
        settler=settler,
        forget=stages.memory.forget,
    )


def build(settings: WorkerSettings, settler: Settler) -> tuple[Pipeline, dict[str, str]]:
    """A pipeline of both stages that settles with `settler`, and the precision it runs in."""
    stages = load(settings)
    made = pipeline(stages, settings.key_set(), settler)
    return made, {"precision": stages.classifier.precision.value}
