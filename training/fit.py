"""From labelled entries to a verified model folder."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from transformers import set_seed

from training import distributed as processes
from training.entries.anonymize import anonymize_texts
from training.entries.leakage_groups import groups
from training.entries.multi_hot import multi_hot
from training.entries.reading import label_names
from training.entries.sentences import sentences
from training.entries.split import Part, stratified_split
from training.errors import BaseModelError, DataError
from training.evaluation.fairness import fairness
from training.finetuning.checkpoint import checkpoint_folder, fingerprint, open_checkpoints
from training.finetuning.deadline import Deadline
from training.finetuning.linear_probe import fit_head
from training.finetuning.loss import class_weights
from training.finetuning.model import (
    default_learning_rate,
    freeze_lower_layers,
    load_base,
    silence_libraries,
    starts_as_average,
)
from training.finetuning.trainer import finetune, precision_of, predict
from training.finetuning.windows import tokenize
from training.output.atomic_folder import new_folder
from training.output.metrics_file import metrics
from training.output.model_writer import save_model
from training.output.run_log import note_run
from training.scoring.decision import Decision, tune_decision
from training.scoring.reliability import reliability
from training.scoring.temperature import best_temperature, cooled, fold_in
from training.scoring.thresholds import silent_labels
from worker.classifier.cls_token import AVERAGES, cls_token_only
from worker.errors import WorkerError
from worker.models import adapter
from worker.models.folder import ModelFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from training.entries.reading import Record
    from training.finetuning.base_model import Base
    from training.finetuning.callbacks import Best
    from training.options import FitOptions
    from training.progress import Progress
    from worker.anonymizer.anonymizer import Anonymizer


def fit(
    records: list[Record],
    validation: list[Record] | None,
    target: Path,
    *,
    base: Base,
    anonymizer: Anonymizer | None,
    options: FitOptions,
    progress: Progress,
) -> ModelFolder | None:
    """Fine-tune `base` on `records` and write the model folder.

    Args:
        records: to learn from; a part is set aside for validation unless it is given.
        validation: to choose the epoch and the thresholds with; may be None.
        target: the folder to write; it appears complete and verified, or not at all.
        base: the model to start from.
        anonymizer: None if the texts are anonymized already.
        options: everything else.
        progress: is told about every stage.

    Returns:
        The folder; None in a process that only helped another to learn.

    Raises:
        DataError: the entries do not suffice.
        BaseModelError: the base cannot be loaded.
        OutputError: the folder cannot be written.
    """
    deadline = Deadline(options.max_minutes)
    silence_libraries()
    names = label_names(records)
    _check(names, validation, base, options)
    set_seed(options.seed)  # the head and the averaging layer begin at random
    model, tokenizer = load_base(
        base, names, window_tokens=options.window_tokens, allow_download=options.allow_download
    )
    options = replace(
        options,
        learning_rate=options.learning_rate or default_learning_rate(model),
        precision=precision_of(options.precision),
    )
    train, held_out, as_written = _parts(
        records, validation, names, anonymizer=anonymizer, options=options, progress=progress
    )
    best = _learn(
        model,
        tokenizer,
        train,
        held_out,
        target=target,
        names=names,
        base=base,
        options=options,
        deadline=deadline,
        progress=progress,
    )
    processes.part_ways()
    if not processes.is_first():
        return None
    if options.small:
        best = _made_small(model, tokenizer, held_out, best, options)
    # Reliability is judged by the labels, not by the votes: so the temperature is, too.
    hard = np.where(held_out.known, held_out.labels, np.float32("nan"))
    temperature = best_temperature(hard, best.probabilities)
    fold_in(model, temperature)
    best.probabilities = cooled(best.probabilities, temperature)
    floors = dict(options.at_least)
    decision = tune_decision(
        held_out.labels,
        best.probabilities,
        held_out.known,
        min_precision=options.min_precision,
        max_false_alarms=options.max_false_alarms,
        at_least=np.array([floors.get(name, 0.0) for name in names]),
        least_expected=options.least_expected,
    )
    if silent := silent_labels(dict(zip(names, decision.thresholds, strict=True))):
        progress.note(
            f"--min-precision {options.min_precision:g} is not reached, so these labels are "
            f"never given: {', '.join(silent)}"
        )
    found = metrics(
        names,
        train,
        held_out,
        best,
        decision,
        base=base,
        options=options,
        anonymized_here=anonymizer is not None,
        validation_given=validation is not None,
    )
    found["temperature"] = round(temperature, 4)
    honesty = reliability(held_out.labels, best.probabilities, held_out.known)
    found["reliability"] = honesty.to_json()
    decide = _decider(model, tokenizer, decision, anonymizer, options)
    progress.begin("exchanging names and pronouns")
    try:
        found["fairness"] = fairness(as_written, decide, seed=options.seed)
    except (DataError, WorkerError):
        # New texts, of names that nobody wrote: no reason to throw a finished training away.
        progress.note("fairness was not measured: an entry could not be anonymized again")
        found["fairness"] = fairness([], decide)
    progress.begin("writing the model folder")
    with new_folder(target) as folder:
        found["seconds"] = progress.seconds()
        save_model(
            folder,
            model,
            tokenizer,
            decision,
            name=options.name,
            small=options.small,
            window_tokens=options.window_tokens,
            found=found,
            honesty=honesty,
        )
    written = ModelFolder.open(target)
    shutil.rmtree(checkpoint_folder(target), ignore_errors=True)
    note_run(target, written.version, found)
    return written


def _check(
    names: Sequence[str], validation: list[Record] | None, base: Base, options: FitOptions
) -> None:
    """Tell of what cannot go well before hours are spent on it."""
    if not names:
        raise DataError("no entry has a label: there is nothing to learn")
    if options.small and not base.built_in:
        raise BaseModelError("--small writes an adapter of the built-in base: leave out --base")
    if options.least_expected >= len(names):
        raise DataError(f"--least-expected: no text has that many of {len(names)} labels")
    for label, _ in options.at_least:
        if label not in names:
            raise DataError(f"--at-least: no entry has the label {label}")
    unknown = sorted(set(label_names(validation or [])) - set(names))
    if unknown:
        raise DataError(f"labels in the validation file only: {', '.join(unknown)}")


def _parts(
    records: list[Record],
    validation: list[Record] | None,
    names: Sequence[str],
    *,
    anonymizer: Anonymizer | None,
    options: FitOptions,
    progress: Progress,
) -> tuple[Part, Part, list[str]]:
    """What to learn from, what to validate with, and the latter's texts as they were written."""
    everything = [*records, *(validation or [])]
    labels = multi_hot((record.labels for record in everything), names)
    if validation is None:
        train, held_out = stratified_split(
            labels, groups(records), validation_share=options.validation_share, seed=options.seed
        )
    else:
        train = list(range(len(records)))
        held_out = list(range(len(records), len(everything)))
    if not labels[train].any(axis=0).all():
        raise DataError("too few entries: some label has none left to learn from")
    parts_of_long = sentences(everything[row] for row in train)
    train += range(len(everything), len(everything) + len(parts_of_long))
    everything += parts_of_long
    texts = [record.text for record in everything]
    if anonymizer is not None:
        progress.begin("anonymizing", len(texts))
        texts = anonymize_texts(texts, anonymizer, advance=progress.advance)
    learnt = replace(Part.of(texts, everything, names, train), sentences=len(parts_of_long))
    as_written = [everything[row].text for row in held_out]
    return learnt, Part.of(texts, everything, names, held_out), as_written


