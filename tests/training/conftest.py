"""Small bases, small data and stand-ins, so that a whole fit takes a second."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import torch
from rich.console import Console
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel, PreTrainedModel

from tests.tiny_model import write_tiny_model
from training.progress import Progress
from worker.anonymizer.offsets import Span
from worker.errors import AnonymizationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from training.entries.record import Record

#: What gives each label away; the tiny model reads letters.
SIGNS = {"Alpha": "aaaa aaa", "Beta": "bbbb bbb", "Gamma": "cccc ccc"}
_FILLER = ("we walked", "it rained", "soup again", "the tram was late", "no news")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """On models this small, threads mostly wait for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command sets for the libraries ends with the test."""
    for name in (
        "HF_HUB_OFFLINE",
        "TRANSFORMERS_OFFLINE",
        "HF_DATASETS_OFFLINE",
        "HF_HUB_DISABLE_TELEMETRY",
        "HF_HUB_DISABLE_PROGRESS_BARS",
        "TOKENIZERS_PARALLELISM",
        "GOMP_SPINCOUNT",
    ):
        monkeypatch.setenv(name, "1")


def make_base(folder: Path, *, mean_pooled: bool) -> Path:
    write_tiny_model(folder)
    for name in ("thresholds.json", "metrics.json", "manifest.json", "README.md"):
        (folder / name).unlink()
    if mean_pooled:
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')
    return folder


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base") / "tiny-bert", mean_pooled=False)


@pytest.fixture(scope="session")
def averaged_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base") / "tiny-sentence-bert", mean_pooled=True)


def _with_tokenizer_of(base: Path, folder: Path, model: PreTrainedModel) -> Path:
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(base / name, folder)
    return folder


@pytest.fixture(scope="session")
def distil_base(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DistilBERT's architecture, small and random."""
    torch.manual_seed(3)
    config = DistilBertConfig(
        vocab_size=_vocabulary(tiny_base),
        dim=32,
        n_layers=2,
        n_heads=2,
        hidden_dim=64,
        max_position_embeddings=128,
        initializer_range=0.5,
    )
    folder = tmp_path_factory.mktemp("base") / "tiny-distilbert"
    return _with_tokenizer_of(tiny_base, folder, DistilBertModel(config))


@pytest.fixture(scope="session")
def deep_base(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As many layers and heads as BERT-base has, each of them narrow."""
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=_vocabulary(tiny_base),
        hidden_size=48,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=96,
        max_position_embeddings=128,
    )
    folder = tmp_path_factory.mktemp("base") / "deep-bert"
    return _with_tokenizer_of(tiny_base, folder, BertModel(config))


def _vocabulary(base: Path) -> int:
    return int(json.loads((base / "config.json").read_text())["vocab_size"])


def make_rows(count: int, *, seed: int = 5) -> list[tuple[str, list[str]]]:
    chance = random.Random(seed)
    rows = []
    for _ in range(count):
        labels = sorted(chance.sample(sorted(SIGNS), chance.choice([0, 1, 1, 2])))
        words = [chance.choice(_FILLER), *(SIGNS[label] for label in labels)]
        chance.shuffle(words)
        rows.append((". ".join(words), labels))
    return rows


def write_csv(path: Path, rows: Sequence[tuple[str, list[str]]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "labels"])
        writer.writerows([text, repr(labels)] for text, labels in rows)
    return path


def write_jsonl(path: Path, records: Sequence[Record]) -> Path:
    lines = [json.dumps({"text": r.text, "labels": list(r.labels)}) for r in records]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "journals.csv", make_rows(80))


@pytest.fixture
def progress() -> Iterator[Progress]:
    with Progress(Console(file=io.StringIO())) as silent:
        yield silent


@dataclass
class Anonymized:
    text: str
    spans: tuple[Span, ...]


class NameRemover:
    """Stands in for the anonymizer: knows one name, and one text it fails on."""

    def anonymize(self, texts: Sequence[str]) -> list[Anonymized]:
        if any("unreadable" in text for text in texts):
            raise AnonymizationError("Timeout")
        return [self._anonymized(text) for text in texts]

    def _anonymized(self, text: str) -> Anonymized:
        found = (match.span() for match in re.finditer("Ngozi", text))
        spans = tuple(Span(start, end, "PERSON") for start, end in found)
        return Anonymized(text.replace("Ngozi", "<PERSON>"), spans)
