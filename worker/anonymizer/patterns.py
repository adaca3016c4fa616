r"""Patterns of personal data with a fixed form: contact data, addresses, numbers of records.

Every expression is anchored and its repetitions are bounded, so that no text makes it slow.
Personal data without a form (a name, a city, a lone number) is left to the tagger. `\K` keeps what
stands before it out of the match.
"""

from __future__ import annotations

from presidio_analyzer import Pattern, PatternRecognizer

from worker.anonymizer.date_patterns import AGES, BIRTHS, DATES

EMAILS = (
    Pattern(
        "address",
        r"\b[a-z0-9][a-z0-9._%+'-]{0,63}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}\b",
        0.9,
    ),
    Pattern(
        "spelt out",
        r"\b[\w.+-]{1,64} ?(?:\(at\)|\[at\]) ?[\w-]{1,63}"
        r" ?(?:\.|\(dot\)|\[dot\]) ?[a-z]{2,10}\b",
        0.8,
    ),
    Pattern(
        "without a dot",
        r"\b[\w.+-]{1,64}@(?:gmail|gmial|yahoo|hotmail|outlook|icloud|aol|proton\w{0,4})\b",
        0.8,
    ),
)
_URL_REST = r"[^\s<>\"')\]]{2,2000}(?<![.,!?;:])"
URLS = (
    Pattern("with scheme", rf"\b(?:https?|ftp)://{_URL_REST}", 0.9),
    Pattern("www", rf"\bwww\.[a-z0-9-]{{1,63}}\.{_URL_REST}", 0.9),
    # Without a scheme the ending must be a known one in lower case, so that "sad.So" stays.
    Pattern(
        "bare domain",
        r"(?-i:(?<![\w@.])[A-Za-z0-9-]{2,63}(?:\.[a-z0-9-]{2,63}){0,3}"
        r"\.(?:(?:com|org|net|edu|gov|io|co\.uk|de|fr|ca|info|me|app|dev|blog|xyz|tv|uk|eu|nl|au|ie|biz|us"
        r"|nz|ch|se|pl|pt|es|jp|br|mx|za|ai|gg|ly|fm|club|shop|online|website|site|community|tech|cloud"
        r"|wiki|social|chat|network)\b(?!\.\w)|[a-z]{2,12}(?=/[\w-]))"
        r"(?:/[^\s<>\"')\]]{0,2000}(?<![.,!?;:]))?)",
        0.7,
    ),
)
#: Words behind "my username is" that are no user name.
_NO_USERNAME = (
    r"not|no|the|a|an|so|too|my|his|her|your|our|their|just|really|very|still|always|never|also|and"
    r"|or|but|that|this|it|in|on|for|with|from|is|was|private|public|gone|broken|dead|down|full"
    r"|hacked|taken|already|now|what|which|because|all|only|something|stupid|embarrassing|boring"
    r"|like|literally|basically|about|thing|stuff|story|stories|post|posts|people"
)
HANDLES = (
    # "@3pm" and "@ 8:30" tell the time.
    Pattern(
        "handle",
        r"(?<![\w@./])@(?!\d{1,2}(?:[:.]?\d\d)?\s?(?:[ap]\.?m\.?|ish|h)?(?![\w.]*\w))"
        r"[a-z0-9_](?:[\w.]{0,29}\w)?",
        0.8,
    ),
    Pattern("user", r"(?<![\w/])/?u/[\w-]{3,30}", 0.8),
    Pattern(
        "named",
        r"\b(?:user ?name|handle|insta(?:gram)?|snap(?:chat)?|tiktok|discord|ig)"
        rf"(?: (?:is|was)|:| =) ?@?\K(?!(?:{_NO_USERNAME})\b)[\w.#-]{{2,29}}\w",
        0.7,
    ),
    Pattern("username", rf"\buser ?name \K(?!(?:{_NO_USERNAME})\b)[\w.#-]{{2,29}}\w", 0.7),
)
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
STREETS = (
    Pattern(
        "number and street",
        rf"\b\d{{1,5}}[a-z]? {_NO_COUNT}(?:{_NO_STREET}[^\W\d_][\w'.-]{{0,30}} ){{1,3}}"
        rf"(?<!\b{_THE} ){_CLEAR_STREET}\b\.?{_FLAT}",
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
#: The second half of a British postcode, which has no C, I, K, M, O or V ("b12 8am" is none) and is
#: no number with a unit ("d3 5th", in lower case).
_INWARD = r"(?-i:(?!\d(?:st|nd|rd|th|hr|ft|lb|yr)\b))\d[abd-hjlnp-uw-z]{2}"
POSTCODES = (
    Pattern("GB", rf"\b[a-z]{{1,2}}\d[a-z\d]? {_INWARD}\b", 0.6),
    Pattern("GB closed up", rf"(?-i:\b[A-Z]{{1,2}}\d[A-Z\d]?)(?-i:(?=\d[A-Z])){_INWARD}\b", 0.6),
    Pattern("CA", r"\b[abceghjklmnprstvxy]\d[abceghj-nprstv-z] \d[abceghj-nprstv-z]\d\b", 0.7),
    Pattern("US long", r"\b\d{5}-\d{4}\b", 0.7),
    Pattern("US state", rf"(?-i:\b{_STATES}),? \d{{5}}\b", 0.7),
    Pattern(
        "named",
        r"(?<=\bzip )\d{5}\b|(?<=\bzip: )\d{5}\b|(?<=\bzip code )\d{5}\b|(?<=\bzip is )\d{5}\b"
        r"|(?<=\bzip code is )\d{5}\b|(?<=\bpostcode )\d{4,5}\b|(?<=\bpostcode is )\d{4,5}\b",
        0.8,
    ),
)
_RECORD = (
    r"(?:(?:medical |health |hospital )?record|mrn|patient|insurance|policy|member(?:ship)?|account"
    r"|acct|passport|(?:driver'?s? )?licen[cs]e|case|claim|reference|ref|booking|student|employee"
    r"|staff|medicare|medicaid|nhs|ssn|social security|national insurance|tax|tax file|pps"
    r"|sort code|routing|prescription|file|customer|card|iban|id)"
)
#: Words that nothing but an identifier follows.
_SURE_RECORD = (
    r"(?:mrn|ssn|nhs|iban|social security|national insurance|sort code|routing|medicare|medicaid)"
)
_MARK = (
    r"(?:(?<=\bid)(?= (?:is|was) )| (?:number|no|nr|num|id|code|ref(?:erence)?)\b\.?|\.? ?[:#=])"
)
#: The value of an identifier: up to four letters, then groups that each have a digit. A number with
#: a currency or a unit behind it is none.
_VALUE = (
    r"[a-z]{0,4}[- ]?\d[\da-z]{0,19}(?:[- /](?=[a-z]{0,2}\d)[\da-z]{1,12}){0,5}\b"
    r"(?! ?(?:[%$\u20ac\u00a3]|(?:dollars?|euros?|pounds?|bucks|quid|usd|eur|gbp|grand"
    r"|an? (?:year|month|week|day|hour)|per|miles?|pages?|times|people|kids"
    r"|students|patients|words|steps|points)\b))"
)
_DIGITS_3, _DIGITS_5 = (rf"(?=[a-z]{{0,4}}[- ]?\d(?:[- /]?[a-z]{{0,4}}\d){{{n}}})" for n in (2, 4))
#: Score of a number that may be something more specific, such as a phone number or a card.
GUESS = 0.45
SOCIAL_SECURITY = (Pattern("US social security", r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])", 1.0),)
RECORDS = (
    Pattern(
        "named number",
        rf"\b(?:{_RECORD}{_MARK}|{_SURE_RECORD}) ?(?:is|was|:|#|=|-)? ?#?"
        rf"\K{_DIGITS_3}{_VALUE}",
        0.6,
    ),
    # "My insurance was 340 a month": without "number" or "id" the number must be a long one.
    Pattern(
        "number of a record",
        rf"\b{_RECORD} ?(?:is|was|-)? ?\K(?:{_DIGITS_5}{_VALUE}|(?-i:[A-Z]{{2,4}}-?\d{{3,9}}\b))",
        0.6,
    ),
    Pattern("last digits", r"\b(?:ending|ends)(?: in| with)? \K\d{4}\b", 0.6),
    Pattern("long number", r"(?<![\d.,$€£-])\d{8,20}(?![\d,]|\.\d)", GUESS),
    Pattern("grouped number", r"(?<![\d.,-])\d{3,4}(?:[ -]\d{3,4}){2,5}(?![\d.,-]?\d)", GUESS),
    Pattern("national insurance", r"\b[a-z]{2} ?\d\d ?\d\d ?\d\d ?[a-d]\b", 0.8),
    Pattern("MAC", r"\b(?:[\da-f]{2}[:-]){5}[\da-f]{2}\b", 0.8),
)


def recognizers() -> list[PatternRecognizer]:
    """Build a Presidio recognizer for each entity type that has patterns.

    Returns:
        One recognizer for each type, with all patterns of that type.
    """
    by_type = {
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
        PatternRecognizer(
            supported_entity=entity_type, name=f"{entity_type} pattern", patterns=list(patterns)
        )
        for entity_type, patterns in by_type.items()
    ]
