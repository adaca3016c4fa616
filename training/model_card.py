"""The README of a model folder."""

from __future__ import annotations

from typing import Any

_TEMPLATE = """\
---
license: apache-2.0
pipeline_tag: text-classification
---
# {name}

Finds cognitive distortions in journal entries: for each of {label_count} labels a probability,
independent of the others, and a threshold from which on the label is given.

## Intended use

A screening aid: it points out sentences that a person, or a therapist together with that person,
may want to look at. **It is not a diagnosis**, says nothing about a person's health, and must not
decide about anybody. It is no instrument for emergencies: it does not look for signs of danger.

Texts are expected to be anonymized first, as journal-stream's worker does: the model has seen
placeholders such as `<PERSON>` where names stood.

## Data

{data}. {train} entries were used for training and {validation} set aside for validation, at random
but with the same share of every label (seed {seed}).
{anonymized}

## Scores

On the {validation} validation entries. The best epoch and the thresholds were chosen on the same
entries, so expect less on other texts, and clearly less on texts of another kind.

| | F1 | giving every label to every entry |
|---|---|---|
| micro | {micro_f1:.3f} | {floor_micro_f1:.3f} |
| macro | {macro_f1:.3f} | {floor_macro_f1:.3f} |

Mean average precision {mean_average_precision:.3f}. Any label at all: macro F1 {any_f1:.3f}.
{unlabelled}

| label | entries | F1 | average precision | threshold |
|---|---|---|---|---|
{label_rows}

## Limits

- English only. Other languages get a result, but not a meaningful one.
- Text is read in windows of {window_tokens} tokens; what is spread wider than that is missed.
- It sees words, not circumstances: it cannot know whether a fear is founded.
- Labels overlap by nature, and careful people often disagree about them.
- Irony, quotations and thoughts that the writer has already corrected are often misread.

## How it was made

Base: {base}. To make it again:

```
{command}
```

{epochs} epochs, the best of them ({best_epoch}) kept; {seconds:.0f} seconds. Versions and all
figures are in `metrics.json`. The same seed on the same machine and versions gives the same model.
"""


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
        data=metrics["data"]["description"],
        train=metrics["data"]["train_entries"],
        validation=metrics["data"]["validation_entries"],
        anonymized="All were anonymized before training."
        if metrics["data"]["anonymized_here"]
        else "They were taken as already anonymized.",
        seed=metrics["settings"]["seed"],
        window_tokens=metrics["settings"]["window_tokens"],
        micro_f1=validation["micro_f1"],
        macro_f1=validation["macro_f1"],
        floor_micro_f1=validation["floor_micro_f1"],
        floor_macro_f1=validation["floor_macro_f1"],
        mean_average_precision=validation["mean_average_precision"],
        any_f1=validation["any_label_macro_f1"],
        unlabelled=""
        if share is None
        else f"Of the entries without a label, {share:.0%} were given one.",
        label_rows="\n".join(rows),
        base=metrics["base"],
        command=metrics["command"],
        epochs=f"{metrics['epochs_run']:g}",
        best_epoch=f"{metrics['best_epoch']:g}",
        seconds=metrics["seconds"]["total"],
    )


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
