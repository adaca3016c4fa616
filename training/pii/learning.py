"""What a training run of the tagger learns, and the mean of several."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from training.pii.base import load_base
from training.pii.encoding import encoded
from training.pii.generation.generate import generate
from training.pii.token_types import folded
from training.pii.trainer import train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.pii.generation.example import Example
    from training.pii.generation.templates import Templates
    from training.pii.options import TaggerOptions
    from training.progress import Progress

#: Texts that are repeated more often than this are overfitted.
MOST_REPEATS = 10
EMBEDDINGS = "bert.embeddings.token_type_embeddings"


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
    tokenizer, model = load_base(
        layers=options.layers, second_layers=options.second_layers, seed=options.seed
    )
    seed = options.seed + run
    progress.begin(f"generating examples, run {run + 1}", options.examples)
    examples = []
    learnt, _ = templates.split()
    for example in generate(learnt, options.examples, seed):
        examples.append(example)
        progress.advance(1)
    examples += list(extra) * _repeats(len(extra), options)
    rows = encoded(tokenizer, examples, seed=seed)
    train(model, rows, replace(options, seed=seed), progress)
    state: dict[str, torch.Tensor] = model.state_dict()
    folded(state, model.bert.embeddings.token_type_embeddings, EMBEDDINGS)
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
