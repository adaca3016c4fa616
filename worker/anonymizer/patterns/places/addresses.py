"""Streets, postcodes, and places in figures: coordinates, grid references, plus codes."""

from __future__ import annotations

from worker.anonymizer.patterns.gates import (
    any_part,
    any_word,
    every,
    has_digit,
    matching,
    matching_lowered,
)
from worker.anonymizer.patterns.rules import Group, Rule

#: Street types without another meaning, and those with one ("a 5 minute drive").
_CLEAR_STREET = r"(?:street|avenue|ave|road|rd|boulevard|blvd|str|stra(?:ss|ß)e)"
_OTHER_STREET = (
    r"(?:St|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Square|Sq|Terrace|Close|Crescent|Highway|Hwy"
    r"|Parkway|Pkwy|Circle|Cir|Row|Mews|Alley|Grove|Gardens|Hill|Park|Walk|Rise|Trail|Trl|Loop)"
)
_NO_COUNT = r"(?!(?:ways?|minutes?|mins?|hours?|miles?|blocks?|lanes?|more|other|long|busy)\b)"
#: Words that show that no address follows: "2 dogs cross the street", "5 of us down main road".
_THE = r"(?:the|a|an|my|this|that|our|your|his|her|their|every|each|any|same|other|whole|next)"
_NO_STREET = (
    r"(?!(?:to|in|on|at|from|into|onto|off|across|along|down|with|and|by|near|past|over|around"
    r"|cross(?:ed|ing)?|were|was|are|is)\b)"
)
_FLAT = r"(?:,? (?:apt|apartment|unit|suite|flat|floor|no|#)\.? ?#?\w{1,6})?"
#: Types of street that stand before its name, and what stands between.
_STREET_BEFORE = (
    r"(?-i:Via|Viale|Piazza|Piazzetta|Corso|Largo|Calle|Avenida|Plaza|Paseo|Rua|Travessa|Rue|rue"
    r"|Ulica|ulica|ul\.|Strada|Calea)"
)
_OF_STREET = (
    r"(?:d['\u2019]|dell[aeo']|degli|dei|del|della|delle|di|da|do|dos|de|du|des|la|le|los|las|el)"
)
_CAPITAL = r"[A-Z][\w'.\u2019-]{1,30}"
_CORNER_STREET = r"(?-i:(?:\d{1,5} )?[A-Z][\w'.\u2019-]*(?: [A-Z\d][\w'.\u2019-]*){0,4})"
#: Places in lower case that are words as well, where somebody goes there.
WORDS = Group(
    "LOCATION",
    every(
        any_word("reading bath nice sandwich deal battle wells rugby sale bury hull ware"),
        any_word("to from near round in"),
    ),
    (
        Rule(
            "gone to",
            r"\b(?:train|bus|coach|flight|flew|drove|moved|moving|went|lift) (?:to|from) "
            r"(?P<it>(?-i:reading|bath|nice|sandwich|deal|battle|wells|rugby|sale|bury|hull|ware))"
            r"(?=\s*(?:[,.!?;]|$)| (?:to (?:see|visit|meet)|for the (?:day|weekend)|with|and then"
            r"|by (?:train|bus|car)|station|tomorrow|today|yesterday)\b)",
            0.6,
        ),
    ),
)
CORNERS = Group(
    "LOCATION",
    every(any_word("corner"), matching_lowered("corner of ")),
    (
        Rule(
            "the corner of",
            rf"\b(?:the )?corner of {_CORNER_STREET} (?:and|&) (?:\w{{2,4}} )?{_CORNER_STREET}",
            0.7,
        ),
    ),
)
STREETS = Group(
    "LOCATION",
    has_digit,
    (
        Rule(
            "number and street",
            rf"\b\d{{1,5}}[a-z]? {_NO_COUNT}(?:{_NO_STREET}[^\W\d_][\w'.-]{{0,30}} ){{1,3}}"
            rf"(?<!\b{_THE} ){_CLEAR_STREET}\b\.?{_FLAT}",
            0.7,
        ),
        Rule(
            "number and other street",
            rf"(?-i:\b\d{{1,5}}[A-Za-z]? "
            rf"(?:[A-Z][\w'.-]{{0,30}} ){{1,3}}{_OTHER_STREET}\b\.?){_FLAT}",
            0.7,
        ),
        Rule(
            "number behind the street",
            rf"\b(?:\d{{1,5}} )?{_STREET_BEFORE} (?:{_OF_STREET} ){{0,2}}"
            rf"(?-i:{_CAPITAL} (?:{_CAPITAL} ){{0,3}})\d{{1,4}}\b",
            0.7,
        ),
        Rule(
            "number before the street",
            rf"\b\d{{1,5}}[a-z]?,? {_STREET_BEFORE} (?:{_OF_STREET} ?){{0,2}}"
            rf"(?-i:{_CAPITAL}(?: {_CAPITAL}){{0,2}})",
            0.7,
        ),
        Rule(
            "military",
            r"\b(?:unit|psc) \d{3,5},? box \d{1,5}\b|(?-i:\b(?:[ADF]PO),? A[AEP] \d{5}\b)",
            0.8,
        ),
        Rule("post box", r"\bp\.? ?o\.? ?box \d{1,6}\b", 0.8),
        Rule("flat", r"(?-i:\b(?:Apt|Apartment|Suite|Unit|Flat)\.? ?#?\d{1,5}[A-Z]?\b)", 0.6),
    ),
)
_STATES = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]"
    r"|T[NX]|UT|V[AT]|W[AIVY])"
)
#: The second half of a British postcode, which has no C, I, K, M, O or V ("b12 8am" is none) and is
#: no number with a unit ("d3 5th", in lower case).
_INWARD = r"(?-i:(?!\d(?:st|nd|rd|th|hr|ft|lb|yr)\b))\d[abd-hjlnp-uw-z]{2}"
POSTCODES = Group(
    "LOCATION",
    has_digit,
    (
        Rule("GB", rf"\b[a-z]{{1,2}}\d[a-z\d]? {_INWARD}\b", 0.6),
        Rule("GB closed up", rf"(?-i:\b[A-Z]{{1,2}}\d[A-Z\d]?)(?-i:(?=\d[A-Z])){_INWARD}\b", 0.6),
        Rule("CA", r"\b[abceghjklmnprstvxy]\d[abceghj-nprstv-z] \d[abceghj-nprstv-z]\d\b", 0.7),
        Rule("US long", r"\b\d{5}-\d{4}\b", 0.7),
        Rule("US state", rf"(?-i:\b{_STATES}),? \d{{5}}\b", 0.7),
        Rule(
            "named",
            r"(?<=\bzip )\d{5}\b|(?<=\bzip: )\d{5}\b|(?<=\bzip code )\d{5}\b|(?<=\bzip is )\d{5}\b"
            r"|(?<=\bzip code is )\d{5}\b|(?<=\bpostcode )\d{4,5}\b|(?<=\bpostcode is )\d{4,5}\b",
            0.8,
        ),
    ),
)
_SIGN = r"(?<![\w.,/-])[-+\u2212]?"
_NORTH, _EAST = (rf" ?(?:\u00b0|\u00ba|deg)? ?(?-i:[{letters}]\b)" for letters in ("NS", "EWO"))
_DEGREES = (
    r"\d{1,3} ?[\u00b0\u00ba] ?\d{1,2}(?:[.,]\d{1,6})? ?['\u2019\u2032]"
    r"(?: ?\d{1,2}(?:[.,]\d{1,4})? ?(?:[\"\u201d\u2033]|['\u2019\u2032]{2}))?"
)
_PLUS = "[23456789CFGHJMPQRVWX]"
COORDINATES = Group(
    "LOCATION",
    every(
        has_digit,
        matching(
            r"\d[.,]\d\d|\d ?[\u00b0\u00ba] ?\d|[2-9CFGHJMPQRVWXcfghjmpqrvwx]{4}\+|[A-Z]{2} ?\d{3}"
        ),
    ),
    (
        Rule(
            "decimal pair",
            rf"{_SIGN}(?:[0-8]?\d\.\d{{4,12}} ?[,;/ ] ?[-+\u2212]?(?:1[0-7]\d|\d?\d)\.\d{{3,12}}"
            r"|[0-8]?\d\.\d{3} ?[,;/ ] ?[-+\u2212]?(?:1[0-7]\d|\d?\d)\.\d{4,12})(?![\w.]*\d)",
            0.8,
        ),
        Rule(
            "rounded pair behind a cue",
            r"\b(?:coord\w{0,7}|gps|geo|pin|location|position|lat)\b[^.!?\n]{0,20}?[ :]"
            r"\K[-+\u2212]?[0-8]?\d\.\d{2,12} ?[,;/ ] ?[-+\u2212]?(?:1[0-7]\d"
            r"|\d?\d)\.\d{2,12}(?![\w.]*\d)",
            0.7,
        ),
        Rule(
            "decimal pair with directions",
            rf"{_SIGN}[0-8]?\d\.\d{{1,10}}{_NORTH}[,; ]{{1,3}}(?:1[0-7]\d"
            rf"|\d?\d)\.\d{{1,10}}{_EAST}",
            0.8,
        ),
        Rule(
            "one behind a cue",
            r"\b(?:lat(?:itude)?|lon(?:g(?:itude)?)?|lng)(?: ?[:=]| is| was| of)? ?"
            r"\K[-+\u2212]?\d{1,3}\.\d{3,12}\b",
            0.7,
        ),
        Rule(
            "degrees and minutes",
            rf"(?<!\d)(?-i:{_DEGREES} ?[NSEWO]\b|\b[NSEWO] ?{_DEGREES})",
            0.8,
        ),
        Rule(
            "plus code",
            rf"(?-i:(?<![\w+])(?=[A-Z\d+]*[A-Z])(?=[A-Z\d+]*\d)(?:{_PLUS}{{8}}|{_PLUS}{{4}}"
            rf"|{_PLUS}{{6}})\+{_PLUS}{{2,4}}(?![\w+]))"
            rf"|(?<![\w+])(?=[a-z]*\d){_PLUS}{{8}}\+{_PLUS}{{2,4}}(?![\w+])",
            0.8,
        ),
        Rule(
            "grid reference",
            r"(?-i:\b[HJNOST][A-HJ-Z] ?(?:\d{3} ?\d{3}|\d{4} ?\d{4}|\d{5} ?\d{5})\b)",
            0.6,
        ),
        Rule(
            "military grid",
            r"(?-i:\b[1-6]?\d[C-HJ-NP-X] ?[A-HJ-NP-Z]{2} ?(?:\d{4} ?\d{4}|\d{5} ?\d{5})\b)",
            0.7,
        ),
    ),
)
GRID = Group(
    "LOCATION",
    every(has_digit, any_word("grid")),
    (
        Rule(
            "grid reference behind a cue",
            r"\bgrid(?: ref(?:erence)?\.?)?(?: is| was|:)? \K(?-i:[A-Z]{0,2} ?\d{2,5} ?\d{2,5})\b",
            0.7,
        ),
    ),
)
THREE_WORDS = Group(
    "LOCATION",
    any_part("///", "what3words", "w3w"),
    (
        Rule(
            "three words",
            r"(?:///|\b(?:what3words"
            r"|w3w)\b[^\n.]{0,16}?[ :])\K[^\W\d_]{2,20}\.[^\W\d_]{2,20}\.[^\W\d_]{2,20}\b",
            0.8,
        ),
    ),
)
GROUPS = (STREETS, CORNERS, WORDS, POSTCODES, COORDINATES, GRID, THREE_WORDS)
