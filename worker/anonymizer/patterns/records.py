"""Numbers of records, such as accounts, cases and policies; codes, and plates of vehicles."""

from __future__ import annotations

from worker.anonymizer.patterns.gates import any_part, any_word, every, has_digit, matching
from worker.anonymizer.patterns.rules import GUESS, Group, Rule

_RECORD_WORDS = (
    "record mrn patient insurance policy member membership account acct passport license licence "
    "case claim reference ref booking student employee staff medicare medicaid nhs ssn social "
    "national tax pps sort routing prescription file customer card iban id tracking parcel "
    "shipment consignment crime incident complaint docket warrant badge serial hospital "
    "confirmation reservation roll candidate enrolment enrollment registration visa vat imei vin "
    "chassis warranty asset quote quotation invoice order ticket loan mortgage contract report job "
    "application permit voucher matter"
)
_RECORD = (
    r"(?:(?:medical |health |hospital )?record|mrn|patient|insurance|policy|member(?:ship)?|account"
    r"|acct|passport|(?:driver'?s? )?licen[cs]e|case|claim|reference|ref|booking|student|employee"
    r"|staff|medicare|medicaid|nhs|ssn|social security|national insurance|tax|tax file|pps"
    r"|sort code|routing|prescription|file|customer|card|iban|id|tracking|parcel|shipment"
    r"|consignment|crime|incident|complaint|docket|warrant|badge|serial|hospital|confirmation"
    r"|reservation|roll|candidate|enroll?ment|registration|visa|vat|imei|vin|chassis|warranty"
    r"|asset)"
)
#: Records that are more often counted or paid than numbered.
_PAID_RECORD = (
    r"(?:quote|quotation|invoice|order|ticket|loan|mortgage|contract|report|job|application|permit"
    r"|voucher|matter)"
)
#: Words that nothing but an identifier follows.
_SURE_RECORD = (
    r"(?:mrn|ssn|nhs|iban|social security|national insurance|sort code|routing|medicare|medicaid)"
)
_MARK = (
    r"(?:(?<=\bid)(?= (?:is|was) )| (?:number|no|nr|num|id|code|ref(?:erence)?)\b\.?|\.? ?[:#=])"
)
#: The value of an identifier: up to four letters, then groups that each have a digit, or few
#: letters behind a dash or a slash. A number with a currency or a unit behind it is none.
_VALUE = (
    r"[a-z]{0,4}[- /]?\d[\da-z]{0,19}(?:[- /](?=[a-z]{0,2}\d)[\da-z]{1,12}"
    r"|[-/][a-z]{1,4}(?![-/]?[a-z])){0,5}\b(?! ?(?:[%$\u20ac\u00a3]|(?:dollars?|euros?|pounds?"
    r"|bucks|quid|usd|eur|gbp|grand|an? (?:year|month|week|day|hour)|per|miles?|pages?|times|people"
    r"|kids|students|patients|words|steps|points)\b))"
)
_DIGITS_3, _DIGITS_5 = (
    rf"(?=[a-z]{{0,4}}[- /]?\d(?:[- /]?[a-z]{{0,4}}[-/]?\d){{{n}}})" for n in (2, 4)
)
#: A code in capitals: letters, then a long number, then perhaps more groups.
_CODE = r"(?-i:(?:[A-Z]{2,4}[-/]?\d{3,9}|[A-Z]-?\d{4,9})(?:[-/][\dA-Za-z]{1,8}){0,3}\b)"
_MIXED = r"(?-i:(?=[A-Z\d-]*[A-Z])(?=(?:[A-Z-]*\d){2})[A-Z\d][A-Z\d-]{4,19}\b)"
_ENTRY = (
    r"(?:pin|passcode|(?:pass|door|gate|alarm|safe|access|security|entry|lock|unlock|verification"
    r"|house|garage|lift|building|locker|otp) ?code|combination)"
)


def _is_plate(text: str, start: int, end: int) -> bool:
    """Whether a string has as many characters as a plate, letters and digits."""
    plate = [c for c in text[start:end] if c.isalnum()]
    return (
        _PLATE_CHARACTERS[0] <= len(plate) <= _PLATE_CHARACTERS[1]
        and any(c.isdigit() for c in plate)
        and any(c.isalpha() for c in plate)
    )


#: The fewest and the most letters and digits of a plate.
_PLATE_CHARACTERS = (5, 9)
_PLATE_CUES = "plate plates reg registration tag tags"
_VEHICLE_WORDS = (
    "car van truck lorry taxi cab pickup suv motorbike scooter vehicle hatchback saloon sedan"
)

