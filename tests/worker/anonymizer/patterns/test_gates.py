"""Gates say "cannot match" only of texts in which nothing matches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import regex
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    IbanRecognizer,
    IpRecognizer,
    NhsRecognizer,
)

from tests.worker.anonymizer.patterns import (
    test_ages,
    test_dates,
    test_known_by_context,
    test_names,
    test_numbers,
    test_people_and_places,
)
from worker.anonymizer import recognizers
from worker.anonymizer.patterns.gates import Features
from worker.anonymizer.patterns.recognizer import GROUPS, FormRecognizer
from worker.anonymizer.patterns.rules import Group, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

DATA = Path(__file__).parents[3] / "data"
GATED, UNGATED = FormRecognizer(), FormRecognizer(gated=False)
TYPES = GATED.supported_entities
FROM_TABLES = [
    text.replace("\u27e6", "").replace("\u27e7", "")
    for module in (
        test_ages,
        test_dates,
        test_known_by_context,
        test_names,
        test_numbers,
        test_people_and_places,
    )
    for name, table in vars(module).items()
    if name.isupper() and isinstance(table, tuple)
    for text in table
]
#: Words of the tables, and what may hide a word from a gate: letters that count as ASCII letters
#: without regard to case, marks, digits and joiners beside a word.
PIECES = sorted({word for text in FROM_TABLES for word in text.split()})
ODD = [
    "\u017f",
    "\u212a",
    "\u0130",
    "\u0131",
    "\u0301",
    "_",
    "\u00b2",
    "\u0663",
    "-",
    "'",
    "\u2019",
]
GAPS = [" ", " ", " ", "", "\n", ", ", ". ", "\u00a0", *ODD]
PRESIDIOS = {
    recognizers.JournalCreditCardRecognizer: CreditCardRecognizer,
    recognizers.JournalIbanRecognizer: IbanRecognizer,
    recognizers.JournalNhsRecognizer: NhsRecognizer,
}


def findings(recognizer: Any, text: str, types: Iterable[str]) -> list[tuple[Any, ...]]:
    found = recognizer.analyze(text, list(types), None)
    return sorted((r.entity_type, r.start, r.end, r.score) for r in found)


@st.composite
def texts(draw: st.DrawFn) -> str:
    pieces = draw(st.lists(st.sampled_from(PIECES), min_size=1, max_size=9))
    return "".join(piece + draw(st.sampled_from(GAPS)) for piece in pieces)


@settings(deadline=None, database=None, max_examples=250, suppress_health_check=list(HealthCheck))
@given(text=texts() | st.text(max_size=40))
@example(text="\u017fIXTY-THREE, aged \u017fixty. I am tw\u0130nty.")
@example(text="in The Lamb & Lantern, cards 4111111111111111, nhsab 123456")
@example(
    text="\u00b2at 41, she \u00b2by 41 she, \u00b2at the Lamb and Flag, \u00b2from Old Mill bakery"
)
@example(text="As a 30F\u00b2 I am 30F\u00b2")
@example(text="\u201cGhost\u201d, a colleague called Spud, took Teapot to the vets")
@example(text="his NAME Is Ghost, AUNTY Precious, Meera FROM THE Survivors Together")
@example(text="our caf\u00e9, Thimble, a referral to Headway. Velayudhan. SIXTY-SIX.")
@example(text="he turned fiftee\u0301n, \u00b2aged 9")
def test_what_the_patterns_find_passes_their_gates(text: str) -> None:
    assert findings(GATED, text, TYPES) == findings(UNGATED, text, TYPES)


STREETS = (
    *("Via", "Viale", "Piazza", "Rua", "Calle", "Avenida", "Rue", "Plaza", "Pra\u00e7a", "Jalan"),
    *("Strada", "Ulica", "calle", "rua", "avenida", "jalan"),
)
ROADS = (
    *(
        "strasse",
        "stra\u00dfe",
        "gasse",
        "allee",
        "straat",
        "laan",
        "gracht",
        "gatan",
        "v\u00e4gen",
    ),
    *("weg", "platz", "damm", "ufer", "plein", "kade", "gata", "vegen", "vej", "gade"),
)


@pytest.mark.parametrize(
    "text",
    [f"a flat on {street} Garibaldi, on top" for street in STREETS if street[0].isupper()]
    + [f"a flat on {street} garibaldi, on top" for street in STREETS if street[0].islower()]
    + [f"moved to Linden{road} 9 in spring" for road in ROADS],
)
def test_streets_of_every_language_pass_their_gate(text: str) -> None:
    found = findings(UNGATED, text, ["LOCATION"])
    assert found
    assert findings(GATED, text, ["LOCATION"]) == found


def test_gates_change_nothing_on_texts_with_personal_data() -> None:
    journals = (DATA / "journals_pii.jsonl").read_text(encoding="utf-8").splitlines()
    for text in (*FROM_TABLES, *(json.loads(line)["text"] for line in journals)):
        assert findings(GATED, text, TYPES) == findings(UNGATED, text, TYPES)


@pytest.mark.parametrize("ours", PRESIDIOS)
@settings(deadline=None, database=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    text=st.lists(
        st.sampled_from(["4111", "1111", "DE89", "3704", "0044", "943 476 5919", "0532013000", "a"])
        | st.text(" -.\u0663xX9", max_size=4),
        max_size=8,
    ).map(" ".join)
    | st.sampled_from(["4111 1111 1111 1111", "GB82WEST12345698765432", "943-476-5919"])
)
def test_what_presidios_recognizers_find_passes_our_tests(ours: Any, text: str) -> None:
    gated, plain = ours(), PRESIDIOS[ours]()
    types = plain.supported_entities
    assert findings(gated, text, types) == findings(plain, text, types)


@settings(deadline=None, database=None, max_examples=80, suppress_health_check=list(HealthCheck))
@given(text=st.text("0123456789.:abf /", max_size=30) | st.sampled_from(["::1", "1.2.3.4"]))
def test_the_cheap_test_for_addresses_lets_all_of_them_pass(text: str) -> None:
    if findings(IpRecognizer(), text, ["IP_ADDRESS"]):
        assert recognizers.may_hold_address(text)


def test_what_is_prepared_compiles_nothing_at_the_first_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recognizer = FormRecognizer([Group("ID", lambda _: True, (Rule("a number", r"no \d+", 0.5),))])
    recognizer.prepare()
    monkeypatch.delattr(regex, "compile")
    assert findings(recognizer, "no 12", ["ID"]) == [("ID", 0, 5, 0.5)]


def test_a_pattern_that_runs_out_of_time_fails_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.anonymizer.patterns.rules.PATTERN_SECONDS", 0.01)
    slow = Group("ID", lambda _: True, (Rule("slow", r"(?:(?:a|a?)+)+[^a]{2}", 0.5),))
    with pytest.raises(TimeoutError):
        FormRecognizer([slow]).analyze("a" * 200, ["ID"])


def test_what_many_texts_need_is_compiled_ahead() -> None:
    lines = (DATA / "journals_long.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [Features(json.loads(line)["text"]) for line in lines]
    recognizer = FormRecognizer()
    recognizer.prepare()
    late = [
        pattern.name
        for group in GROUPS
        if sum(map(bool, map(group.gate, texts))) > len(texts) / 4
        for pattern in group.patterns
        if isinstance(pattern, Rule) and "_compiled" not in vars(pattern)
    ]
    assert late == []
