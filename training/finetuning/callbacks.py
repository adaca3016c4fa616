"""The best-epoch callback: score every epoch, keep the best one in memory, and stop early."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import TrainerCallback

from training.finetuning.checkpoint import save_best
from training.progress import duration
from training.scoring.scores import score
from training.scoring.thresholds import tune_thresholds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from transformers import PreTrainedModel

    from training.entries.split import Part
    from training.finetuning.deadline import Deadline
    from training.finetuning.windows import Windows
    from training.progress import Progress

BEST_BY = "mean_average_precision"


@dataclass(frozen=True, slots=True)
class BestEpoch:
    """The best epoch so far.

    Attributes:
        epoch: which, counted from 1; a fraction if time ran out within it.
        probabilities: of the validation texts, shape `(texts, labels)`.
        history: the scores of every epoch.
        state: the model's weights, on the CPU.
    """

    epoch: float
    probabilities: NDArray[np.float32]
    history: list[dict[str, float]]
    state: dict[str, torch.Tensor] = dataclasses.field(repr=False)


class Evaluator:
    """Scores the validation texts after an epoch; keeps their probabilities.

    Args:
        validation: windows of the validation texts.
        held_out: the texts themselves.
        labels: label names in the order of the model's outputs.
    """

    def __init__(self, validation: Windows, held_out: Part, labels: Sequence[str]) -> None:
        self._validation = validation
        self._truth = held_out.labels
        self._known = held_out.known
        self._labels = labels
        self.probabilities = np.zeros_like(held_out.labels)

    def __call__(self, prediction: Any) -> dict[str, float]:
        """Figures of an epoch, each from 0 to 1, from logits of shape `(windows, labels)`."""
        logits = torch.from_numpy(np.asarray(prediction.predictions, dtype=np.float32))
        self.probabilities = self._validation.best_by_text(torch.sigmoid(logits).numpy())
        thresholds = tune_thresholds(self._truth, self.probabilities, self._known)
        given = self.probabilities >= thresholds
        scores = score(self._truth, self.probabilities, given, self._labels, self._known)
        return {
            BEST_BY: scores.mean_average_precision,
            "micro_f1": scores.micro_f1,
            "macro_f1": scores.macro_f1,
        }


class BestEpochCallback(TrainerCallback):  # type: ignore[misc]
    """Reports progress, keeps the best epoch, and ends the training when its time is up.

    Args:
        model: in training.
        evaluator: holds the probabilities of the epoch that was just scored.
        deadline: ends the training.
        progress: is told about every step and epoch.
        patience: training ends after this many epochs without improvement; None for never.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        evaluator: Evaluator,
        deadline: Deadline,
        progress: Progress,
        patience: int | None,
    ) -> None:
        self.best: BestEpoch | None = None
        self._model = model
        self.evaluator = evaluator
        self._deadline = deadline
        self._progress = progress
        self._patience = patience
        self._epochs_without_improvement = 0
        self._history: list[dict[str, float]] = []

    @property
    def exhausted(self) -> bool:
        """Whether there were as many epochs without improvement as patience allows."""
        return self._patience is not None and self._epochs_without_improvement >= self._patience

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Begin the progress bar, now that the number of steps is known."""
        del args, control
        self._progress.begin("fine-tuning", state.max_steps, done=state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Advance the progress bar; stop if the time is used up."""
        self._progress.advance(1, f"epoch {state.epoch or 0:.1f}/{args.num_train_epochs:g}")
        if self._deadline.used() >= 1.0:
            control.should_training_stop = True

    def _left(self) -> str:
        left = self._progress.left()
        return f"; {duration(left)} left" if left else ""

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Complete a checkpoint with the best epoch so far."""
        del control
        assert self.best is not None, "an epoch is scored before it is saved"
        save_best(
            Path(args.output_dir) / f"checkpoint-{state.global_step}",
            {
                "epoch": self.best.epoch,
                "probabilities": torch.from_numpy(self.best.probabilities),
                "history": self._history,
                "state": self.best.state,
                "epochs_without_improvement": self._epochs_without_improvement,
            },
        )

    def restore(self, saved: dict[str, Any]) -> None:
        """Go on from what `on_save` wrote."""
        self._history = saved["history"]
        self._epochs_without_improvement = saved["epochs_without_improvement"]
        self.best = BestEpoch(
            saved["epoch"], saved["probabilities"].numpy(), self._history, saved["state"]
        )
        self._progress.note(f"going on after epoch {self._history[-1]['epoch']:g}")

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: dict[str, float], **_: Any
    ) -> None:
        """Keep these weights if they are the best so far; stop if patience is exhausted."""
        del args
        epoch = round(float(state.epoch or 0.0), 2)
        found = {name: metrics[f"eval_{name}"] for name in (BEST_BY, "micro_f1", "macro_f1")}
        self._history.append({"epoch": epoch, **{k: round(v, 4) for k, v in found.items()}})
        self._progress.note(
            f"epoch {epoch:g}: validation micro F1 {found['micro_f1']:.3f}, macro F1 "
            f"{found['macro_f1']:.3f}, mean average precision {found[BEST_BY]:.3f}"
            f"{self._left()}"
        )
        reached = max((h[BEST_BY] for h in self._history[:-1]), default=-1.0)
        self._epochs_without_improvement += 1
        if self.best is None or self._history[-1][BEST_BY] > reached:
            self._epochs_without_improvement = 0
            state_dict = self._model.state_dict()
            self.best = BestEpoch(
                epoch=epoch,
                probabilities=self.evaluator.probabilities,
                history=self._history,
                state={name: value.cpu().clone() for name, value in state_dict.items()},
            )
        if self.exhausted:
            self._progress.note(f"stopped: no better for {self._patience} epochs")
            control.should_training_stop = True
