"""What counts as personal data in a journal, as an explicit list of Presidio recognizers.

Presidio's defaults suit forms and tickets, not diaries: they take "today" for a date and "sad.So"
for a web address. Each recognizer here is chosen, and relative dates and bare numbers stay.
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
from worker.anonymizer.false_positives import plausible
from worker.anonymizer.taggers.tagged_span import NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from presidio_analyzer.nlp_engine import NlpArtifacts

    from worker.anonymizer.taggers.tagged_span import TaggedSpan

#: Below this a match is a guess (a bare number that might be a bank account).
SCORE_FLOOR = 0.4
TAGGED_NAME = 0.65
PHONE_SCORE = 0.6
PHONE_REGIONS = ("US", "GB", "CA", "AU", "IE", "IN", "DE", "FR", "ES", "IT", "BR")
#: What may be a phone number, an extension included; a pause of two lines ends it.
_DIGITS = re.compile(r"[+(]?\d(?:[\d ().\-/\u2011\u2013\n]{5,28})\d(?: ?(?:x|ext\.?) ?\d{1,5})?")
_TWO_DIGITS = re.compile(r"\d\d")
_VERSION = re.compile(r"\b(?:v|ver|version|release|firmware|ios|android)\.? ?\Z", re.IGNORECASE)
#: The shortest national numbers that people write down.
MIN_PHONE_DIGITS = 7
#: Stretches of digits in one text that are looked at closely. What is behind them counts as phone
#: numbers: 20,000 characters of figures would take seconds.
MOST_SEARCHED = 200


class JournalPhoneRecognizer(PhoneRecognizer):  # type: ignore[misc]
    """Phone numbers of many regions."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Phone numbers in `text`; each region costs a search, so only where digits stand near."""
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
    """IP addresses, but not the versions of programs."""

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,
        regex_flags: int | None = None,
    ) -> list[RecognizerResult]:
        """IP addresses in `text`."""
        found = super().analyze(text, entities, nlp_artifacts, regex_flags)
        return [m for m in found if not _VERSION.search(text[max(0, m.start - 12) : m.start])]


class TaggerRecognizer(EntityRecognizer):  # type: ignore[misc]
    """What the tagger found in the batch, as Presidio results."""

    def __init__(self, entities: Sequence[str]) -> None:
        super().__init__(supported_entities=list(entities), name="tagger")

    def load(self) -> None:
        """Nothing to load: the tagger runs once a batch, before Presidio looks at each text."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts
    ) -> list[RecognizerResult]:
        """The tagged ranges of `text`."""
        return [
            RecognizerResult(hit.type, hit.start, hit.end, _rank(hit))
            for hit in plausible(text, nlp_artifacts.entities)
            if hit.type in entities
        ]


def _rank(hit: TaggedSpan) -> float:
    """Beside a pattern's finding the tagger's names the type only if it is of a name."""
    return TAGGED_NAME if hit.type in NAMES else patterns.GUESS


def registry(tagged: Sequence[str]) -> RecognizerRegistry:
    """The recognizers for journal entries in English.

    Args:
        tagged: the types that the tagger finds.
    """
    recognizers: list[Any] = [
        TaggerRecognizer(tagged),
        *patterns.recognizers(),
        JournalPhoneRecognizer(supported_regions=PHONE_REGIONS),
        CreditCardRecognizer(),
        IbanRecognizer(),
        JournalIpRecognizer(),
        NhsRecognizer(),
    ]
    for recognizer in recognizers:
        # For words of context Presidio walks through the whole text once a finding: seconds, where
        # a text has thousands. These two find what has a form, whatever stands beside it.
        if isinstance(recognizer, (JournalPhoneRecognizer, JournalIpRecognizer)):
            recognizer.context = []
    return RecognizerRegistry(recognizers=recognizers, supported_languages=["en"])
