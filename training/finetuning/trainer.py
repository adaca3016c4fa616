"""Fine-tuning with the Hugging Face Trainer; the best epoch is kept in memory."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import Sampler, SequentialSampler
from transformers import PrinterCallback, Trainer, TrainingArguments, set_seed
from transformers.trainer_pt_utils import LengthGroupedSampler

from training import distributed as processes
from training.finetuning.callbacks import BestEpochCallback, Evaluator
from training.finetuning.checkpoint import load_best
from training.finetuning.loss import training_loss
from training.finetuning.sentences.scores import joined_logits, sentence_loss
from training.finetuning.text_model import EVALUATION_BATCH
from training.finetuning.windows import Collator
from worker.models.precision import choose_device, has_bf16

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedModel

    from training.entries.split import Part
    from training.finetuning.callbacks import BestEpoch
    from training.finetuning.checkpoint import Checkpoints
    from training.finetuning.deadline import Deadline
    from training.finetuning.text_model import TextModel
    from training.finetuning.windows import Windows
    from training.options import FitOptions
    from training.progress import Progress

#: Share of the steps over which the rate rises to its full height.
WARM_UP = 0.1
#: The head is new and small: it learns faster than the encoder.
HEAD_RATE_FACTOR = 2.0
WEIGHT_DECAY = 0.01
BF16 = "bf16"


@dataclass(frozen=True, slots=True)
class FinetuneData:
    """What a model learns from and is judged by.

    Attributes:
        train: windows to learn from.
        validation: windows of the validation texts.
        held_out: the validation texts themselves.
        labels: label names in the order of the model's outputs.
        positive_weights: how many times each label's positives count, shape `(labels,)`; once if
            it is None.
    """

    train: Windows
    validation: Windows
    held_out: Part
    labels: Sequence[str]
    positive_weights: torch.Tensor | None


def finetune(
    model: TextModel,
    data: FinetuneData,
    *,
    options: FitOptions,
    deadline: Deadline,
    progress: Progress,
    checkpoints: Checkpoints | None = None,
) -> BestEpoch:
    """Fine-tune `model` in place; it ends with the weights of the best epoch.

    The best epoch is the one with the highest mean average precision on the validation texts.
    F1 would depend on thresholds that are tuned on the same texts, and so on a few entries near
    them; average precision takes the whole order of the scores into account.

    Args:
        model: the base with its head.
        data: to learn from, and to choose the epoch with.
        options: epochs, rate and seed.
        deadline: training ends when its time is used up, with the rate decayed as at the end.
        progress: is told about every step and epoch.
        checkpoints: None to write none and to begin anew.

    Raises:
        DataError: no time is left for training.
        OutputError: the checkpoint cannot be read.
    """
    set_seed(options.seed)
    evaluator = Evaluator(data.validation, data.held_out, data.labels)
    callback = BestEpochCallback(model.model, evaluator, deadline, progress, options.patience)
    resume_from = checkpoints.resume_from if checkpoints else None
    # The Trainer insists on a folder. Without `checkpoints` nothing is saved in it.
    with tempfile.TemporaryDirectory(prefix="journal-train-") as nothing:
        folder = str(checkpoints.folder) if checkpoints else nothing
        arguments = _arguments(folder, options, save=checkpoints is not None)
        trainer = _new_trainer(
            model, data, callback, arguments=arguments, deadline=deadline, options=options
        )
        if resume_from is not None:
            callback.restore(load_best(resume_from))
        deadline.start_training()
        if not callback.exhausted:  # as it may be in what is resumed
            trainer.train(resume_from_checkpoint=str(resume_from) if resume_from else None)
        # Takes off the autocast that would otherwise stay around the model for good.
        trainer.accelerator.unwrap_model(model.model, keep_fp32_wrapper=False)
    assert callback.best is not None, "the Trainer ends every epoch with an evaluation"
    return _restored(model, callback.best, data.validation, options.precision)


def precision_of(wanted: str) -> str:
    """`auto` trains in bf16 (autocast) where the hardware has it, else in fp32."""
    if wanted != "auto":
        return wanted
    return BF16 if has_bf16(choose_device("auto")) else "fp32"


def _restored(model: TextModel, best: BestEpoch, validation: Windows, precision: str) -> BestEpoch:
    """Give the model the best epoch's weights; the epoch with what they say in fp32."""
    model.model.load_state_dict(best.state)
    model.model.to("cpu")
    if precision != BF16:
        return best
    # The folder's weights are fp32: thresholds are tuned on what these say.
    return replace(best, probabilities=model.predict(validation))


