"""The README of a tagger's folder, and its score on generated examples it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training.pii.examples import generate
from training.pii.scores import PiiScores, score
from worker.offsets import Span
from worker.tagger import Tagger

if TYPE_CHECKING:
    from pathlib import Path

    from training.pii.examples import Templates

HELD_OUT = 1_000
_BATCH = 64
_TEMPLATE = """\
---
license: apache-2.0
pipeline_tag: token-classification
---
# {name}

Finds names of people, places and organisations, in any casing, and with less certainty ages,
dates, contact data and
identifiers, in English journal entries. journal-stream's anonymizer joins it with patterns for
what has a form.

## Intended use

Redacting personal data before a text is classified. **It is not a guarantee**: some names stay,
more in lower case and
where a name is also a word; treat redacted text as personal data.

## Data

{rows:,} generated examples: templates written for journal-stream (`training/data/pii/`) and
sentences of its synthetic
entries, filled with names from Faker's lists (all locales in Latin letters), places, companies,
addresses and numbers, in
all casings, with typos and without punctuation. No real person's writing.{extra}

## Scores

On {held_out:,} generated examples with another seed, by the tagger alone: {leak:.1%} of
entities leaked, {over:.1f} of 1,000
letters and digits outside were redacted. Real text is harder: measure with `journal-train
evaluate-pii`.

| type | leaked |
|---|---|
{types}

## How it was made

The lowest {layers} layers of all-MiniLM-L6-v2 with a token classification head; how each word
is written (lower case,
capital, all capitals, mixed) goes in through the token types. Stored as an adapter of rank
{rank} over the base's
published weights. {seconds:.0f} seconds. To make it again:

```
{command}
```
"""


def held_out_scores(folder: Path, templates: Templates, seed: int) -> PiiScores:
    """The written tagger on examples generated with another seed."""
    tagger = Tagger.load(folder, device="cpu", precision="fp32")
    examples = list(generate(templates, HELD_OUT, seed + 1))
    rows = []
    for start in range(0, len(examples), _BATCH):
        batch = examples[start : start + _BATCH]
        for example, hits in zip(batch, tagger.tag([e.text for e in batch]), strict=True):
            spans = [Span(hit.start, hit.end, hit.type) for hit in hits]
            rows.append((example.text, example.spans, spans))
    return score(rows, skip=frozenset())


def tagger_card(settings: dict[str, Any], scores: PiiScores, *, annotated: int) -> str:
    """The card in Markdown.

    Args:
        settings: the content of `tagger.json`.
        scores: of `held_out_scores`.
        annotated: how many texts of the user's own were learnt from as well.
    """
    trained = settings["trained"]
    return _TEMPLATE.format(
        name=trained["name"],
        rows=trained["rows"] - annotated,
        extra=f" And {annotated:,} annotated texts." if annotated else "",
        held_out=HELD_OUT,
        leak=scores.leak_rate or 0.0,
        over=scores.over_redaction or 0.0,
        types="\n".join(
            f"| {kind} | {scores.leaked[kind] / count:.1%} of {count} |"
            for kind, count in scores.entities.most_common()
        ),
        layers=trained["layers"],
        rank=trained["rank"],
        seconds=trained["seconds"],
        command=f"journal-train pii --out {trained['name']} --examples {trained['examples']} "
        f"--layers {trained['layers']} --seed {trained['seed']} "
        f"--learning-rate {trained['learning_rate']:g} --threshold {settings['threshold']:g}",
    )
