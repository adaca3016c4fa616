"""Entries put together of calm ones and thoughts."""

from __future__ import annotations

from training.entries.prepared.composed import composed
from training.entries.prepared.passages import passages
from training.entries.record import Record

CALM = Record("We walked. It rained all day. Soup again. The tram was late. No news.", ())
THOUGHT = Record("They all hate me. I know.", ("Alpha",), group="thoughts:1")
REFRAME = Record("They were tired. So was I.", (), weight=1.5, group="thoughts:1")
RECORDS = [CALM, THOUGHT, REFRAME]


def test_a_thought_stands_among_sentences_of_a_calm_entry() -> None:
    found = composed(RECORDS, 200, seed=1)
    assert len(found) == 200
    for record in found:
        assert (THOUGHT.text in record.text) != (REFRAME.text in record.text)
        assert bool(record.labels) == (THOUGHT.text in record.text)
        assert 2 <= sum(sentence in record.text for sentence in CALM.text.split(". ")) <= 5
    assert {record.labels for record in found} == {("Alpha",), ()}
    assert any(record.text.startswith("They") for record in found)
    assert any(not record.text.startswith("They") for record in found)


def test_only_the_thought_carries_the_label() -> None:
    for record in composed(RECORDS, 50, seed=1):
        for passage in passages(record, ("Alpha",)):
            words = record.text[passage.start : passage.end]
            assert passage.targets == ((1.0,) if words == THOUGHT.text else (0.0,))


def test_the_same_seed_makes_the_same_entries() -> None:
    assert composed(RECORDS, 20, seed=1) == composed(RECORDS, 20, seed=1)
    assert composed(RECORDS, 20, seed=1) != composed(RECORDS, 20, seed=2)


def test_marked_sentences_and_what_stands_in_their_place_are_half_of_the_thoughts() -> None:
    day = "We had soup at noon, " + "and more soup after that, " * 12 + "and then we walked home."
    quote, other = "She looked away, so I am nothing to her.", "She looked away and sneezed."
    records = [
        *RECORDS,
        Record(f"{day} {quote}", ("Beta",), evidence=(("Beta", quote),), group="calm:1"),
        Record(f"{day} {other}", (), group="calm:1"),
    ]
    found = composed(records, 400, seed=1)
    marked = [record for record in found if quote in record.text]
    twins = [record for record in found if other in record.text]
    assert {record.labels for record in marked} == {("Beta",)}
    assert {record.labels for record in twins} == {()}
    assert 160 < len(marked) + len(twins) < 240
    assert min(len(marked), len(twins)) > 70


def test_nothing_is_made_without_calm_entries_or_thoughts_with_reframes() -> None:
    assert composed([CALM, Record(THOUGHT.text, THOUGHT.labels)], 5, seed=1) == []
    assert composed([THOUGHT, REFRAME], 5, seed=1) == []
