"""The README of a model folder."""

from __future__ import annotations

import textwrap
from typing import Any

from training.evaluation import false_alarms
from training.evaluation.fairness import described
from training.output.command_lines import LINE, wrapped
from training.scoring.thresholds import silent_labels

_TEMPLATE = """\
---
{license}pipeline_tag: text-classification
---
# {name}

Finds cognitive distortions in journal entries: for each of {label_count} labels a probability,
independent of the others, and a threshold from which on the label is given.
{warning}
## Intended use

A screening aid: it points out sentences that a person, or a therapist together with that person,
may want to look at. **It is not a diagnosis**, says nothing about a person's health, and must not
decide about anybody. It is no instrument for emergencies: it does not look for signs of danger.

Texts are expected to be anonymized first, as journal-stream's worker does: the model has seen
placeholders such as `<PERSON>` where names stood.

## Data

{data}.
{entries}
{anonymized}

## Scores

On the {validation} validation entries. The best epoch and the thresholds were chosen on the same
entries, so expect less on other texts, and clearly less on texts of another kind.
{thresholds_note}
| | F1 | giving every label to every entry |
|---|---|---|
| micro | {micro_f1:.3f} | {floor_micro_f1:.3f} |
| macro | {macro_f1:.3f} | {floor_macro_f1:.3f} |

Mean average precision {mean_average_precision:.3f}. Any label at all: macro F1 {any_f1:.3f}.
{unlabelled}

| label | entries | F1 | average precision | threshold |
|---|---|---|---|---|
{label_rows}
{false_alarms}
## Probabilities and fairness

Expected calibration error {calibration:.3f} on the validation entries, after temperature scaling on
the same: how far, on average, a label's probability is from how often it is right.

![Reliability diagram](reliability.png)

Nothing should depend on who an entry is about: with first names, and then pronouns (he, she, they),
exchanged in the validation entries, fewer than 2% of the decisions may change.
{fairness}

## Limits

- English only. Other languages get a result, but not a meaningful one.
- Text is read in windows of {window_tokens} tokens; what is spread wider than that is missed.
{short_texts}- It sees words, not circumstances: it cannot know whether a fear is founded.
- Labels overlap by nature, and careful people often disagree about them.
- Irony, quotations and thoughts that the writer has already corrected are often misread.

## How it was made

Base: {base}. To make it again:

```
{command}
```

{epochs}; {seconds:.0f} seconds.
Versions and all figures are in `metrics.json`.
{again}
"""
_WARNING = """
**It has learnt nothing**: on the validation entries its scores tell texts apart no better than the
share of each label does. Do not use it.
"""
_LICENSE = "license: apache-2.0\n"


def model_card(metrics: dict[str, Any]) -> str:
    """The card in Markdown, from the content of `metrics.json`."""
    validation = metrics["validation"]
    share = validation["labelled_share"]
    rows = [
        f"| {label} | {row['support']} | {row['f1']:.3f} | {_figure(row['average_precision'])} "
        f"| {metrics['thresholds'][label]:.2f} |"
        for label, row in validation["labels"].items()
    ]
    return _TEMPLATE.format(
        name=metrics["name"],
        label_count=len(rows),
        warning=_WARNING if metrics["learnt_nothing"] else "",
        data=metrics["data"]["description"],
        license=_LICENSE if metrics["built_in_base"] and metrics["data"]["shipped_only"] else "",
        entries=_entries(metrics),
        thresholds_note=_thresholds_note(metrics),
        again="With a time limit, the same seed gives another model where the machine is busier."
        if metrics["settings"]["max_minutes"]
        else "The same seed on the same machine and versions gives the same model.",
        validation=metrics["data"]["validation_entries"],
        anonymized="All were anonymized before training."
        if metrics["data"]["anonymized_here"]
        else "They were taken as already anonymized.",
        window_tokens=metrics["settings"]["window_tokens"],
        short_texts=_short_texts(metrics["short_texts"]),
        micro_f1=validation["micro_f1"],
        macro_f1=validation["macro_f1"],
        floor_micro_f1=validation["floor_micro_f1"],
        floor_macro_f1=validation["floor_macro_f1"],
        mean_average_precision=validation["mean_average_precision"],
        any_f1=validation["any_label_macro_f1"],
        unlabelled=""
        if share is None
        else f"Of the entries without a label, {share:.0%} were given one.",
        calibration=metrics["reliability"]["expected_calibration_error"],
        fairness="".join(f"\n{_item(line)}" for line in described(metrics["fairness"])),
        label_rows="\n".join(rows),
        false_alarms=_false_alarms(metrics["false_alarms"]),
        base=metrics["base"],
        command=wrapped(metrics["command"]),
        epochs=_epochs(metrics),
        seconds=metrics["seconds"]["total"],
    )


