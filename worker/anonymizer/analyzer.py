"""Presidio's engine for many short texts and recognizers that stay the same.

Presidio asks all recognizers anew for each text which types they find, and copies every finding
deeply before it looks for context words, also where no recognizer has any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.anonymizer.presidio import AnalyzerEngine, LemmaContextAwareEnhancer, RecognizerResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from presidio_analyzer.nlp_engine import NlpArtifacts

    from worker.anonymizer.nlp_engine import TaggerEngine
    from worker.anonymizer.presidio import EntityRecognizer, RecognizerRegistry

_LANGUAGE = "en"


class Analyzer(AnalyzerEngine):  # type: ignore[misc]
    """Finds personal data as Presidio's engine does.

    Args:
        registry: the recognizers; none is added or removed later.
        nlp: what they are given of each text.
        least_score: findings with a lower score are dropped.
    """

    def __init__(
        self, registry: RecognizerRegistry, nlp: TaggerEngine, *, least_score: float
    ) -> None:
        super().__init__(
            registry=registry,
            nlp_engine=nlp,
            supported_languages=[_LANGUAGE],
            default_score_threshold=least_score,
            context_aware_enhancer=ContextEnhancer(),
        )
        self._types: list[str] = super().get_supported_entities(_LANGUAGE)

    def get_supported_entities(self, language: str | None = None) -> list[str]:
        """The entity types that the recognizers find, in any order."""
        del language
        return self._types


class ContextEnhancer(LemmaContextAwareEnhancer):  # type: ignore[misc]
    """Raises the scores of findings beside context words, where a recognizer has such words."""

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        recognizers: Sequence[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        """See `LemmaContextAwareEnhancer`."""
        having = {recognizer.id for recognizer in recognizers if recognizer.context}
        key = RecognizerResult.RECOGNIZER_IDENTIFIER_KEY
        if all(found.recognition_metadata.get(key) not in having for found in raw_results):
            return raw_results
        enhanced: list[RecognizerResult] = super().enhance_using_context(
            text, raw_results, nlp_artifacts, recognizers, context
        )
        return enhanced
