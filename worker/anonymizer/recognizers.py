"""The Presidio recognizers for journals, as an explicit list.

Presidio's default recognizers are made for forms and tickets: in a diary they take "today" for a
date and "sad.So" for a web address. The recognizers here leave relative dates and bare numbers in
the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from worker.anonymizer.culture import is_of_culture
from worker.anonymizer.false_positives import drop_false_positives
from worker.anonymizer.patterns.recognizer import FormRecognizer
from worker.anonymizer.patterns.rules import BY_CONTEXT, GUESS
from worker.anonymizer.presidio import (
    CreditCardRecognizer,
    EntityRecognizer,
    IbanRecognizer,
    IpRecognizer,
    NhsRecognizer,
    PhoneRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)
from worker.anonymizer.taggers.tagged_span import NAMES
from worker.anonymizer.titles import is_in_title

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
#: What every IP address has: two dots among digits, or two colons with at most four characters
#: between them.
_MAYBE_IP = re.compile(r"\d\.\d{1,3}\.\d|:[\da-fA-F]{0,4}:")
_PREFIX = re.compile(r"[23][\da-f]{3}|f[cdef][\da-f]{2}", re.IGNORECASE)
_MIN_GROUPS = 4
#: What every card and NHS number has.
_SIX_DIGITS = re.compile(r"\d{3}[- ]?\d{3}")
_MAYBE_IBAN = re.compile(r"[A-Za-z]{2}\d\d")
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
                found.append(RecognizerResult("PHONE_NUMBER", *candidate.span(), score=GUESS))
                continue
            for match in super().analyze(candidate[0], entities, nlp_artifacts):
                match.start += candidate.start()
                match.end += candidate.start()
                if sum(c.isdigit() for c in text[match.start : match.end]) >= MIN_PHONE_DIGITS:
                    match.score = PHONE_SCORE
                    found.append(match)
        return found


class JournalIpRecognizer(IpRecognizer):  # type: ignore[misc]
    """Finds IP addresses that are neither version numbers of programs nor words beside colons."""

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
        if not may_hold_address(text):
            return []
        found = super().analyze(text, entities, nlp_artifacts, regex_flags)
        return [
            m
            for m in found
            if not _VERSION.search(text, max(0, m.start - 12), m.start)
            and _is_address(text[m.start : m.end])
        ]


def may_hold_address(text: str) -> bool:
    """Whether a text has what every IP address has."""
    return _MAYBE_IP.search(text) is not None


def _is_address(found: str) -> bool:
    """Whether a match is an address and not two words or times with `::` between them.

    Of addresses of version 6 those that people meet are believed: with four groups or more, or of
    the prefixes for global, local and multicast use (RFC 4291, section 2.4).
    """
    if "." in found:
        return True
    groups = [group for group in found.partition("/")[0].split(":") if group]
    if not any(c.isdigit() for c in found):
        return False
    return len(groups) >= _MIN_GROUPS or (len(groups) > 1 and bool(_PREFIX.fullmatch(groups[0])))


class JournalCreditCardRecognizer(CreditCardRecognizer):  # type: ignore[misc]
    """Presidio's recognizer of cards, asked only where there are enough digits together."""

    def analyze(self, text: str, *args: Any, **options: Any) -> list[RecognizerResult]:
        """See `CreditCardRecognizer`."""
        return super().analyze(text, *args, **options) if _SIX_DIGITS.search(text) else []


class JournalNhsRecognizer(NhsRecognizer):  # type: ignore[misc]
    """Presidio's recognizer of NHS numbers, asked only where there are enough digits together."""

    def analyze(self, text: str, *args: Any, **options: Any) -> list[RecognizerResult]:
        """See `NhsRecognizer`."""
        return super().analyze(text, *args, **options) if _SIX_DIGITS.search(text) else []


class JournalIbanRecognizer(IbanRecognizer):  # type: ignore[misc]
    """Presidio's recognizer of IBANs, asked only where there are letters with check digits."""

    def analyze(self, text: str, *args: Any, **options: Any) -> list[RecognizerResult]:
        """See `IbanRecognizer`."""
        return super().analyze(text, *args, **options) if _MAYBE_IBAN.search(text) else []


class JournalFormRecognizer(FormRecognizer):
    """Finds what the patterns match, but for works: "listened to Joni Mitchell" is no visit.

    Args:
        strict: works count as names all the same.
        gated: see `FormRecognizer`.
    """

    def __init__(self, *, strict: bool = False, gated: bool = True) -> None:
        self._strict = strict
        super().__init__(gated=gated)

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """See `FormRecognizer`."""
        found = super().analyze(text, entities, nlp_artifacts)
        if self._strict:
            return found
        return [
            one
            for one in found
            if one.score != BY_CONTEXT or not _is_work(text, one.start, one.end)
        ]


def _is_work(text: str, start: int, end: int) -> bool:
    return is_of_culture(text, start, end) or is_in_title(text, start, end)


class TaggerRecognizer(EntityRecognizer):  # type: ignore[misc]
    """Gives Presidio what the tagger found.

    Args:
        entities: the entity types that the tagger can find.
        strict: see `drop_false_positives`.
    """

    def __init__(self, entities: Sequence[str], *, strict: bool = False) -> None:
        self._strict = strict
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
            for span in drop_false_positives(text, nlp_artifacts.entities, strict=self._strict)
            if span.type in entities
        ]


def _score(span: TaggedSpan) -> float:
    """The score of a finding; where a pattern matches too, only a name keeps the tagger's type."""
    return TAGGED_NAME if span.type in NAMES else GUESS


def registry(tagger_types: Sequence[str], *, strict: bool = False) -> RecognizerRegistry:
    """Build the recognizers for journal entries in English.

    Args:
        tagger_types: the entity types that the tagger can find.
        strict: see `drop_false_positives`.

    Returns:
        A registry with the tagger's recognizer, those with patterns of ours, and Presidio's own for
        phone numbers, cards, IBANs, IP addresses and NHS numbers.
    """
    recognizers: list[Any] = [
        TaggerRecognizer(tagger_types, strict=strict),
        JournalFormRecognizer(strict=strict),
        JournalPhoneRecognizer(supported_regions=PHONE_REGIONS),
        JournalCreditCardRecognizer(),
        JournalIbanRecognizer(),
        JournalIpRecognizer(),
        JournalNhsRecognizer(),
    ]
    for recognizer in recognizers:
        # Presidio reads the whole text for context words once for every finding, which takes
        # seconds where a text has thousands. These two do not need the context.
        if isinstance(recognizer, (JournalPhoneRecognizer, JournalIpRecognizer)):
            recognizer.context = []
    return RecognizerRegistry(recognizers=recognizers, supported_languages=["en"])
