"""The Presidio recognizers for journals, as an explicit list.

Presidio's default recognizers are made for forms and tickets: in a diary they take "today" for a
date and "sad.So" for a web address. The recognizers here leave relative dates and bare numbers in
the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from presidio_analyzer import EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    IbanRecognizer,
    IpRecognizer,
    NhsRecognizer,
    PhoneRecognizer,
)

from worker.anonymizer import patterns
from worker.anonymizer.false_positives import drop_false_positives
from worker.anonymizer.taggers.tagged_span import NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from presidio_analyzer.nlp_engine import NlpArtifacts

    from worker.anonymizer.taggers.tagged_span import TaggedSpan

#: Matches with a lower score are dropped (a bare number that might be a bank account).
SCORE_FLOOR = 0.4
#: Score of a name that the tagger found, between those of the patterns.
TAGGED_NAME = 0.65
PHONE_SCORE = 0.6
PHONE_REGIONS = ("US", "GB", "CA", "AU", "IE", "IN", "DE", "FR", "ES", "IT", "BR")
#: Candidates for phone numbers, extensions included; they can go over the end of a line.
_DIGITS = re.compile(r"[+(]?\d(?:[\d ().\-/\u2011\u2013\n]{5,28})\d(?: ?(?:x|ext\.?) ?\d{1,5})?")
_TWO_DIGITS = re.compile(r"\d\d")
_VERSION = re.compile(r"\b(?:v|ver|version|release|firmware|ios|android)\.? ?\Z", re.IGNORECASE)
#: The shortest national numbers that people write down.
MIN_PHONE_DIGITS = 7
#: How many candidates of one text are searched for phone numbers. All further candidates count as
#: phone numbers, because a search of 20,000 characters of digits would take seconds.
MOST_SEARCHED = 200


class JournalPhoneRecognizer(PhoneRecognizer):  # type: ignore[misc]
    """Finds phone numbers of many regions."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Find phone numbers, searching only where there are enough digits close together.

        Args:
            text: the text of an entry.
            entities: the entity types asked for.
            nlp_artifacts: handed on to Presidio.

        Returns:
            The phone numbers, as half-open character ranges of `text`.
        """
        found: list[RecognizerResult] = []
        searched = 0
        for candidate in _DIGITS.finditer(text):
            digits = sum(c.isdigit() for c in candidate[0])
            if digits < MIN_PHONE_DIGITS or not _TWO_DIGITS.search(candidate[0]):
                continue
            searched += 1
            if searched > MOST_SEARCHED:
                found.append(
                    RecognizerResult("PHONE_NUMBER", *candidate.span(), score=patterns.GUESS)
                )
                continue
            for match in super().analyze(candidate[0], entities, nlp_artifacts):
                match.start += candidate.start()
                match.end += candidate.start()
                if sum(c.isdigit() for c in text[match.start : match.end]) >= MIN_PHONE_DIGITS:
                    match.score = PHONE_SCORE
                    found.append(match)
        return found


class JournalIpRecognizer(IpRecognizer):  # type: ignore[misc]
    """Finds IP addresses that are not version numbers of programs."""

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,
        regex_flags: int | None = None,
    ) -> list[RecognizerResult]:
        """Find IP addresses.

        Args:
            text: the text of an entry.
            entities: the entity types asked for.
            nlp_artifacts: handed on to Presidio.
            regex_flags: handed on to Presidio.

        Returns:
            The IP addresses, as half-open character ranges of `text`.
        """
        found = super().analyze(text, entities, nlp_artifacts, regex_flags)
        return [m for m in found if not _VERSION.search(text[max(0, m.start - 12) : m.start])]


class TaggerRecognizer(EntityRecognizer):  # type: ignore[misc]
    """Gives Presidio what the tagger found.

    Args:
        entities: the entity types that the tagger can find.
    """

    def __init__(self, entities: Sequence[str]) -> None:
        super().__init__(supported_entities=list(entities), name="tagger")

    def load(self) -> None:
        """Load nothing: the tagger has run on the whole batch before Presidio gets each text."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts
    ) -> list[RecognizerResult]:
        """Turn the tagger's findings into Presidio results, without false positives.

        Args:
            text: the text of an entry.
            entities: the entity types asked for.
            nlp_artifacts: its `entities` are the tagger's findings in `text`.

        Returns:
            The findings, as half-open character ranges of `text`.
        """
        return [
            RecognizerResult(span.type, span.start, span.end, _score(span))
            for span in drop_false_positives(text, nlp_artifacts.entities)
            if span.type in entities
        ]


def _score(span: TaggedSpan) -> float:
    """The score of a finding; where a pattern matches too, only a name keeps the tagger's type."""
    return TAGGED_NAME if span.type in NAMES else patterns.GUESS


def registry(tagger_types: Sequence[str]) -> RecognizerRegistry:
    """Build the recognizers for journal entries in English.

    Args:
        tagger_types: the entity types that the tagger can find.

    Returns:
        A registry with the tagger's recognizer, those with patterns of ours, and Presidio's own for
        phone numbers, cards, IBANs, IP addresses and NHS numbers.
    """
    recognizers: list[Any] = [
        TaggerRecognizer(tagger_types),
        *patterns.recognizers(),
        JournalPhoneRecognizer(supported_regions=PHONE_REGIONS),
        CreditCardRecognizer(),
        IbanRecognizer(),
        JournalIpRecognizer(),
        NhsRecognizer(),
    ]
    for recognizer in recognizers:
        # Presidio reads the whole text for context words once for every finding, which takes
        # seconds where a text has thousands. These two do not need the context.
        if isinstance(recognizer, (JournalPhoneRecognizer, JournalIpRecognizer)):
            recognizer.context = []
    return RecognizerRegistry(recognizers=recognizers, supported_languages=["en"])
