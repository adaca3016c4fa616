"""From labelled entries to a verified model folder."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import set_seed

from training import distributed as processes
from training.entries.anonymize import anonymize_texts
from training.entries.preparation import prepare
from training.entries.record import label_names
from training.errors import BaseModelError, DataError
from training.evaluation.fairness import fairness
from training.evaluation.false_alarms import false_alarms
from training.finetuning.checkpoint import checkpoint_folder, fingerprint
from training.finetuning.deadline import Deadline
from training.finetuning.learning import learn
from training.finetuning.model import default_learning_rate, load_base, silence_libraries
from training.finetuning.sentences.scores import SENTENCE_SHARE
from training.finetuning.short_texts import earlier_model
from training.finetuning.text_model import TextModel
from training.finetuning.trainer import precision_of
from training.output.atomic_folder import new_folder
from training.output.metrics_file import NOTHING_LEARNT, metrics
from training.output.model_writer import save_model
from training.output.run_log import note_run
from training.plan import tell_plan
from training.scoring.calibration import calibrate
from training.scoring.temperature import fold_in
from training.scoring.thresholds import silent_labels
from worker.classifier.cls_token import AVERAGES
from worker.errors import WorkerError
from worker.models.folder import ModelFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from training.entries.preparation import Parts
    from training.entries.record import Record
    from training.entries.split import Part
    from training.finetuning.base_model import Base
    from training.finetuning.callbacks import BestEpoch
    from training.options import FitOptions
    from training.progress import Progress
    from training.scoring.calibration import Calibration
    from training.scoring.decision import Decision
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
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    names = label_names(records)
    _check(names, validation, base, options)
    model, options = _loaded(base, names, options)
    tell_plan(records, validation, model, base, anonymizer, options=options, progress=progress)
    parts = prepare(
        records, validation, names, anonymizer=anonymizer, options=options, progress=progress
    )
    mark = fingerprint(base, names, parts.train, parts.held_out, options)
    best = learn(
        model,
        parts,
        names,
        base=base,
        target=target,
        options=options,
        deadline=deadline,
        progress=progress,
    )
    processes.leave_group()
    if not processes.is_first():
        return None
    found = _Found(names, parts, best, mark, anonymizer)
    return _finish(model, found, target, base=base, options=options, progress=progress)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a fit knows once the model has learnt."""

    names: Sequence[str]
    parts: Parts
    best: BestEpoch
    fingerprint: str
    anonymizer: Anonymizer | None


def _finish(
    model: TextModel,
    found: _Found,
    target: Path,
    *,
    base: Base,
    options: FitOptions,
    progress: Progress,
) -> ModelFolder:
    """Calibrate the model, measure it, and write its folder."""
    parts = found.parts
    calibration = _calibrated(
        model, parts.held_out, found.best, found.names, options=options, progress=progress
    )
    figures = metrics(found.names, parts, found.best, calibration, base=base, options=options)
    figures["fingerprint"] = found.fingerprint
    figures["short_texts"] = asdict(model.short.texts) if model.short else None
    figures["false_alarms"] = _false_alarms(parts, calibration)
    decide = _decider(model, calibration.decision, found.anonymizer)
    figures["fairness"] = _fairness(parts.held_out_as_written, decide, options.seed, progress)
    return _write(target, model, calibration, figures, options=options, progress=progress)


def fingerprint_of(
    records: list[Record],
    *,
    base: Base,
    anonymizer: Anonymizer | None,
    options: FitOptions,
    progress: Progress,
) -> str:
    """The `fingerprint` in the metrics of the model that `fit` makes of the same, without fitting.

    Arguments and errors are those of `fit`.
    """
    silence_libraries()
    names = label_names(records)
    _check(names, None, base, options)
    _, options = _loaded(base, names, options)
    parts = prepare(records, None, names, anonymizer=anonymizer, options=options, progress=progress)
    return fingerprint(base, names, parts.train, parts.held_out, options)


def _check(
    names: Sequence[str], validation: list[Record] | None, base: Base, options: FitOptions
) -> None:
    """Tell of what cannot go well before hours are spent on it."""
    if not names:
        raise DataError("no entry has a label: there is nothing to learn")
    if options.small and not base.built_in:
        raise BaseModelError("--small writes an adapter: leave out --base, or begin at `large`")
    if options.least_expected >= len(names):
        raise DataError(f"--least-expected: no text has that many of {len(names)} labels")
    for label, _ in options.at_least:
        if label not in names:
            raise DataError(f"--at-least: no entry has the label {label}")
    unknown = sorted(set(label_names(validation or [])) - set(names))
    if unknown:
        raise DataError(f"labels in the validation file only: {', '.join(unknown)}")


