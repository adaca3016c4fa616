"""What a fit is going to do, told before it begins: entries, labels, machine and time.

The time is measured, not looked up: one small batch is learnt from and unlearnt, and a few texts
are anonymized.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from training import distributed as processes
from training.entries.prepared.redactions import digest, recorded
from training.entries.prepared.sentences import sentences
from training.finetuning.model import freeze
from training.progress import duration
from worker.classifier.cls_token import cls_token_only
from worker.errors import WorkerError
from worker.models.precision import choose_device

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.entries.record import Record
    from training.finetuning.base_model import Base
    from training.finetuning.text_model import TextModel
    from training.options import FitOptions
    from training.progress import Progress
    from worker.anonymizer.anonymizer import Anonymizer

#: Labels that are told one by one.
MOST_LABELS = 30
#: Texts and windows that the time is measured with.
_TRIED_TEXTS, _TRIED_WINDOWS = 16, 8
#: About as many as a token of English has.
_CHARACTERS_PER_TOKEN = 4.4
#: Names and pronouns of at most this many validation texts are exchanged, about so often each
#: (`training.evaluation.fairness`).
_EXCHANGED_TEXTS, _EXCHANGES = 600, 2.5


@dataclass(frozen=True, slots=True)
class Pace:
    """How long one window takes, in seconds.

    Attributes:
        learn: to learn from it.
        read: to score it.
    """

    learn: float
    read: float


def tell_plan(
    records: Sequence[Record],
    validation: Sequence[Record] | None,
    model: TextModel,
    base: Base,
    anonymizer: Anonymizer | None,
    *,
    options: FitOptions,
    progress: Progress,
) -> None:
    """Tell what is learnt from, with what, and how long that will take; the first process does.

    Args:
        records: to learn from.
        validation: of a file of its own; None if some of the records are set aside.
        model: that will be trained; it stays as it is.
        base: what it was loaded from.
        anonymizer: None if the texts are taken as they are.
        options: with rate and precision filled in.
        progress: is told the lines.
    """
    if not processes.is_first():
        return
    progress.begin("planning")
    for line in _entries_told(records, validation, options):
        progress.note(line)
    parameters = sum(weight.numel() for weight in model.model.parameters())
    progress.note(
        f"from {base.name}, {parameters / 1e6:,.1f} M parameters, "
        f"windows of {options.window_tokens} tokens"
    )
    windows = _learnt_windows(records, validation, options)
    steps = -(-windows // options.batch_size)
    progress.note(f"on {_device_told()}, in {options.precision}")
    progress.note(
        f"{options.epochs} epochs of {steps:,} steps, {options.batch_size} windows each, "
        f"at a rate of {options.learning_rate:.2g}"
    )
    progress.note(_time_told(records, validation, model, anonymizer=anonymizer, options=options))


def _entries_told(
    records: Sequence[Record], validation: Sequence[Record] | None, options: FitOptions
) -> list[str]:
    if validation is None:
        aside = f"{options.validation_share:.0%} of them set aside"
    else:
        aside = f"and {len(validation):,} of a file of their own"
    lines = [f"{len(records):,} entries to learn from, {aside} for epoch and thresholds"]
    counts = Counter(label for record in records for label in record.labels).most_common()
    counts.append(("(no label)", sum(not record.labels for record in records)))
    told = counts if len(counts) <= MOST_LABELS else [*counts[: MOST_LABELS - 2], counts[-1]]
    lines += [f"{count:9,}  {label}" for label, count in told]
    if len(told) < len(counts):
        most = counts[MOST_LABELS - 2][1]
        lines.insert(-1, f"{'':9}  {len(counts) - len(told)} labels of at most {most:,} each")
    return lines


def _device_told() -> str:
    device = choose_device("auto")
    if device.type == "cuda":
        shared = processes.count()
        name = torch.cuda.get_device_name(device)
        return f"{shared} of {name}" if shared > 1 else name
    threads = torch.get_num_threads()
    return f"CPU with {threads} thread{'s' if threads > 1 else ''}"


def _learnt_windows(
    records: Sequence[Record], validation: Sequence[Record] | None, options: FitOptions
) -> int:
    """About how many there are: one of each entry, and the marked sentences."""
    share = 1.0 if validation is not None else 1.0 - options.validation_share
    return max(1, round(share * (len(records) + len(sentences(records)))))


def _time_told(
    records: Sequence[Record],
    validation: Sequence[Record] | None,
    model: TextModel,
    *,
    anonymizer: Anonymizer | None,
    options: FitOptions,
) -> str:
    """How long the fit will take, as measured on this machine just now."""
    added = sentences(records)
    texts = [record.text for record in (*records, *added, *(validation or ()))]
    given = [record.text for record in (*records, *(validation or ()))]  # before they are cut
    asked = [text for text in given if digest(text) not in recorded()]
    tokens = [min(_tokens(text), options.window_tokens) for text in texts]
    pace = measured_pace(model, max(8, round(sum(tokens) / len(tokens))), options)
    learnt = _learnt_windows(records, validation, options)
    held_out = (
        [record.text for record in validation]
        if validation is not None
        else [record.text for record in records]
    )
    share = 1.0 if validation is not None else options.validation_share
    read = share * sum(-(-_tokens(text) // options.window_tokens) for text in held_out)
    exchanged = _EXCHANGES * min(_EXCHANGED_TEXTS, share * len(held_out))
    learning = (
        options.epochs * (learnt * pace.learn + read * pace.read)
        + (learnt + read + exchanged) * pace.read
    )
    anonymizing = 0.0
    if anonymizer is not None:
        anonymizing = _seconds_a_text(asked or texts, anonymizer) * (len(asked) + exchanged)
    seconds = anonymizing + learning / processes.count()
    line = f"expected to take about {duration(seconds)}"
    if anonymizing:
        line += f", {duration(anonymizing)} of it for anonymizing"
    if options.max_minutes is not None and seconds > 60 * options.max_minutes:
        line += f"; --max-minutes {options.max_minutes:g} ends it earlier"
    elif options.patience is not None:
        line += "; --patience may end it earlier"
    return line


def _tokens(text: str) -> int:
    return 2 + round(len(text) / _CHARACTERS_PER_TOKEN)


def measured_pace(model: TextModel, tokens: int, options: FitOptions) -> Pace:
    """How long a window of so many tokens takes on the device of the fit.

    A few are learnt from, once to warm up, and the gradients thrown away: weights and random
    numbers are as they were before.
    """
    device = choose_device("auto")
    network = model.model.to(device)
    inputs = torch.full((_TRIED_WINDOWS, tokens), model.pad_token_id, device=device)
    mask = torch.ones_like(inputs)
    devices = [device.index or 0] if device.type == "cuda" else []
    bf16 = options.precision == "bf16"
    with cls_token_only(network), torch.random.fork_rng(devices=devices):
        freeze(network, options.train_layers)  # as in learning
        network.train()
        for _ in range(2):
            started = _now(device)
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                loss = network(input_ids=inputs, attention_mask=mask).logits.float().sum()
            scored = _now(device)
            loss.backward()
            learnt = _now(device)
        network.zero_grad(set_to_none=True)
        network.eval()
    network.to("cpu")
    return Pace((learnt - started) / _TRIED_WINDOWS, (scored - started) / _TRIED_WINDOWS)


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def _seconds_a_text(texts: Sequence[str], anonymizer: Anonymizer) -> float:
    tried = list(texts[:: max(1, len(texts) // _TRIED_TEXTS)][:_TRIED_TEXTS])
    started = time.perf_counter()
    try:
        anonymizer.anonymize(tried)
    except WorkerError:
        return 0.0  # told with its place where all are anonymized
    return (time.perf_counter() - started) / len(tried)
