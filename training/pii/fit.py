"""Training the tagger on generated examples."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from training.entries.reading import SHIPPED_DATA
from training.finetuning.model import silence_libraries
from training.output.atomic_folder import new_folder
from training.pii.base import load_base
from training.pii.card import generated_scores, tagger_card
from training.pii.learning import average
from training.pii.mining import MINED
from training.pii.runs import learn_all
from worker.anonymizer.taggers import lexicon
from worker.anonymizer.taggers.bert import REQUIRED_FILES, SETTINGS
from worker.models import adapter
from worker.models.folder import seal_folder

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from training.pii.generation.example import Example
    from training.pii.generation.templates import Templates
    from training.pii.options import TaggerOptions
    from training.progress import Progress


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
    tokenizer, model = load_base(
        layers=options.layers, second_layers=options.second_layers, seed=options.seed
    )
    state = average(learn_all(templates, options, progress, extra))
    seconds = time.monotonic() - started
    settings = {
        "threshold": options.threshold,
        "thresholds": {"balanced": options.threshold, "strict": options.strict_threshold},
        "trained": {
            **asdict(options),
            "seconds": round(seconds),
            "own_texts": len(extra),
            "data": data_digest(),
        },
    }
    progress.begin("writing the tagger")
    with new_folder(out) as new:
        _write(new, tokenizer, model.config, state, settings)
        write_card(new, templates)


def write_card(folder: Path, templates: Templates) -> None:
    """Score the tagger in `folder`, write its card, and seal the folder again."""
    settings = settings_of(folder)
    trained = settings["trained"]
    _, judged = templates.split()
    thresholds = tuple(settings["thresholds"].values())
    curve = generated_scores(folder, judged, trained["seed"] + trained["averaged"], thresholds)
    card = tagger_card(settings, curve)
    (folder / "README.md").write_text(card, encoding="utf-8")
    seal_folder(folder, name=trained["name"], required=REQUIRED_FILES)


def settings_of(folder: Path) -> dict[str, Any]:
    """What a tagger's folder says of how it was trained and is used."""
    content: dict[str, Any] = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    return content


def data_digest() -> str:
    """The SHA-256 of all files that examples are generated from, with the lexicon."""
    digest = hashlib.sha256()
    shipped = SHIPPED_DATA.parent
    lists = files("worker.anonymizer").joinpath("word_lists")
    words = (lists.joinpath(name) for name in (lexicon.FILE, "names_that_are_words.txt"))
    texts = (*sorted((shipped / "pii").glob("*.txt")), *(shipped / name for name in MINED))
    for content in (file.read_bytes() for file in (*texts, *words)):
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def _write(
    new: Path,
    tokenizer: Any,
    config: Any,
    state: dict[str, torch.Tensor],
    settings: dict[str, Any],
) -> None:
    config.architectures = ["BertForTokenClassification"]
    config.save_pretrained(new)
    tokenizer.save_pretrained(new)
    trained = settings["trained"]
    adapter.save(new / adapter.FILE, state, rank=trained["rank"])
    (new / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    seal_folder(new, name=trained["name"], required=REQUIRED_FILES)
