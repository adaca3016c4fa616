r"""Personal data that has a form: contact data, addresses, dates, ages, numbers of records.

Every expression is anchored and bounded, so that no text makes it slow. What has no form of its
own (a name, a city, a lone number) is the tagger's. `\K` keeps what stands before it out of the
match.
"""

from __future__ import annotations

from presidio_analyzer import Pattern, PatternRecognizer

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH_NUMBER = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:1[89]|20)\d\d"
_ORDINAL = r"(?:st|nd|rd|th)"
#: "may" and "march" are words, too: in lower case the day needs its ordinal or a year.
_CAPITAL_MONTH = rf"(?-i:(?=[A-Z])){_MONTH}"
DATES = (
    Pattern("month day", rf"\b{_CAPITAL_MONTH} {_DAY}{_ORDINAL}?\b(?:,? {_YEAR}\b)?", 0.7),
    Pattern("small month ordinal", rf"\b{_MONTH} {_DAY}{_ORDINAL}\b(?:,? {_YEAR}\b)?", 0.7),
    Pattern("small month day year", rf"\b{_MONTH} {_DAY},? {_YEAR}\b", 0.7),
    Pattern(
        "clear month day", rf"\b(?!may|mar\b|march){_MONTH} {_DAY}\b(?! ?(?:%|am|pm|times)\b)", 0.7
    ),
    Pattern(
        "day month",
        rf"\b{_DAY}{_ORDINAL}?(?: of)? (?!may\b|march\b|mar\b){_MONTH}\b(?:,? {_YEAR}\b)?", 0.7,
    ),
    Pattern(
        "day ambiguous month",
        rf"\b{_DAY}(?:{_ORDINAL}(?: of)? (?:may|march)\b|{_ORDINAL}?(?: of)? "
        rf"(?-i:May|March|MAY|MARCH)\b|(?: of)? (?:may|march),? {_YEAR}\b)(?:,? {_YEAR}\b)?", 0.7,
    ),
    Pattern("month year", rf"\b{_MONTH},? {_YEAR}\b", 0.7),
    Pattern("year", r"(?<=\b(?:in|since|from|until|till|before|after|of|by|year) )"
            r"(?:19[2-9]\d|20[0-3]\d)\b"
            r"(?! ?(?:people|steps|words|calories|kcal|ml|miles|dollars|euros|pounds))", 0.6),
    Pattern("iso", rf"\b{_YEAR}-{_MONTH_NUMBER}-{_DAY}\b", 0.7),
    Pattern("numeric", rf"(?<![\d/.-]){_DAY}([/.-]){_DAY}\1(?:{_YEAR}|\d\d)(?![\d/-])\b", 0.6),
)  # fmt: skip
BIRTHS = (
    Pattern("born", rf"(?<=\bborn in ){_YEAR}\b", 0.8),
    Pattern("born on", rf"(?<=\bborn on ){_DAY}[/.-]{_DAY}\b", 0.8),
    Pattern("dob", r"(?<=\bdob )\S{4,12}|(?<=\bdob: )\S{4,12}", 0.8),
)
_NUMBER = r"(?:1[01]\d|[1-9]?\d)"
#: What a bare number is counting when it is no age.
_UNITS = (
    r"(?!\s*(?:%|percent|min|minutes?|mins|hours?|hrs?|seconds?|secs?|days?|weeks?|months?|miles?|km|kg|"
    r"lbs?|pounds?|steps|times|st|nd|rd|th|am|pm|o'?clock|cm|feet|ft|inch|points?|pages?|down|up|"
    r"in|for|out|into|away|short|late|behind|ahead|over|under|to|of|degrees|euros?|dollars?|people|"
    r"games?|matches|pills?|drinks?|sessions?|reps|more|less|left|"
    r"[:.,/]\d|[-–]\s?\d)\b|%|[:.,/]\d)"  # noqa: RUF001
)
AGES = (
    Pattern("years old", rf"\b{_NUMBER}(?=[ -]?(?:years?|yrs?|yr|months?|weeks?)[ -]olds?\b)", 0.8),
    Pattern("y/o", rf"\b{_NUMBER}(?= ?(?:y/?o|yo|yrs old|y\.o\.)\b)", 0.8),
    Pattern("aged", rf"(?<=\baged ){_NUMBER}\b|(?<=\bage ){_NUMBER}\b{_UNITS}"
            rf"|(?<=\bage: ){_NUMBER}\b"
            rf"|(?<=\bage is ){_NUMBER}\b|(?<=\bage of ){_NUMBER}\b", 0.8),
    Pattern("I am", rf"(?<=\bi'm ){_NUMBER}\b{_UNITS}|(?<=\bim ){_NUMBER}\b{_UNITS}"
            rf"|(?<=\bi am ){_NUMBER}\b{_UNITS}|(?<=\bi\u2019m ){_NUMBER}\b{_UNITS}", 0.6),
    Pattern("turned", rf"(?<=\bturn(?:ed)? ){_NUMBER}\b{_UNITS}|(?<=\bturning ){_NUMBER}\b{_UNITS}"
            rf"|(?<=\bturns ){_NUMBER}\b{_UNITS}", 0.6),
    Pattern("birthday", rf"\b{_NUMBER}{_ORDINAL}(?= birthday\b)", 0.7),
    Pattern("age and sex", rf"(?<=[(\[]){_NUMBER} ?/? ?[mf](?=[)\]])"
            rf"|(?<=[(\[])[mf] ?/? ?{_NUMBER}(?=[)\]])", 0.7),
)  # fmt: skip
EMAILS = (
    Pattern(
        "address",
        r"\b[a-z0-9][a-z0-9._%+'-]{0,63}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}\b", 0.9,
    ),
    Pattern(
        "spelt out",
        r"\b[\w.+-]{1,64} ?(?:\(at\)|\[at\]) ?[\w-]{1,63}"
        r" ?(?:\.|\(dot\)|\[dot\]) ?[a-z]{2,10}\b", 0.8,
    ),
    Pattern(
        "without a dot",
        r"\b[\w.+-]{1,64}@(?:gmail|gmial|yahoo|hotmail|outlook|icloud|aol|proton\w{0,4})\b", 0.8,
    ),
)  # fmt: skip
_URL_REST = r"[^\s<>\"')\]]{2,2000}(?<![.,!?;:])"
URLS = (
    Pattern("with scheme", rf"\b(?:https?|ftp)://{_URL_REST}", 0.9),
    Pattern("www", rf"\bwww\.[a-z0-9-]{{1,63}}\.{_URL_REST}", 0.9),
    # Without a scheme only a lower-case known ending counts, so that "sad.So" stays.
    Pattern(
        "bare domain",
        r"(?-i:(?<![\w@.])[A-Za-z0-9-]{2,63}(?:\.[a-z0-9-]{2,63}){0,3}"
        r"\.(?:com|org|net|edu|gov|io|co\.uk|de|fr|ca|info|me|app|dev|blog|xyz|tv|uk|eu|nl|au|ie|biz|us)"
        r"\b(?!\.\w)(?:/[^\s<>\"')\]]{0,2000}(?<![.,!?;:]))?)",
        0.7,
    ),
)
HANDLES = (
    Pattern("handle", r"(?<![\w@./])@[a-z0-9_](?:[\w.]{0,29}\w)?", 0.8),
    Pattern("user", r"(?<![\w/])/?u/[\w-]{3,30}", 0.8),
    Pattern(
        "named",
        r"(?<=\busername is )\S{3,30}|(?<=\busername: )\S{3,30}|(?<=\bhandle is )\S{3,30}"
        r"|(?<=\binsta is )\S{3,30}|(?<=\bsnap is )\S{3,30}|(?<=\binstagram: )\S{3,30}",
        0.7,
    ),
)
#: Kinds of street that are no other word, and those that are ("a 5 minute drive").
_CLEAR_STREET = r"(?:street|avenue|ave|road|rd|boulevard|blvd|str|stra(?:ss|ß)e)"
_OTHER_STREET = (
    r"(?:St|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Square|Sq|Terrace|Close|Crescent|Highway|Hwy"
    r"|Parkway|Pkwy|Circle|Cir|Row|Mews|Alley|Grove|Gardens|Hill|Park|Walk|Rise|Trail|Trl|Loop)"
)
_NO_COUNT = r"(?!(?:ways?|minutes?|mins?|hours?|miles?|blocks?|lanes?|more|other|long|busy)\b)"
_FLAT = r"(?:,? (?:apt|apartment|unit|suite|flat|floor|no|#)\.? ?#?\w{1,6})?"
STREETS = (
    Pattern(
        "number and street",
        rf"\b\d{{1,5}}[a-z]? {_NO_COUNT}(?:[^\W\d_][\w'.-]{{0,30}} ){{1,3}}"
        rf"{_CLEAR_STREET}\b\.?{_FLAT}",
        0.7,
    ),
    Pattern(
        "number and other street",
        rf"(?-i:\b\d{{1,5}}[A-Za-z]? (?:[A-Z][\w'.-]{{0,30}} ){{1,3}}{_OTHER_STREET}\b\.?){_FLAT}",
        0.7,
    ),
    Pattern("post box", r"\bp\.? ?o\.? ?box \d{1,6}\b", 0.8),
    Pattern("flat", r"(?-i:\b(?:Apt|Apartment|Suite|Unit|Flat)\.? ?#?\d{1,5}[A-Z]?\b)", 0.6),
)
_STATES = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]"
    r"|T[NX]|UT|V[AT]|W[AIVY])"
)
POSTCODES = (
    Pattern("GB", r"\b[a-z]{1,2}\d[a-z\d]? \d[a-z]{2}\b", 0.6),
    Pattern("GB closed up", r"(?-i:\b[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}\b)", 0.6),
    Pattern("CA", r"\b[abceghjklmnprstvxy]\d[abceghj-nprstv-z] \d[abceghj-nprstv-z]\d\b", 0.7),
    Pattern("US long", r"\b\d{5}-\d{4}\b", 0.7),
    Pattern("US state", rf"(?-i:\b{_STATES}),? \d{{5}}\b", 0.7),
    Pattern(
        "named",
        r"(?<=\bzip )\d{5}\b|(?<=\bzip: )\d{5}\b|(?<=\bzip code )\d{5}\b|(?<=\bzip is )\d{5}\b"
        r"|(?<=\bzip code is )\d{5}\b|(?<=\bpostcode )\d{4,5}\b|(?<=\bpostcode is )\d{4,5}\b", 0.8,
    ),
)  # fmt: skip
_RECORD = (
    r"(?:(?:medical |health |hospital )?record|mrn|patient|insurance|policy|member(?:ship)?|account"
    r"|acct|passport|(?:driver'?s? )?licen[cs]e|case|claim|reference|ref|booking|student|employee"
    r"|staff|medicare|medicaid|nhs|ssn|social security|national insurance|tax|tax file|pps"
    r"|sort code|routing|prescription|file|customer|card|iban|id)"
)
#: At least three digits, perhaps behind a few letters, in groups that each hold a digit.
_VALUE = (
    r"(?=(?:[a-z /-]{0,5}\d){3})[a-z]{0,4}[- ]?\d[\da-z]{0,19}"
    r"(?:[- /](?=[a-z]{0,2}\d)[\da-z]{1,12}){0,5}"
)
#: A number that something more particular (a phone number, a card) may claim.
GUESS = 0.45
SOCIAL_SECURITY = (Pattern("US social security", r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])", 1.0),)
RECORDS = (
    Pattern(
        "named number",
        rf"\b{_RECORD}(?: (?:number|no|nr|num|id|code))?\.? ?(?:is|was|:|#|=|-)? ?#?"
        rf"\K{_VALUE}\b", 0.6,
    ),
    Pattern("long number", r"(?<![\d.,$€£-])\d{8,20}(?![\d,]|\.\d)", GUESS),
    Pattern("grouped number", r"(?<![\d.,-])\d{3,4}(?:[ -]\d{3,4}){2,5}(?![\d.,-]?\d)", GUESS),
    Pattern("national insurance", r"\b[a-z]{2} ?\d\d ?\d\d ?\d\d ?[a-d]\b", 0.8),
    Pattern("MAC", r"\b(?:[\da-f]{2}[:-]){5}[\da-f]{2}\b", 0.8),
)  # fmt: skip


def recognizers() -> list[PatternRecognizer]:
    """A Presidio recognizer for each kind."""
    kinds = {
        "DATE_TIME": (*DATES, *BIRTHS),
        "AGE": AGES,
        "EMAIL_ADDRESS": EMAILS,
        "URL": URLS,
        "HANDLE": HANDLES,
        "LOCATION": (*STREETS, *POSTCODES),
        "ID": RECORDS,
        "US_SSN": SOCIAL_SECURITY,
    }
    return [
        PatternRecognizer(supported_entity=kind, name=f"{kind} pattern", patterns=list(patterns))
        for kind, patterns in kinds.items()
    ]
