"""Dates as other languages than English write them."""

from __future__ import annotations

from worker.anonymizer.patterns.gates import any_part, any_word, every, has_digit
from worker.anonymizer.patterns.rules import Group, Rule

#: A day of a month and a year, in figures.
DAY = r"(?:0?[1-9]|[12]\d|3[01])"
YEAR = r"(?:1[89]|20)\d\d"
_FOREIGN_MONTH = (
    r"(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre"
    r"|diciembre|janvier|f\u00e9vrier|mars|avril|mai|juin|juillet|ao\u00fbt|septembre|octobre"
    r"|novembre|d\u00e9cembre|januar|j\u00e4nner|februar|m\u00e4rz|juni|juli|oktober|dezember"
    r"|janeiro|fevereiro|mar\u00e7o|maio|junho|julho|setembro|outubro|novembro|dezembro|gennaio"
    r"|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|januari|februari|maart|mei"
    r"|augustus)"
)
#: The ASCII letters of those months, as gates see them.
_FOREIGN_MONTH_PARTS = (
    "enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre "
    "diciembre janvier vrier mars avril mai juin juillet ao septembre octobre novembre cembre "
    "januar nner februar rz juni juli oktober dezember janeiro fevereiro o maio junho julho "
    "setembro outubro novembro dezembro gennaio febbraio aprile maggio giugno luglio settembre "
    "ottobre dicembre januari februari maart mei augustus april august september november"
)
FOREIGN = Group(
    "DATE_TIME",
    every(has_digit, any_word(_FOREIGN_MONTH_PARTS)),
    (
        Rule(
            "day and foreign month",
            rf"\b{DAY}(?:\.|\u00ba|er|\.\u00ba)? (?:de |di )?(?!mars\b(?! {YEAR}))"
            rf"{_FOREIGN_MONTH}\b(?:,? (?:de |del |di )?{YEAR}\b)?",
            0.7,
        ),
        Rule("day of mars", rf"\ble \K{DAY} mars\b", 0.7),
    ),
)
ASIAN = Group(
    "DATE_TIME",
    every(has_digit, any_part("\u5e74", "\u6708", "\uc6d4")),
    (
        Rule(
            "year, month, day",
            r"\d{4} ?[\u5e74\ub144] ?\d{1,2} ?[\u6708\uc6d4](?: ?\d{1,2} ?[\u65e5\u53f7\uc77c])?"
            r"|\d{1,2} ?[\u6708\uc6d4] ?\d{1,2} ?[\u65e5\u53f7\uc77c]|\d{4}\u5e74",
            0.7,
        ),
    ),
)
GROUPS = (FOREIGN, ASIAN)
