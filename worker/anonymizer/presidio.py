"""What we use of Presidio."""

from __future__ import annotations

from worker.anonymizer.presidio_import import imported_lightly

with imported_lightly():
    import presidio_analyzer.pattern_recognizer
    from presidio_analyzer import (
        AnalyzerEngine,
        EntityRecognizer,
        RecognizerRegistry,
        RecognizerResult,
    )
    from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        IbanRecognizer,
        IpRecognizer,
        NhsRecognizer,
        PhoneRecognizer,
    )
    from presidio_anonymizer import AnonymizerEngine
    from presidio_anonymizer.entities import RecognizerResult as Finding

__all__ = [
    "AnalyzerEngine",
    "AnonymizerEngine",
    "CreditCardRecognizer",
    "EntityRecognizer",
    "Finding",
    "IbanRecognizer",
    "IpRecognizer",
    "LemmaContextAwareEnhancer",
    "NhsRecognizer",
    "NlpArtifacts",
    "NlpEngine",
    "PhoneRecognizer",
    "RecognizerRegistry",
    "RecognizerResult",
    "limit_pattern_seconds",
]


def limit_pattern_seconds(seconds: float) -> None:
    """Let Presidio give up a pattern that runs longer on one text."""
    presidio_analyzer.pattern_recognizer.REGEX_TIMEOUT_SECONDS = seconds
