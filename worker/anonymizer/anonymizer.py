"""The anonymizer: Presidio over batches of texts, offline; it fails rather than leaks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.anonymizer import culture, everyday_words, recognizers, titles
from worker.anonymizer.analyzer import Analyzer
from worker.anonymizer.name_context import with_neighbours
from worker.anonymizer.nlp_engine import TaggerEngine
from worker.anonymizer.offsets import OffsetMap, Span
from worker.anonymizer.patterns.recognizer import FormRecognizer
from worker.anonymizer.presidio import AnonymizerEngine, Finding, limit_pattern_seconds
from worker.anonymizer.spans import merge_spans, numbered_types, with_repeats
from worker.anonymizer.taggers import loading as taggers
from worker.errors import AnonymizationError, DeviceError
from worker.models.compute import AUTO
from worker.models.folder import SHIPPED_TAGGER
from worker.models.tokenization import BatchTokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from presidio_analyzer.nlp_engine import NlpArtifacts

    from worker.anonymizer.presidio import AnalyzerEngine
    from worker.anonymizer.taggers.base import Tagger
    from worker.anonymizer.taggers.thresholds import Privacy
    from worker.models.compute import Compute

#: Presidio skips a pattern that runs longer than this, which would let personal data pass.
PATTERN_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Anonymized:
    """A text without personal data.

    Attributes:
        text: the text with placeholders such as `<PERSON>`.
        spans: what was replaced, as ranges of the submitted text, in order and disjoint.
        offsets: maps ranges of `text` back to the submitted text.
    """

    text: str
    spans: tuple[Span, ...]
    offsets: OffsetMap


class Anonymizer:
    """Replaces personal data by placeholders; not safe to share between threads.

    Args:
        analyzer: finds personal data, given what `nlp` found.
        nlp: the engine `analyzer` was made with.
        numbered: number the placeholders (`<PERSON_1>`), so that who did what survives.
    """

    def __init__(
        self, analyzer: AnalyzerEngine, nlp: TaggerEngine, *, numbered: bool = False
    ) -> None:
        self._analyzer = analyzer
        self._numbered = numbered
        self._nlp = nlp
        self._engine = AnonymizerEngine()

    @classmethod
    def load(
        cls,
        tagger: Path | None = None,
        compute: Compute = AUTO,
        *,
        numbered: bool = False,
        privacy: Privacy = "balanced",
    ) -> Anonymizer:
        """Load the recognizers and the tagger from disk.

        Args:
            tagger: its folder, see `worker.anonymizer.taggers.loading`; the one that comes with
                journal-stream by default.
            compute: where and in which precision the tagger computes.
            numbered: see `Anonymizer`.
            privacy: whether the tagger finds more, needlessly too, or leaves more alone.

        Raises:
            ModelFolderError: the tagger's folder is missing or altered.
            StartupError: the base model, or the tagger's package, is not installed.
        """
        loaded = taggers.load(tagger or SHIPPED_TAGGER, compute, privacy)
        return cls.around(loaded, numbered=numbered, strict=privacy == "strict")

    @classmethod
    def around(cls, tagger: Tagger, *, numbered: bool = False, strict: bool = False) -> Anonymizer:
        """An anonymizer with the usual recognizers and a tagger that is loaded already."""
        limit_pattern_seconds(PATTERN_SECONDS)
        nlp = TaggerEngine(tagger)
        analyzer = Analyzer(
            recognizers.registry(tagger.types, strict=strict),
            nlp,
            least_score=recognizers.SCORE_FLOOR,
        )
        return cls(analyzer, nlp, numbered=numbered)

    @property
    def tokenizer(self) -> BatchTokenizer | None:
        """The tagger's, if it has one of Hugging Face's."""
        found = getattr(self._nlp.tagger, "tokenizer", None)
        return found if isinstance(found, BatchTokenizer) else None

    def prepare(self, most_tokens: int) -> None:
        """Let texts of up to so many tokens be anonymized as fast the first time as later."""
        for recognizer in self._analyzer.registry.recognizers:
            if isinstance(recognizer, FormRecognizer):
                recognizer.prepare()
        everyday_words.prepare()
        culture.names()
        titles.titles()
        prepare = getattr(self._nlp.tagger, "prepare", None)
        if prepare is not None:
            prepare(most_tokens)

    def set_threshold(self, threshold: float) -> None:
        """Let the tagger find more (a lower one) or less (a higher one), for evaluations."""
        self._nlp.tagger.threshold = threshold

    def anonymize(self, texts: Sequence[str]) -> list[Anonymized]:
        """Anonymize a batch; results come in the same order.

        Raises:
            AnonymizationError: a text could not be searched completely. No text of the batch has a
                result; anonymize one by one to find out which text it was.
            DeviceError: the device is lost, or full.
        """
        try:
            artifacts = self._nlp.process_texts(texts)
            found = [self._find(*pair) for pair in zip(texts, artifacts, strict=True)]
            return [self._replace(*pair) for pair in zip(texts, found, strict=True)]
        except (AnonymizationError, DeviceError, MemoryError):
            raise
        except Exception as exc:  # noqa: BLE001 - fail closed, and never with Presidio's message
            raise AnonymizationError(type(exc).__name__) from None

    def _find(self, text: str, artifacts: NlpArtifacts) -> list[Span]:
        started = time.monotonic()
        results = self._analyzer.analyze(text, language="en", nlp_artifacts=artifacts)
        if time.monotonic() - started >= PATTERN_SECONDS:
            raise AnonymizationError("a pattern may have run out of time")
        spans = merge_spans(
            text, ((r.score, Span(r.start, r.end, str(r.entity_type))) for r in results)
        )
        grown = with_neighbours(text, with_repeats(text, spans))
        return merge_spans(text, ((0.0, span) for span in grown))  # what grew may touch another

    def _replace(self, text: str, spans: Sequence[Span]) -> Anonymized:
        names = numbered_types(text, spans) if self._numbered else [span.type for span in spans]
        findings = [
            Finding(name, span.start, span.end, 1.0)
            for name, span in zip(names, spans, strict=True)
        ]
        replaced = self._engine.anonymize(text, findings)
        items = sorted(replaced.items, key=lambda item: item.start)
        if [item.entity_type for item in items] != names:
            raise AnonymizationError("not every span was replaced")
        offsets = OffsetMap(spans, [item.end - item.start for item in items])
        return Anonymized(replaced.text, tuple(spans), offsets)
