"""The last step of a fit: a temperature, the thresholds, and how reliable the probabilities are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.scoring.decision import Decision, tune_decision
from training.scoring.reliability import Reliability, reliability
from training.scoring.temperature import best_temperature, cooled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.entries.split import Part
    from training.options import FitOptions


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a model's outputs become probabilities and labels.

    Attributes:
        temperature: what the model's logits are to be divided by.
        probabilities: of the validation texts at this temperature, shape `(texts, labels)`.
        decision: how probabilities become labels.
        reliability: whether these probabilities mean what they say.
    """

    temperature: float
    probabilities: NDArray[np.float32]
    decision: Decision
    reliability: Reliability


def calibrate(
    probabilities: NDArray[np.float32],
    held_out: Part,
    names: Sequence[str],
    options: FitOptions,
) -> Calibration:
    """Calibrate a model on the validation texts.

    Args:
        probabilities: what the model says of them, shape `(texts, labels)`.
        held_out: the validation texts with their labels.
        names: of the labels, in the order of the columns.
        options: what is asked of the thresholds.
    """
    # Reliability is judged by the labels, not by the votes: so the temperature is, too.
    hard = np.where(held_out.known, held_out.labels, np.float32("nan"))
    temperature = best_temperature(hard, probabilities)
    probabilities = cooled(probabilities, temperature)
    lowest = dict(options.at_least)
    decision = tune_decision(
        held_out.labels,
        probabilities,
        held_out.known,
        min_precision=options.min_precision,
        max_false_alarms=options.max_false_alarms,
        at_least=np.array([lowest.get(name, 0.0) for name in names]),
        least_expected=options.least_expected,
        common=options.threshold,
    )
    return Calibration(
        temperature,
        probabilities,
        decision,
        reliability(held_out.labels, probabilities, held_out.known),
    )
