"""The steps of learning: tokenize, fit the head, fine-tune, and go on from a checkpoint."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from training.finetuning.callbacks import BestEpoch
from training.finetuning.checkpoint import checkpoint_folder, fingerprint, open_checkpoints
from training.finetuning.linear_probe import fit_head
from training.finetuning.loss import class_weights
from training.finetuning.model import freeze
from training.finetuning.sentences.windows import windows_to_learn
from training.finetuning.trainer import BF16, FinetuneData, finetune
from training.finetuning.windows import tokenize
from training.scoring.temperature import best_temperature, fold_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from training.entries.preparation import Parts
    from training.entries.split import Part
    from training.finetuning.base_model import Base
    from training.finetuning.checkpoint import Checkpoints
    from training.finetuning.deadline import Deadline
    from training.finetuning.text_model import TextModel
    from training.finetuning.windows import Windows
    from training.options import FitOptions
    from training.progress import Progress


def learn(
    model: TextModel,
    parts: Parts,
    names: Sequence[str],
    *,
    base: Base,
    target: Path,
    options: FitOptions,
    deadline: Deadline,
    progress: Progress,
) -> BestEpoch:
    """Train `model` in place; it ends with the weights of the best epoch.

    Args:
        model: the base with its head.
        parts: what to learn from, and what to choose the epoch with.
        names: of the labels, in the order of the model's outputs.
        base: what the model was loaded from.
        target: the folder to be written in the end; checkpoints are kept beside it.
        options: see there.
        deadline: ends the training.
        progress: is told about every stage, step and epoch.

    Raises:
        DataError: the model knows no word of the entries, or no time is left.
        OutputError: checkpoints cannot be written or read.
    """
    progress.begin("tokenizing")
    data = _tokenized(model, parts, names, class_weighted=options.class_weights)
    checkpoints = None
    if options.resume:
        mark = fingerprint(base, names, parts.train, parts.held_out, options)
        checkpoints = _opened(target, mark, progress)
    with model.prepared():
        freeze(model.model, options.train_layers)
        if not base.fine_tuned:
            fit_head(
                model.model,
                data.train,
                model.pad_token_id,
                progress,
                data.positive_weights,
                bf16=options.precision == BF16,
            )
        start = {name: value.clone() for name, value in model.model.state_dict().items()}
        runs = []
        for seed in range(options.seed, options.seed + options.averaged):
            model.model.load_state_dict(start)
            runs.append(
                finetune(
                    model,
                    data,
                    options=replace(options, seed=seed),
                    deadline=deadline,
                    progress=progress,
                    checkpoints=checkpoints,
                )
            )
        best = runs[0] if len(runs) == 1 else _averaged(model, data, runs)
        return _with_earlier(model, data, best) if model.short else best


def _opened(target: Path, mark: str, progress: Progress) -> Checkpoints:
    checkpoints = open_checkpoints(checkpoint_folder(target), mark)
    progress.note(f"checkpoints are kept in {checkpoints.folder} until the model is written")
    return checkpoints


def _averaged(model: TextModel, data: FinetuneData, runs: Sequence[BestEpoch]) -> BestEpoch:
    """The mean of the weights of several runs, which `model` is given.

    M. Wortsman et al., "Model soups: averaging weights of multiple fine-tuned models improves
    accuracy without increasing inference time", ICML 2022: runs from the same start, head included,
    end in the same basin, and the mean of their weights does about as well as the ensemble of
    their probabilities.
    """
    state = {
        name: torch.stack([run.state[name] for run in runs]).mean(dim=0)
        if value.is_floating_point()
        else value
        for name, value in runs[0].state.items()
    }
    model.model.load_state_dict(state)
    return BestEpoch(
        epoch=max(run.epoch for run in runs),
        probabilities=model.predict(data.validation),
        history=[
            {"run": number, **epoch}
            for number, run in enumerate(runs, start=1)
            for epoch in run.history
        ],
        state=state,
    )


def _with_earlier(model: TextModel, data: FinetuneData, best: BestEpoch) -> BestEpoch:
    """Score short texts with the earlier model, all others with the new one.

    The new logits are divided by their temperature first, as the earlier ones were: one threshold
    and one least sum of probabilities then mean the same to both.

    Args:
        model: with the weights of the best epoch, and the earlier model for short texts.
        data: its validation texts.
        best: the epoch; it was chosen by what the new weights alone say of all these texts.
    """
    assert model.short is not None, "the earlier model was loaded before the fit began"
    held_out = data.held_out
    truth = np.where(held_out.known, held_out.labels, np.float32("nan"))
    alone = replace(model, short=None).predict(data.validation)
    fold_in(model.model, best_temperature(truth, alone))
    state = {name: value.clone() for name, value in model.model.state_dict().items()}
    return replace(best, probabilities=model.predict(data.validation), state=state)


def _tokenized(
    model: TextModel, parts: Parts, names: Sequence[str], *, class_weighted: bool
) -> FinetuneData:
    """Windows of both parts; those to learn from hold the evidence of their labels."""
    train, held_out = parts.train, parts.held_out
    return FinetuneData(
        train=_to_learn(model, train),
        validation=model.windows(held_out.texts, held_out.labels),
        held_out=held_out,
        labels=names,
        positive_weights=class_weights(train.targets) if class_weighted else None,
    )


def _to_learn(model: TextModel, train: Part) -> Windows:
    """Of each text the window that holds its evidence; with sentences, all that are known."""
    if model.sentence_share:
        return windows_to_learn(train, model.tokenizer, window_tokens=model.window_tokens)
    return tokenize(
        train.texts,
        train.targets,
        model.tokenizer,
        window_tokens=model.window_tokens,
        places=train.places,
        weights=train.weights,
    )
