"""What is known of each sentence of an entry."""

from __future__ import annotations

import math

from training.entries.prepared.passages import Passage, passages
from training.entries.record import Record

NAMES = ("Alpha", "Beta", "Gamma")
TEXT = "We met Ngozi. She hates me. I know it! Then soup."


def shown(record: Record) -> list[tuple[str, str]]:
    """The passages as words and targets; `?` where it is not known."""
    return [
        (
            record.text[passage.start : passage.end],
            "".join("?" if math.isnan(value) else f"{value:g}" for value in passage.targets),
        )
        for passage in passages(record, NAMES)
    ]


def test_a_marked_sentence_shows_its_label_and_the_others_do_not() -> None:
    record = Record(TEXT, ("Alpha",), evidence=(("Alpha", "She hates me."),))
    assert shown(record) == [
        ("We met Ngozi.", "000"),
        ("She hates me.", "100"),
        ("I know it!", "000"),
        ("Then soup.", "000"),
    ]


def test_sentences_of_one_quote_are_one_passage() -> None:
    record = Record(TEXT, ("Alpha",), evidence=(("Alpha", "She hates me. I know it!"),))
    assert shown(record)[1] == ("She hates me. I know it!", "100")
    assert len(shown(record)) == 3


def test_several_quotes_have_a_passage_each() -> None:
    evidence = (("Alpha", "She hates me."), ("Beta", "I know it!"), ("Gamma", "I know it!"))
    record = Record(TEXT, NAMES, evidence=evidence)
    assert [targets for _, targets in shown(record)] == ["000", "100", "011", "000"]


def test_a_label_without_evidence_may_be_in_any_other_sentence() -> None:
    record = Record(TEXT, ("Alpha", "Beta"), evidence=(("Alpha", "She hates me."),))
    assert [targets for _, targets in shown(record)] == ["0?0", "1?0", "0?0", "0?0"]


def test_an_unknown_label_is_unknown_everywhere() -> None:
    record = Record(TEXT, (), unknown=frozenset({"Gamma"}))
    assert {targets for _, targets in shown(record)} == {"00?"}


def test_nothing_is_known_of_sentences_whose_labels_are_not_marked() -> None:
    assert passages(Record(TEXT, ("Alpha",)), NAMES) == ()
    assert passages(Record(TEXT, (), shares={"Beta": 0.4}), NAMES) == ()


def test_a_text_of_one_sentence_has_no_passages() -> None:
    assert passages(Record("It rained.", ()), NAMES) == ()


def test_a_line_is_a_sentence() -> None:
    record = Record("- soup\n- rain\n", ())
    assert passages(record, ("Alpha",)) == (
        Passage(0, 7, (0.0,)),
        Passage(7, 14, (0.0,)),
    )