def _learn(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    train: Part,
    held_out: Part,
    *,
    target: Path,
    names: Sequence[str],
    base: Base,
    options: FitOptions,
    deadline: Deadline,
    progress: Progress,
) -> Best:
    progress.begin("tokenizing")
    size = options.window_tokens
    learn = tokenize(
        train.texts,
        train.targets,
        tokenizer,
        window_tokens=size,
        places=train.places,
        weights=train.weights,
    )
    check = tokenize(held_out.texts, held_out.labels, tokenizer, window_tokens=size)
    checkpoints = resume_from = None
    if options.resume:
        checkpoints = checkpoint_folder(target)
        mark = fingerprint(base, names, train, held_out, options)
        resume_from = open_checkpoints(checkpoints, mark)
        progress.note(f"checkpoints are kept in {checkpoints} until the model is written")
    positive = class_weights(train.targets) if options.class_weights else None
    with cls_token_only(model):
        if getattr(model.config, AVERAGES, False):
            freeze_lower_layers(model)
        if starts_as_average(base, model):
            fit_head(model, learn, tokenizer.pad_token_id or 0, progress, positive)
        return finetune(
            model,
            tokenizer,
            learn,
            check,
            held_out,
            labels=names,
            options=options,
            deadline=deadline,
            progress=progress,
            positive_weights=positive,
            checkpoints=checkpoints,
            resume_from=resume_from,
        )


def _made_small(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    held_out: Part,
    best: Best,
    options: FitOptions,
) -> Best:
    """Give the model the weights that an adapter keeps, and score the validation texts anew."""
    with tempfile.TemporaryDirectory(prefix="journal-train-") as folder:
        file = Path(folder) / adapter.FILE
        adapter.save(file, model.state_dict())
        model.load_state_dict(adapter.merge(file, model.state_dict()))
    check = tokenize(
        held_out.texts,
        held_out.targets,
        tokenizer,
        window_tokens=options.window_tokens,
    )
    with cls_token_only(model):
        best.probabilities = predict(model, check, tokenizer.pad_token_id or 0)
    return best


def _decider(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    decision: Decision,
    anonymizer: Anonymizer | None,
    options: FitOptions,
) -> Callable[[list[str]], NDArray[np.bool_]]:
    """What a worker with this model decides about texts."""

    def decide(texts: list[str]) -> NDArray[np.bool_]:
        if anonymizer is not None:
            texts = anonymize_texts(texts, anonymizer, advance=lambda _: None)
        windows = tokenize(
            texts,
            np.zeros((len(texts), len(decision.thresholds)), np.float32),
            tokenizer,
            window_tokens=options.window_tokens,
        )
        with cls_token_only(model):
            return decision(predict(model, windows, tokenizer.pad_token_id or 0))

    return decide
