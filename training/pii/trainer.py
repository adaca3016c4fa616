"""One training run of the tagger, with the Hugging Face Trainer."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from training.pii.encoding import collate
from training.pii.looks import loss_of_looks

if TYPE_CHECKING:
    from collections.abc import Callable

    from transformers import BertForTokenClassification

    from training.pii.options import TaggerOptions
    from training.progress import Progress

#: Share of the steps over which the rate rises to its full height.
_WARM_UP = 0.06
_WEIGHT_DECAY = 0.01


class _StepProgress(TrainerCallback):  # type: ignore[misc]
    """Reports every step."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        del args, control
        self._progress.begin("training the tagger", state.max_steps)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        del args, state, control
        self._progress.advance(1)


class _Trainer(Trainer):  # type: ignore[misc]
    def compute_loss(self, model: Any, inputs: dict[str, torch.Tensor], *_: Any, **__: Any) -> Any:
        """The loss of both looks of a tagger."""
        return loss_of_looks(model, inputs)

    def get_train_dataloader(self) -> Any:
        """Batches of similar length in a random order, from a plain list."""
        rows = self.train_dataset
        size = self.args.per_device_train_batch_size
        rng = np.random.default_rng(self.args.seed)
        noisy = [row["length"] * rng.uniform(0.9, 1.1) for row in rows]
        order = np.argsort(noisy)
        batches = [order[i : i + size] for i in range(0, len(order), size)]
        rng.shuffle(batches)
        return torch.utils.data.DataLoader(
            rows, batch_sampler=[list(map(int, batch)) for batch in batches], collate_fn=collate
        )


def train(
    model: BertForTokenClassification,
    rows: list[dict[str, Any]],
    options: TaggerOptions,
    progress: Progress,
) -> None:
    """Train `model` in place, in one pass over the rows; it ends on the CPU.

    One pass, because examples are generated: more of them serve better than the same ones twice.

    Args:
        model: from `load_base`.
        rows: from `encoded`.
        options: batch size, learning rate and seed.
        progress: is told about every step.
    """
    steps = -(-len(rows) // options.batch_size)
    optimizer = _optimizer(model, options.learning_rate)
    # The Trainer insists on a folder. Nothing is saved in it.
    with tempfile.TemporaryDirectory(prefix="journal-train-") as folder:
        trainer = _Trainer(
            model=model,
            args=_arguments(folder, options),
            train_dataset=rows,
            optimizers=(optimizer, LambdaLR(optimizer, _rate(steps))),
            callbacks=[_StepProgress(progress)],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    model.to("cpu").eval()


def _arguments(folder: str, options: TaggerOptions) -> TrainingArguments:
    return TrainingArguments(
        output_dir=folder,
        num_train_epochs=1,
        seed=options.seed,
        save_strategy="no",
        per_device_train_batch_size=options.batch_size,
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        max_grad_norm=1.0,
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
    )


def _optimizer(model: BertForTokenClassification, learning_rate: float) -> AdamW:
    """AdamW that lets matrices decay, and biases and norms not."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    return AdamW(
        [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": _WEIGHT_DECAY},
            {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
        ],
        lr=learning_rate,
        fused=True,
    )


def _rate(steps: int) -> Callable[[int], float]:
    """The factor of the learning rate at each step: linear warm-up, then linear decay to 0."""
    warm_up = max(1, round(_WARM_UP * steps))
    return lambda step: min((step + 1) / warm_up, (steps - step) / (steps - warm_up), 1.0)
