"""Writing a model folder: weights, tokenizer, thresholds, figures, reliability plot and card."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from training.output.model_card import model_card
from training.scoring.reliability import RELIABILITY_FILE, plot_reliability
from worker.models import adapter
from worker.models.folder import SHORT_TEXTS, ModelFolder, seal_folder

if TYPE_CHECKING:
    from pathlib import Path

    from training.finetuning.text_model import TextModel
    from training.scoring.calibration import Calibration


def save_model(
    folder: Path,
    model: TextModel,
    calibration: Calibration,
    found: dict[str, Any],
    *,
    name: str,
    small: bool,
) -> None:
    """Fill an empty folder, seal it, and open it as a worker would.

    Args:
        folder: where to.
        model: with its weights as they are to be used.
        calibration: how its probabilities become labels, and how reliable they are.
        found: the content of `metrics.json`, among it the thresholds by label.
        name: of the model.
        small: keep an adapter of the built-in base in place of whole weights.

    Raises:
        ModelFolderError: what was written is not what a worker would accept.
        OSError: it cannot be written.
    """
    _save_weights(folder, model, small=small)
    decision = calibration.decision
    _write_json(
        folder / "thresholds.json",
        {
            "window_tokens": model.window_tokens,
            "thresholds": found["thresholds"],
            "least_expected": decision.least_expected,
            "at_least_one": decision.at_least_one,
            "sentence_share": model.sentence_share,
            **({"short_texts": asdict(model.short.texts)} if model.short else {}),
        },
    )
    _write_json(folder / "metrics.json", found)
    plot_reliability(calibration.reliability, folder / RELIABILITY_FILE)
    (folder / "README.md").write_text(model_card(found), encoding="utf-8")
    seal_folder(folder, name=name)
    ModelFolder.open(folder)


def _save_weights(folder: Path, model: TextModel, *, small: bool) -> None:
    """Write configuration, weights (or an adapter) and tokenizer."""
    if small:
        model.model.config.save_pretrained(folder)
        adapter.save(folder / adapter.FILE, model.model.state_dict())
    else:
        model.model.save_pretrained(folder)
    if model.short:
        adapter.save(folder / SHORT_TEXTS, model.short.model.state_dict())
    model.tokenizer.save_pretrained(folder)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