SOCIAL_SECURITY = Group(
    "US_SSN",
    every(has_digit, matching(r"\d\d-\d\d-\d\d")),
    (Rule("US social security", r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])", 1.0),),
)
RECORDS = Group(
    "ID",
    every(has_digit, any_word(_RECORD_WORDS)),
    (
        Rule(
            "named number",
            rf"\b(?:(?:{_RECORD}|{_PAID_RECORD}){_MARK}|{_SURE_RECORD}(?![a-z])) ?(?:is|was|:|#|="
            rf"|-)? ?#?"
            rf"\K(?:{_DIGITS_3}{_VALUE}|{_MIXED})",
            0.6,
        ),
        # "My insurance was 340 a month": without "number" or "id" the number must be a long one.
        Rule(
            "number of a record",
            rf"\b{_RECORD}(?![a-z]) ?(?:is|was|-)? ?\K(?:{_DIGITS_5}{_VALUE}|{_CODE})",
            0.6,
        ),
        Rule(
            "code of a record",
            rf"\b{_PAID_RECORD}(?![a-z]) ?(?:is|was)? ?\K(?:{_CODE}|\d[\d-]{{6,24}}\b)",
            0.6,
        ),
    ),
)
CODES = Group(
    "ID",
    every(
        has_digit,
        any_word(
            "pin passcode code doorcode gatecode combination password passphrase pw pwd ending ends"
        ),
    ),
    (
        Rule("last digits", r"\b(?:ending|ends)(?: in| with)? \K\d{4}\b", 0.6),
        Rule(
            "secret",
            rf"\b{_ENTRY}(?: number)?(?: is| was| to \w+ is|:| =|,)? ?#?\K\d{{3,8}}\b(?![.,:]\d"
            rf"| ?[%$])",
            0.6,
        ),
        Rule(
            "password",
            r"\b(?:password|passphrase|pwd?)(?: is| was| to| =|:|=) ?[\"']?"
            r"\K(?=[^\s\"']{0,40}[\d_#!$@*])[^\s\"',;]{4,40}(?<![.,!?)])",
            0.6,
        ),
    ),
)
LONG = Group(
    "ID",
    every(has_digit, matching(r"\d{3}|\d\d ?\d\d")),
    (
        Rule("long number", r"(?<![\d.,$€£-])\d{8,20}(?![\d,]|\.\d)", GUESS),
        Rule("grouped number", r"(?<![\d.,-])\d{3,4}(?:[ -]\d{3,4}){2,5}(?![\d.,-]?\d)", GUESS),
        Rule("national insurance", r"\b[a-z]{2} ?\d\d ?\d\d ?\d\d ?[a-d]\b", 0.8),
        Rule("code", r"(?-i:\b[A-Z]{1,4}[-/]\d{3,9}(?:[-/][\dA-Za-z]{1,8}){1,3}\b)", GUESS),
        Rule("letters and long number", r"(?-i:\b[A-Z]{1,4}-?\d{6,12}\b)", GUESS),
        Rule("year and code", r"(?-i:\b\d{2,4}-[A-Z]{1,4}-\d{3,8}\b)", GUESS),
    ),
)
HARDWARE = Group(
    "ID",
    every(
        any_part("-", ":"),
        matching(r"[:-][\da-fA-F]{2}[:-][\da-fA-F]{2}[:-]|-[\da-fA-F]{4}-[\da-fA-F]{4}-"),
    ),
    (
        Rule("MAC", r"\b(?:[\da-f]{2}[:-]){5}[\da-f]{2}\b", 0.8),
        Rule("UUID", r"\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b", 0.8),
    ),
)
PLATES = Group(
    "ID",
    every(has_digit, matching(r"[A-Z]{2}\d|\d[A-Z]|[A-Z]-\d|[A-Z] \d|\d [A-Z]|\d-[A-Z]")),
    (
        Rule("GB plate", r"(?-i:\b[A-HJ-PR-Y][A-Y]\d\d ?[A-HJ-PR-Z]{3}\b)", 0.6),
        Rule("DE plate", r"(?-i:\b[A-Z\u00c4\u00d6\u00dc]{1,3}-[A-Z]{1,2} ?\d{2,4}[EH]?\b)", 0.6),
        Rule("FR or IT plate", r"(?-i:\b[A-Z]{2}[- ]\d{3}[- ][A-Z]{2}\b)", 0.6),
        Rule("IN plate", r"(?-i:\b[A-Z]{2}[ -]?\d{1,2}[ -]?[A-Z]{1,3}[ -]?\d{4}\b)", 0.6),
        Rule("IE plate", r"(?-i:\b\d{2,3}-[A-Z]{1,2}-\d{1,6}\b)", 0.6),
        Rule("US plate", r"(?-i:\b\d[A-Z]{3}\d{3}\b)", 0.6),
    ),
)
CUED_PLATES = Group(
    "ID",
    every(has_digit, any_word(_PLATE_CUES)),
    (
        Rule(
            "plate behind a cue",
            r"\b(?:(?:plates?|tags?)(?: number| no\.?)?|reg(?:istration)?(?: number"
            r"| no\.?)?)(?: (?:is|was|said|reads?))?"
            r"[:,]? \K(?-i:[A-Z\d]{1,5}(?:[ -][A-Z\d]{1,5}){0,3}|[a-z]{2}\d\d ?[a-z]{3})\b",
            0.6,
            _is_plate,
        ),
    ),
)
VEHICLES = Group(
    "ID",
    every(has_digit, any_word(_VEHICLE_WORDS)),
    (
        Rule(
            "plate of a vehicle",
            rf"\b(?:{'|'.join(_VEHICLE_WORDS.split())})\b[^.!?\n]{{0,20}}?[ ,(]"
            r"\K(?-i:[A-Z]{3}-\d{3,4}|[A-Z]{3} \d{4}|\d{4} [B-DF-HJ-NPR-TV-Z]{3})\b",
            0.6,
        ),
    ),
)
GROUPS = (SOCIAL_SECURITY, RECORDS, CODES, LONG, HARDWARE, PLATES, CUED_PLATES, VEHICLES)
