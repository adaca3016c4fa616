"""What a fit leaves behind: weights, tokenizer, thresholds, figures, plot and card."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from training.output.model_card import model_card
from training.scoring.reliability import RELIABILITY_FILE, plot_reliability
from worker.models import adapter
from worker.models.folder import ModelFolder, seal_folder

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from training.scoring.decision import Decision
    from training.scoring.reliability import Reliability


def save_model(
    folder: Path,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    decision: Decision,
    *,
    name: str,
    small: bool,
    window_tokens: int,
    found: dict[str, Any],
    honesty: Reliability,
) -> None:
    """Fill an empty folder, seal it, and open it as a worker would.

    Args:
        folder: where to.
        model: with its weights as they are to be used.
        tokenizer: the model's.
        decision: how its probabilities become labels.
        name: of the model.
        small: keep an adapter of the built-in base in place of whole weights.
        window_tokens: how much it reads at once.
        found: the figures, among them the thresholds by label.
        honesty: what is plotted.

    Raises:
        ModelFolderError: what was written is not what a worker would accept.
        OSError: it cannot be written.
    """
    if small:
        model.config.save_pretrained(folder)
        adapter.save(folder / adapter.FILE, model.state_dict())
    else:
        model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _write_json(
        folder / "thresholds.json",
        {
            "window_tokens": window_tokens,
            "thresholds": found["thresholds"],
            "least_expected": decision.least_expected,
            "at_least_one": decision.at_least_one,
        },
    )
    _write_json(folder / "metrics.json", found)
    plot_reliability(honesty, folder / RELIABILITY_FILE)
    (folder / "README.md").write_text(model_card(found), encoding="utf-8")
    seal_folder(folder, name=name)
    ModelFolder.open(folder)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