def _epochs(metrics: dict[str, Any]) -> str:
    run = f"{metrics['epochs_run']:g} epochs, the best of them"
    runs = metrics["settings"]["averaged"]
    if runs > 1:
        return f"{runs} runs of {run} kept, and the weights of all runs averaged"
    return f"{run} ({metrics['best_epoch']:g}) kept"


def _short_texts(limits: dict[str, int] | None) -> str:
    if limits is None:
        return ""
    line = (
        f"Texts of at most {limits['tokens']} tokens and {limits['sentences']} sentences are read "
        "with weights of their own, those of an earlier model: where one sentence makes a text "
        "longer than that, its scores change although the sentence may say nothing new."
    )
    return f"{_item(line)}\n"


def _item(line: str) -> str:
    """An item of a list, on lines of at most `LINE` columns."""
    return textwrap.fill(f"- {line}", LINE, subsequent_indent="  ")


def _false_alarms(found: dict[str, dict[str, Any]]) -> str:
    """A table of the entries without a label by length and by kind; empty if there are none."""
    rows = false_alarms.described(found)
    if not rows:
        return ""
    head = "| validation entries without a label | number | given one |\n|---|---|---|\n"
    return "\n" + head + "\n".join(rows) + "\n"


def _entries(metrics: dict[str, Any]) -> str:
    data = metrics["data"]
    used = f"{data['train_entries']:,} entries were used for training"
    if data["train_sentences"]:
        used += f", and {data['train_sentences']:,} sentences cut out of them"
    if data["train_composed"]:
        used += f",\nand {data['train_composed']:,} put together of calm entries and short thoughts"
    if data.get("train_soft"):
        used += (
            f".\nFor {data['train_soft']:,} of these texts, what the large model says of them "
            f"makes up {metrics['settings']['soft_labels']:.0%} of\nwhat was to be learnt"
        )
    if data["validation_given"]:
        return f"{used}. {data['validation_entries']:,} others, of a file of their own, validate."
    return (
        f"{used}; {data['validation_entries']:,} entries were\nset aside for validation, at random "
        f"but with about the same share of every label (seed {metrics['settings']['seed']}).\n"
        "An entry, its reframes and entries of the same text are always on the same side."
    )


def _thresholds_note(metrics: dict[str, Any]) -> str:
    """What was asked of the thresholds beyond the best F1, a line each; empty if nothing was."""
    settings = metrics["settings"]
    lines = []
    if settings["max_false_alarms"] < 1:
        lines.append(
            "Thresholds were raised until at most "
            f"{settings['max_false_alarms']:.1%} of the validation entries without a label get one."
        )
    if settings["min_precision"] > 0:
        lines.append(
            "Thresholds were raised until a label is right in at least "
            f"{settings['min_precision']:.0%} of the validation entries given it."
        )
    if settings["at_least"]:
        floors = ", ".join(f"{label} {lowest:g}" for label, lowest in settings["at_least"])
        lines.append(f"Thresholds were raised by hand to at least: {floors}.")
    if settings["threshold"] is not None:
        lines.append(f"Every label's threshold begins at {settings['threshold']:g}, as was asked.")
    if metrics["least_expected"]:
        lines.append(
            "Labels are given only where the probabilities of all labels add up to at least "
            f"{metrics['least_expected']:g}."
        )
    if metrics.get("at_least_one"):
        lines.append("There it is one label at least: the one that comes nearest its threshold.")
    lines += [
        f"{label}: never given, as that precision was out of reach."
        for label in silent_labels(metrics["thresholds"])
    ]
    return "".join(f"\n- {line}" for line in lines) + ("\n" if lines else "")


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
