"""The README of a tagger's folder, and its score on generated examples."""

from __future__ import annotations

import shlex
import textwrap
from typing import TYPE_CHECKING, Any

from training.output.command_lines import wrapped
from training.pii.generation.generate import generate
from training.pii.scores import PiiScores, score
from worker.anonymizer.offsets import Span
from worker.anonymizer.taggers import second_look
from worker.anonymizer.taggers.bert import BertTagger
from worker.models.compute import EXACT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from training.pii.generation.templates import Templates

EXAMPLES = 1_000
#: The thresholds of the curve.
THRESHOLDS = (0.2, 0.3, 0.4, 0.55, 0.7)
_BATCH = 64
_TEMPLATE = """\
---
license: apache-2.0
pipeline_tag: token-classification
---
# {name}

Finds names of people, places and organisations, in any casing, and with less certainty ages, dates,
contact data and identifiers, in English journal entries. journal-stream's anonymizer joins it with
patterns for what has a form.

## Intended use

Redacting personal data before a text is classified. **It is not a guarantee**: some names stay,
more in lower case and where a name is also a word; treat redacted text as personal data.

## Data

{examples:,} generated examples: templates written for journal-stream (`training/data/pii/`) and
sentences of its synthetic entries, filled with names from Faker's lists (all locales in Latin
letters), places from GeoNames (CC BY 4.0), companies, addresses and numbers, in all casings, with
typos and without punctuation. No real person's writing.{extra}

## Scores

{score}

| type | leaked |
|---|---|
{types}

By threshold, on the same examples; `balanced` and `strict` are those of the worker's setting.

| threshold | leaked | texts without personal data altered | redacted outside, of 1,000 |
|---|---|---|---|
{curve}

## How it was made

The lowest {layers} layers of all-MiniLM-L6-v2 with a token classification head; how each word is
written (lower case, capital, all capitals, mixed), how common it is, and whether a list has it as
a name, a place or a word of another language go in through the token types.{looks}{runs}
Stored as an adapter of rank {rank} over the base's published weights. {seconds:.0f} seconds.

To make it again:

```
{command}
```
"""
_LOOKS = (
    "\nWords of which these are unsure, {least:.0%} to {most:.0%}, go through {second_layers} more"
    " layers, with the words around them."
)
_RUNS = (
    "\nThe weights are the mean of those of {averaged} runs, each on {examples:,} examples of its"
    " own."
)
_SCORE = (
    "On {judged:,} generated examples, by the tagger alone: {leak:.1%} of entities leaked, "
    "{over:.1f} of 1,000 letters and digits outside were redacted. {caveat} Real text is harder: "
    "measure with `journal-train evaluate-pii`."
)
_UNSEEN = (
    "Every 20th template was held out for this (by its hash), so these sentences are new to it; "
    "the names are drawn from the same lists."
)


def generated_scores(
    folder: Path, templates: Templates, seed: int, thresholds: Iterable[float]
) -> dict[float, PiiScores]:
    """The written tagger on examples generated from these templates, by threshold.

    Args:
        folder: of the tagger.
        templates: that it did not learn from.
        seed: of the examples.
        thresholds: besides those of the curve.
    """
    tagger = BertTagger.load(folder, EXACT)
    examples = list(generate(templates, EXAMPLES, seed))
    curve = {}
    for threshold in sorted({*THRESHOLDS, *thresholds}):
        tagger.threshold = threshold
        rows = []
        for start in range(0, len(examples), _BATCH):
            batch = examples[start : start + _BATCH]
            for example, hits in zip(batch, tagger.tag([e.text for e in batch]), strict=True):
                spans = [Span(hit.start, hit.end, hit.type) for hit in hits]
                rows.append((example.text, example.spans, spans))
        curve[threshold] = score(rows, skip=frozenset())
    return curve


def tagger_card(settings: dict[str, Any], curve: dict[float, PiiScores]) -> str:
    """The card in Markdown.

    Args:
        settings: the content of `tagger.json`.
        curve: of `generated_scores`.
    """
    scores = curve[settings["threshold"]]
    trained = settings["trained"]
    own = trained.get("own_texts", 0)
    names = {value: f" ({name})" for name, value in settings["thresholds"].items()}
    told = _SCORE.format(
        judged=EXAMPLES,
        caveat=_UNSEEN,
        leak=scores.leak_rate or 0.0,
        over=scores.over_redaction or 0.0,
    )
    return _TEMPLATE.format(
        name=trained["name"],
        examples=trained["examples"] * trained["averaged"],
        looks=_LOOKS.format(
            least=second_look.BEGINS, most=second_look.ENDS, second_layers=trained["second_layers"]
        )
        if trained["second_layers"]
        else "",
        runs=_RUNS.format(**trained) if trained["averaged"] > 1 else "",
        extra=f" And {own:,} annotated texts of the user's own." if own else "",
        score=textwrap.fill(told, 100, break_on_hyphens=False),
        types="\n".join(
            f"| {kind} | {scores.leaked[kind] / count:.1%} of {count} |"
            for kind, count in scores.entities.most_common()
        ),
        curve="\n".join(
            f"| {threshold:g}{names.get(threshold, '')} | {item.leak_rate or 0.0:.1%} "
            f"| {_share(item.clean_altered, item.clean)} | {item.over_redaction or 0.0:.1f} |"
            for threshold, item in curve.items()
        ),
        layers=trained["layers"],
        rank=trained["rank"],
        seconds=trained["seconds"],
        command=wrapped(_command(settings["threshold"], trained)),
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _command(threshold: float, trained: dict[str, Any]) -> str:
    """The command that makes the tagger again, with the user's files by name, without a path."""
    files = trained.get("annotated", ())
    return shlex.join(
        [
            "journal-train",
            "pii",
            *files,
            "--out",
            trained["name"],
            "--examples",
            str(trained["examples"]),
            "--averaged",
            str(trained["averaged"]),
            "--layers",
            str(trained["layers"]),
            "--second-layers",
            str(trained["second_layers"]),
            "--seed",
            str(trained["seed"]),
            "--learning-rate",
            f"{trained['learning_rate']:g}",
            "--threshold",
            f"{threshold:g}",
            "--strict-threshold",
            f"{trained['strict_threshold']:g}",
            *(("--own-share", f"{trained['own_share']:g}") if files else ()),
            *(("--name", trained["name"]) if trained["name"] != "tagger" else ()),
        ]
    )
