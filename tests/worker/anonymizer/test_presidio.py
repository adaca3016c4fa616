"""Presidio without the libraries of its own NLP engines, and our engine beside its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpArtifacts

from tests.worker.fresh_process import run_python
from worker.anonymizer import recognizers
from worker.anonymizer.analyzer import Analyzer
from worker.anonymizer.nlp_engine import TaggerEngine, TextArtifacts
from worker.anonymizer.taggers.tagged_span import TaggedSpan

if TYPE_CHECKING:
    from collections.abc import Sequence

USED = """
import sys
import spacy  # whoever has it imported keeps it
from worker.anonymizer import presidio
import spacy.tokens
assert spacy is sys.modules["spacy"] and spacy.blank("en")("a word")[1].text == "word"
assert issubclass(presidio.NlpEngine, object)
print("transformers" in sys.modules)
"""
NEEDED = """
import sys
from worker.anonymizer import presidio_import
presidio_import.REPLACED, presidio_import.LEFT_OUT = ("spacy",), ("regex", "transformers")
from worker.anonymizer import presidio
print(presidio.CreditCardRecognizer().name, "spacy" in sys.modules)
"""


def test_spacy_stays_what_it_is_for_others() -> None:
    assert run_python(USED).stdout.split() == ["False"]


def test_a_presidio_that_needs_more_is_imported_in_the_ordinary_way() -> None:
    assert run_python(NEEDED).stdout.split() == ["CreditCardRecognizer", "True"]


TEXTS = (
    "It rained, and we stayed in.",
    "ada called from ada@example.org, she is 34.",
    "My credit card: 4111 1111 1111 1111. Ada has another one, 4111111111111111!",
    "nhs number 943 476 5919, or 9434765919",
    "IBAN DE89 3704 0044 0532 0130 00, 192.168.0.1, +44 20 7946 0958",
    "",
)


class Names:
    """A tagger that knows one name."""

    types = ("PERSON",)
    threshold = 0.5

    def tag(self, texts: Sequence[str]) -> list[list[TaggedSpan]]:
        """Where it stands."""
        return [[TaggedSpan(0, 3, "PERSON", 0.9)] if "ada" in text[:3] else [] for text in texts]


@pytest.mark.parametrize("text", TEXTS)
def test_findings_are_those_of_presidio_s_own_engine(text: str) -> None:
    nlp = TaggerEngine(Names())
    ours = Analyzer(recognizers.registry(Names.types), nlp, least_score=0.0)
    theirs = AnalyzerEngine(
        registry=recognizers.registry(Names.types), nlp_engine=nlp, supported_languages=["en"]
    )
    (artifacts,) = nlp.process_texts([text])
    found, expected = (
        sorted(
            (one.start, one.end, one.entity_type, one.score)
            for one in engine.analyze(text, language="en", nlp_artifacts=artifacts)
        )
        for engine in (ours, theirs)
    )
    assert found == expected
    assert bool(found) == (text not in {TEXTS[0], ""})


def test_a_recognizer_is_given_the_words_of_a_text_as_presidio_gives_them() -> None:
    ours = TextArtifacts("So it rained: 4 mm.", [])
    assert isinstance(ours, NlpArtifacts)
    assert ours.tokens == ["So", "it", "rained", ":", "4", "mm", "."]
    assert ours.tokens_indices == [0, 3, 6, 12, 14, 16, 18]
    assert ours.lemmas == ours.keywords == ["so", "it", "rained", ":", "4", "mm", "."]
