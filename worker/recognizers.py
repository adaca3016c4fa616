"""What counts as personal data in a journal, as an explicit list of Presidio recognizers.

Presidio's defaults suit forms and tickets, not diaries: they take "today" for a date and "sad.So"
for a web address. Each recognizer here is chosen, and relative dates and bare numbers stay.
"""

from __future__ import annotations

from typing import Any

from presidio_analyzer import Pattern, PatternRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpArtifacts
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    IbanRecognizer,
    IpRecognizer,
    NhsRecognizer,
    PhoneRecognizer,
    SpacyRecognizer,
    UsSsnRecognizer,
)

#: Below this a match is a guess (a bare number that might be a bank account).
SCORE_FLOOR = 0.4
PHONE_REGIONS = ("US", "GB", "CA", "AU", "IE", "IN", "DE", "FR", "ES", "IT", "BR")
#: The shortest national numbers that people write down.
MIN_PHONE_DIGITS = 7

#: What of spaCy's OntoNotes labels is personal data. DATE and TIME stay out: they hold "today".
SPACY_ENTITIES = {"PERSON": "PERSON", "GPE": "LOCATION", "LOC": "LOCATION", "FAC": "LOCATION"}
_SPACY_IGNORED = (
    "CARDINAL", "DATE", "EVENT", "LANGUAGE", "LAW", "MONEY", "NORP", "ORDINAL", "ORG", "PERCENT",
    "PRODUCT", "QUANTITY", "TIME", "WORK_OF_ART",
)  # fmt: skip

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:1[89]|20)\d\d"
_DATES = [
    Pattern("month day", rf"\b{_MONTH} {_DAY}(?:st|nd|rd|th)?\b(?:,? {_YEAR}\b)?", 0.7),
    Pattern("day month", rf"\b{_DAY}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? {_YEAR})?\b", 0.7),
    Pattern("month year", rf"\b{_MONTH},? {_YEAR}\b", 0.7),
    Pattern("iso", rf"\b{_YEAR}-(?:0[1-9]|1[0-2])-{_DAY}\b", 0.7),
    Pattern("numeric", rf"\b{_DAY}([/.-]){_DAY}\1(?:{_YEAR}|\d\d)\b", 0.6),
]
_EMAIL = Pattern(
    "address", r"\b[a-z0-9][a-z0-9._%+'-]{0,63}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}\b", 0.9
)
_URLS = [
    Pattern("with scheme", r"\bhttps?://[^\s<>\"')\]]{2,2000}", 0.9),
    Pattern("www", r"\bwww\.[a-z0-9-]{1,63}\.[^\s<>\"')\]]{2,2000}", 0.9),
    # Without a scheme only a lower-case known ending counts, so that "sad.So" stays.
    Pattern(
        "bare domain",
        r"(?-i:(?<![\w@.])[a-z0-9-]{2,63}(?:\.[a-z0-9-]{2,63}){0,3}"
        r"\.(?:com|org|net|edu|gov|io|co\.uk|de|fr|ca|info)\b(?:/[^\s<>\"')\]]{0,2000})?)",
        0.7,
    ),
]


class JournalPhoneRecognizer(PhoneRecognizer):  # type: ignore[misc]
    """Phone numbers of many regions; a text with too few digits is not searched."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts = None
    ) -> list[RecognizerResult]:
        """Phone numbers in `text`; twelve searches of one text are worth a look beforehand."""
        if sum(character.isdigit() for character in text) < MIN_PHONE_DIGITS:
            return []
        found: list[RecognizerResult] = super().analyze(text, entities, nlp_artifacts)
        return [
            match
            for match in found
            if sum(c.isdigit() for c in text[match.start : match.end]) >= MIN_PHONE_DIGITS
        ]


def ner_configuration() -> NerModelConfiguration:
    """Which spaCy entities become which Presidio entities."""
    return NerModelConfiguration(
        model_to_presidio_entity_mapping=dict(SPACY_ENTITIES),
        labels_to_ignore=list(_SPACY_IGNORED),
        default_score=0.85,
    )


def registry() -> RecognizerRegistry:
    """The recognizers for journal entries in English."""
    names = sorted(set(SPACY_ENTITIES.values()))
    recognizers: list[Any] = [
        SpacyRecognizer(supported_language="en", supported_entities=names),
        PatternRecognizer(supported_entity="DATE_TIME", name="absolute dates", patterns=_DATES),
        PatternRecognizer(supported_entity="EMAIL_ADDRESS", name="e-mail", patterns=[_EMAIL]),
        PatternRecognizer(supported_entity="URL", name="web address", patterns=_URLS),
        JournalPhoneRecognizer(supported_regions=PHONE_REGIONS),
        CreditCardRecognizer(),
        IbanRecognizer(),
        IpRecognizer(),
        UsSsnRecognizer(),
        NhsRecognizer(),
    ]
    return RecognizerRegistry(recognizers=recognizers, supported_languages=["en"])