def _loaded(base: Base, names: Sequence[str], options: FitOptions) -> tuple[TextModel, FitOptions]:
    """The model to train, and the options with what depends on model and hardware filled in."""
    set_seed(options.seed)  # the head and the averaging layer begin at random
    model, tokenizer = load_base(
        base, names, window_tokens=options.window_tokens, allow_download=options.allow_download
    )
    options = replace(
        options,
        learning_rate=options.learning_rate or default_learning_rate(model),
        precision=precision_of(options.precision),
    )
    if options.sentence_weight and not getattr(model.config, AVERAGES, False):
        raise BaseModelError("--sentence-weight is for the built-in base and what comes of it")
    if options.with_earlier and not options.sentence_weight:
        raise BaseModelError("--with-earlier needs --sentence-weight: the earlier model had it")
    share = SENTENCE_SHARE if options.sentence_weight else 0.0
    short = earlier_model(model, names) if options.with_earlier else None
    return TextModel(model, tokenizer, options.window_tokens, share, short), options


def _calibrated(
    model: TextModel,
    held_out: Part,
    best: BestEpoch,
    names: Sequence[str],
    *,
    options: FitOptions,
    progress: Progress,
) -> Calibration:
    """Calibrate the model on the validation texts, and put the temperature into its weights."""
    probabilities = best.probabilities
    if model.round_to_adapters(small=options.small):
        probabilities = model.probabilities(held_out.texts)
    calibration = calibrate(probabilities, held_out, names, options)
    for network in model.networks:
        fold_in(network, calibration.temperature)
    thresholds = dict(zip(names, calibration.decision.thresholds, strict=True))
    if silent := silent_labels(thresholds):
        progress.note(
            f"--min-precision {options.min_precision:g} is not reached, so these labels are "
            f"never given: {', '.join(silent)}"
        )
    return calibration


def _decider(
    model: TextModel, decision: Decision, anonymizer: Anonymizer | None
) -> Callable[[list[str]], NDArray[np.bool_]]:
    """What a worker with this model decides about texts."""

    def decide(texts: list[str]) -> NDArray[np.bool_]:
        if anonymizer is not None:
            texts = anonymize_texts(texts, anonymizer, advance=lambda _: None)
        return decision(model.probabilities(texts))

    return decide


def _false_alarms(parts: Parts, calibration: Calibration) -> dict[str, dict[str, Any]]:
    held_out = parts.held_out
    labelled: NDArray[np.bool_] = np.asarray((held_out.labels > 0).any(axis=1))
    known: NDArray[np.bool_] = np.asarray(held_out.known.all(axis=1))
    given = calibration.decision(calibration.probabilities)
    return false_alarms(
        parts.held_out_as_written,
        parts.held_out_kinds,
        known & ~labelled,
        np.asarray(given.any(axis=1)),
    )


def _fairness(
    texts: Sequence[str],
    decide: Callable[[list[str]], NDArray[np.bool_]],
    seed: int,
    progress: Progress,
) -> dict[str, dict[str, Any]]:
    progress.begin("exchanging names and pronouns")
    try:
        return fairness(texts, decide, seed=seed)
    except (DataError, WorkerError):
        # New texts, of names that nobody wrote: no reason to throw a finished training away.
        progress.note("fairness was not measured: an entry could not be anonymized again")
        return fairness([], decide)


def _write(
    target: Path,
    model: TextModel,
    calibration: Calibration,
    found: dict[str, Any],
    *,
    options: FitOptions,
    progress: Progress,
) -> ModelFolder:
    """Write the model folder, remove the checkpoints, and note the fit in the log of all fits."""
    progress.begin("writing the model folder")
    with new_folder(target) as folder:
        found["seconds"] = progress.seconds()
        save_model(folder, model, calibration, found, name=options.name, small=options.small)
    written = ModelFolder.open(target)
    shutil.rmtree(checkpoint_folder(target), ignore_errors=True)
    note_run(target, written.version, found)
    progress.note(f"model {written.name} {written.version} written to {target}")
    if found["learnt_nothing"]:
        progress.note(NOTHING_LEARNT)  # the last line, where it is seen
    return written
