"""The shipped labels' model is what its card's command makes."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from training.cli.models_check import CardFit, card_command, disagreements, weights_digest
from training.entries.record import Record
from training.progress import Progress
from worker.models.folder import SHIPPED_MODEL, SHORT_TEXTS, ModelFolder


@pytest.fixture(scope="module")
def made() -> CardFit:
    return CardFit.of(card_command((SHIPPED_MODEL / "README.md").read_text()))


def test_command_and_card_of_the_shipped_model_agree(made: CardFit, progress: Progress) -> None:
    assert disagreements(SHIPPED_MODEL, made, progress) == []


def test_another_entry_or_another_command_is_noticed(
    made: CardFit, tmp_path: Path, progress: Progress
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED_MODEL, folder)
    card = folder / "README.md"
    card.write_text(card.read_text().replace("journal-train fit", "journal-train fit --seed 14"))
    records = [*made.records[:-1], Record(made.records[0].text, made.records[-1].labels)]
    few = CardFit([*records[::14], records[-1]], made.options, made.base)
    assert disagreements(folder, few, progress) == [
        "the card's command is not the one in metrics.json",
        "entries, base or settings are not those it was made of: make it again",
    ]


def test_the_options_are_those_in_the_metrics(made: CardFit) -> None:
    settings = json.loads((SHIPPED_MODEL / "metrics.json").read_text())["settings"]
    options = made.options
    assert (options.epochs, options.seed, options.small) == (
        settings["epochs"],
        settings["seed"],
        settings["small"],
    )


def test_each_set_of_weights_counts_as_the_model(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED_MODEL, folder)
    digest = weights_digest(folder)
    assert digest == weights_digest(SHIPPED_MODEL)
    for file in sorted(folder.glob("*.safetensors")):
        content = file.read_bytes()
        file.write_bytes(content[:-1])
        assert weights_digest(folder) != digest
        file.write_bytes(content)
    assert weights_digest(folder) == digest


def test_the_metrics_tell_which_texts_are_short() -> None:
    metrics = json.loads((SHIPPED_MODEL / "metrics.json").read_text())
    short = ModelFolder.open(SHIPPED_MODEL).short_texts
    assert short is not None
    assert metrics["short_texts"] == asdict(short)
    assert (SHIPPED_MODEL / SHORT_TEXTS).is_file()
    told = f"Texts of at most {short.tokens} tokens and {short.sentences} sentences"
    assert told in (SHIPPED_MODEL / "README.md").read_text()


def test_a_card_without_a_command_is_told() -> None:
    with pytest.raises(ValueError, match="no command"):
        card_command("# a model")