def _new_trainer(
    model: TextModel,
    data: FinetuneData,
    callback: BestEpochCallback,
    *,
    arguments: TrainingArguments,
    deadline: Deadline,
    options: FitOptions,
) -> _Trainer:
    """A Trainer with an optimizer, a schedule and a loss of our own."""
    assert options.learning_rate is not None
    steps = -(-len(data.train.dataset) // options.batch_size) * options.epochs
    optimizer = AdamW(_parameter_groups(model.model, options.learning_rate), fused=True)
    trainer = _Trainer(
        model=model.model,
        args=arguments,
        data_collator=Collator(model.pad_token_id),
        train_dataset=data.train.dataset,
        eval_dataset=data.validation.dataset,
        compute_metrics=callback.evaluator,
        optimizers=(optimizer, LambdaLR(optimizer, _rate(steps, deadline))),
        callbacks=[callback],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.positive_weights = data.positive_weights
    trainer.any_weight = options.any_weight
    trainer.sentence_weight = options.sentence_weight
    trainer.sentence_share = model.sentence_share
    return trainer


def _arguments(folder: str, options: FitOptions, *, save: bool) -> TrainingArguments:
    arguments = TrainingArguments(
        output_dir=folder,
        num_train_epochs=options.epochs,
        per_device_train_batch_size=options.batch_size // processes.count(),
        ddp_find_unused_parameters=False,
        per_device_eval_batch_size=EVALUATION_BATCH,
        seed=options.seed,
        eval_strategy="epoch",
        save_strategy="epoch" if save else "no",
        save_total_limit=2,
        bf16=options.precision == BF16,
        # The Trainer takes bf16 for a GPU's unless it is told that there is none.
        use_cpu=options.precision == BF16 and not torch.cuda.is_available(),
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        max_grad_norm=1.0,
        remove_unused_columns=False,
        dataloader_num_workers=0,
        dataloader_pin_memory=torch.cuda.is_available(),
    )
    if arguments.n_gpu > 1:  # DataParallel would split batches that are small already
        arguments._n_gpu = 1  # noqa: SLF001 - the Trainer has no other way to be told
    return arguments


def _rate(steps: int, deadline: Deadline) -> Any:
    """Linear warm-up and decay, by steps or by time, whichever is further."""
    warm_up = max(1, round(WARM_UP * steps))

    def factor(step: int) -> float:
        done = max(step / steps, deadline.used())
        return min((step + 1) / warm_up, (1.0 - done) / (1.0 - WARM_UP), 1.0)

    return factor


def _parameter_groups(model: PreTrainedModel, rate: float) -> list[dict[str, Any]]:
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    encoder = {id(p) for p in model.base_model.parameters()}
    for parameter in model.parameters():
        if parameter.requires_grad:
            key = (id(parameter) in encoder, parameter.ndim > 1)
            groups.setdefault(key, []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": rate if in_encoder else rate * HEAD_RATE_FACTOR,
            "weight_decay": WEIGHT_DECAY if is_matrix else 0.0,
        }
        for (in_encoder, is_matrix), parameters in groups.items()
    ]


class _ByLength(LengthGroupedSampler):  # type: ignore[misc]
    def __init__(self, batch_size: int, lengths: Sequence[int], seed: int) -> None:
        super().__init__(
            batch_size * processes.count(), lengths=list(lengths), generator=torch.Generator()
        )
        self._seed = seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Another order in every epoch."""
        self.generator.manual_seed(self._seed + epoch)


class _Trainer(Trainer):  # type: ignore[misc]
    #: How many times each label's positives count, shape `(labels,)`.
    positive_weights: torch.Tensor | None = None
    any_weight = 0.0
    #: How much sentences count beside their windows, in the loss and in a window's score.
    sentence_weight = sentence_share = 0.0

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, **_: Any
    ) -> Any:
        """The loss of windows and of sentences; the model's own would take every label as known."""
        labels, weights = inputs.pop("labels"), inputs.pop("weights")
        sentences = inputs.pop("part_labels", None)
        outputs = model(**inputs)
        logits = outputs.logits.float()
        whole = logits[:, 0] if self.sentence_share else logits
        positive = self.positive_weights
        loss = training_loss(
            whole,
            labels,
            weights,
            None if positive is None else positive.to(labels.device),
            self.any_weight,
        )
        if self.sentence_share and sentences is not None:
            loss = loss + self.sentence_weight * sentence_loss(logits[:, 1:], sentences, weights)
        inputs["labels"] = labels
        if not return_outputs:
            return loss
        if self.sentence_share:
            parts, mask = inputs.get("parts"), inputs["attention_mask"]
            outputs.logits = joined_logits(logits, parts, mask, self.sentence_share)
        return loss, outputs

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        """Batches of windows of similar length, in the same order in every process.

        The Trainer's own sampler draws from the process's random numbers, of which dropout has
        used more in one process than in another.
        """
        dataset = self.train_dataset if train_dataset is None else train_dataset
        return _ByLength(self.args.train_batch_size, dataset["length"], self.args.seed)

    def _get_eval_sampler(self, eval_dataset: Any) -> SequentialSampler:
        """The order of the windows; the Trainer's own groups and shuffles them by length."""
        return SequentialSampler(eval_dataset)
