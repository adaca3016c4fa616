"""Training the tagger on generated examples."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import torch

from training.finetuning.model import silence_libraries
from training.output.atomic_folder import new_folder
from training.pii.base import load_base
from training.pii.card import generated_scores, tagger_card
from training.pii.encoding import encoded
from training.pii.examples import Templates, generate
from training.pii.trainer import train
from worker.anonymizer.taggers.bert import REQUIRED_FILES, SETTINGS
from worker.models import adapter
from worker.models.folder import seal_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from training.pii.examples import Example
    from training.pii.options import TaggerOptions
    from training.progress import Progress

#: Texts that are repeated more often than this are overfitted.
MOST_REPEATS = 10


def fit(
    out: Path,
    templates: Templates,
    options: TaggerOptions,
    progress: Progress,
    extra: list[Example] | None = None,
) -> None:
    """Train a tagger and write it as a verified folder.

    Args:
        out: the folder to write; its former content is replaced once the new one is whole.
        templates: what examples are made of.
        options: see there.
        progress: is told about every step.
        extra: examples besides the generated ones, such as a user's own annotated texts.

    Raises:
        BaseModelError: the built-in base is not installed.
    """
    extra = extra or []
    started = time.monotonic()
    silence_libraries()
    states = [learn(templates, options, progress, extra, run=i) for i in range(options.averaged)]
    tokenizer, model = load_base(layers=options.layers, seed=options.seed)
    model.load_state_dict(average(states))
    seconds = time.monotonic() - started
    settings = {
        "threshold": options.threshold,
        "trained": {
            **asdict(options),
            "seconds": round(seconds),
            "own_texts": len(extra),
        },
    }
    progress.begin("writing the tagger")
    with new_folder(out) as new:
        _write(new, tokenizer, model, settings)
        write_card(new, templates)


def learn(
    templates: Templates,
    options: TaggerOptions,
    progress: Progress,
    extra: Sequence[Example] = (),
    *,
    run: int = 0,
) -> dict[str, torch.Tensor]:
    """The weights of one training run, which has examples and an order of its own.

    All runs begin with the same weights, so the mean of their results is a model, and does better
    than each of them (M. Wortsman et al., "Model soups", ICML 2022).

    Args:
        templates: what examples are made of; those that are held out are not used.
        options: see there.
        progress: is told about every example and step.
        extra: examples besides the generated ones.
        run: the number of the run, counted from 0; added to the seed.
    """
    tokenizer, model = load_base(layers=options.layers, seed=options.seed)
    seed = options.seed + run
    progress.begin(f"generating examples, run {run + 1}", options.examples)
    examples = []
    learnt, _ = templates.split()
    for example in generate(learnt, options.examples, seed):
        examples.append(example)
        progress.advance(1)
    rows = encoded(tokenizer, [*examples, *list(extra) * _repeats(len(extra), options)])
    train(model, rows, replace(options, seed=seed), progress)
    state: dict[str, torch.Tensor] = model.state_dict()
    return state


def average(states: Sequence[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The mean of the runs' weights, tensor by tensor; integer tensors are those of the first."""
    return {
        name: torch.stack([state[name] for state in states]).mean(dim=0)
        if tensor.is_floating_point()
        else tensor
        for name, tensor in states[0].items()
    }


def _repeats(texts: int, options: TaggerOptions) -> int:
    """How often each of a user's own texts is repeated, to make up `own_share` of all examples."""
    wanted = options.own_share / (1 - options.own_share) * options.examples
    return min(MOST_REPEATS, max(1, round(wanted / texts))) if texts else 1


def write_card(folder: Path, templates: Templates) -> None:
    """Score the tagger in `folder`, write its card, and seal the folder again."""
    settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    trained = settings["trained"]
    _, judged = templates.split()
    scores = generated_scores(folder, judged, trained["seed"] + trained["averaged"])
    card = tagger_card(settings, scores)
    (folder / "README.md").write_text(card, encoding="utf-8")
    seal_folder(folder, name=trained["name"], required=REQUIRED_FILES)


def _write(new: Path, tokenizer: Any, model: Any, settings: dict[str, Any]) -> None:
    model.config.architectures = ["BertForTokenClassification"]
    model.config.save_pretrained(new)
    tokenizer.save_pretrained(new)
    trained = settings["trained"]
    adapter.save(new / adapter.FILE, model.state_dict(), rank=trained["rank"])
    (new / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    seal_folder(new, name=trained["name"], required=REQUIRED_FILES)
