"""Roads by their number, streets in other languages, and addresses in small letters."""

from __future__ import annotations

import re

from worker.anonymizer.patterns.gates import any_part, any_word, either, every, has_digit, matching
from worker.anonymizer.patterns.rules import Group, Rule
from worker.anonymizer.taggers import lexicon

_SCORE = 0.6
_WORD = re.compile(r"[^\W\d_]+")
#: How common a word is at most that names a street, see `lexicon.PROPERTIES`.
_UNCOMMON = 2
NUMBERED = Group(
    "LOCATION",
    every(has_digit, matching(r"the [AM]\d|(?i:route|highway|hwy|interstate) \d")),
    (
        # Paper, vitamins and chips have such names, too, and nobody drives on them.
        Rule(
            "on the A38",
            r"\b(?:on|up|down|along|via) the (?P<it>(?-i:A\d{2,4}|M\d{1,2}))\b"
            r"(?! (?:laptop|mac|chip|sheet|paper|poster|vitamins?|form))"
            r"|\b(?:drive|drove|crash|crashed|accident|traffic|jam)\b[^.!?\n]{0,30},? the "
            r"(?P<it>(?-i:A\d{2,4}|M\d{1,2}))\b",
            _SCORE,
        ),
        Rule("route 9", r"(?-i:(?<=[a-z,] )(?:Route|Highway|Hwy|Interstate)) \d{1,3}\b", _SCORE),
    ),
)
_NAME = r"[A-Z\u00c0-\u00de][\w'\u2019-]{2,24}"
_OF = (
    r"(?:d['\u2019]|dell[aeo']|degli|dei|del|della|delle|di|da|do|dos|das|de|du|des|la|le|los|las)"
)
ABROAD = Group(
    "LOCATION",
    every(
        either(
            # Runs of ASCII letters, so of "Pra\u00e7a" its first.
            any_word("via viale piazza rua calle avenida rue plaza pra jalan strada ulica"),
            any_part(
                "strasse", "stra\u00dfe", "gasse", "allee", "straat", "laan", "gracht", "gatan"
            ),
            any_part("v\u00e4gen", "weg ", "platz ", "damm ", "ufer ", "plein ", "kade ", "gata "),
            any_part("vegen ", "vej ", "gade "),
        ),
        matching(
            r"(?:Via|Viale|Piazza|Rua|Calle|Avenida|Rue|Plaza|Pra\u00e7a|Jalan|Strada|Ulica|calle|rua"
            r"|avenida|jalan) "
            r"|(?:stra(?:ss|\u00df)e|gasse|allee|straat|laan|gracht|gatan|v\u00e4gen)\b"
            r"|(?:weg|platz|damm|ufer|plein|kade|gata|vegen|vej|gade) \d"
        ),
    ),
    (
        Rule(
            "in Via ...",
            r"(?-i:(?<=[a-z,] )(?:Via|Viale|Piazza|Rua|Calle|Avenida|Rue|Plaza|Pra\u00e7a|Jalan"
            r"|Strada"
            rf"|Ulica) (?:{_OF} ?){{0,2}}{_NAME}(?: {_NAME}){{0,2}})",
            _SCORE,
        ),
        Rule(
            "calle ...",
            r"(?-i:\b(?:on|in|at|off|from|to|of|near|down|up) (?P<it>(?:calle|rua|avenida|jalan) "
            rf"(?:{_OF} ){{0,2}}(?!(?:one|two|three|four|five|six|seven|eight|nine"
            rf"|ten)\b)[^\W\d_]{{4,20}}))(?![\w'])",
            _SCORE,
        ),
        Rule(
            "Kastanienweg 9",
            r"(?-i:(?<!\w)[A-Z\u00c0-\u00de][\w-]{2,24}(?:(?:stra(?:ss|\u00df)e|gasse|allee|straat|laan"
            r"|gracht|gatan|v\u00e4gen)(?: \d{1,4}[a-z]?)?|(?:weg|platz|damm|ufer|plein|kade|gata"
            r"|vegen|vej|gade) \d{1,4}[a-z]?))(?!\w)",
            _SCORE,
        ),
    ),
)


def _is_no_count(text: str, start: int, end: int) -> bool:
    """Whether the word behind the number is none that is counted: a rare one, or a name."""
    word = _WORD.search(text, start + 1, end)
    frequency, first_name, surname, place, _ = lexicon.properties(
        lexicon.kind(word[0] if word and len(word[0]) > 1 else "")
    )
    return frequency <= _UNCOMMON or first_name >= lexicon.RATHER_A_NAME or bool(surname or place)


SMALL = Group(
    "LOCATION",
    every(
        has_digit,
        any_word("close lane court crescent grove gardens terrace rise mews passage"),
    ),
    (
        Rule(
            "22 alder close",
            r"(?-i:(?<![\w.,/-])\d{1,4}[a-z]? (?!(?:minutes?|mins?|hours?|miles?|bedroom|bed"
            r"|days?|weeks?"
            r"|ways?|blocks?|lanes?|more|other|long|point|seater|people|of|to|am|pm|and|or|x)\b)"
            r"(?:[^\W\d_]{4,18} ){1,2}(?:close|lane|court|crescent|grove|gardens"
            r"|terrace|rise|mews|passage))(?=\s*(?:[.,;:!?)]|$)| (?:and|in|with|where|so|flat"
            r"|but)\b)",
            _SCORE,
            _is_no_count,
        ),
    ),
)
GROUPS = (NUMBERED, ABROAD, SMALL)
