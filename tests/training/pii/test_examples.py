"""Generated examples: spans say what is in them, whatever was done to the text."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from itertools import chain

import pytest

from training import names
from training.errors import DataError
from training.pii.generation.generate import _excerpt, concatenated, fill, generate
from training.pii.generation.templates import Templates
from training.pii.generation.writing import written
from training.pii.mining import mine
from training.pii.values import places
from training.pii.values.slot_types import TYPE_OF_SLOT, TYPES
from training.pii.values.slots import Slots
from training.pii.values.word_lists import THINGS, WORDS, word_lists


@pytest.fixture(scope="module")
def slots() -> Slots:
    return Slots(random.Random(3))


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates.shipped()


def test_every_shipped_template_fills(slots: Slots, templates: Templates) -> None:
    for template in chain(*templates.pools()):
        example = fill(template, slots)
        assert not re.search(r"\{[A-Z]+\}|\[\[|\]\]", example.text)
        found = re.findall(r"\{([A-Z]+)\}|\|([A-Z_]+)\]\]", template)
        kinds = [TYPE_OF_SLOT.get(slot, kind) for slot, kind in found]
        kinds = [kind for kind in kinds if kind]
        assert [span.type for span in example.spans] == kinds


def test_templates_without_personal_data_have_none(templates: Templates, slots: Slots) -> None:
    without = (*templates.traps, *templates.plain, *templates.everyday)
    assert all(not fill(template, slots).spans for template in without)


@pytest.mark.parametrize("seed", range(30))
def test_spans_keep_their_words_through_every_change(slots: Slots, seed: int) -> None:
    rng = random.Random(seed)
    parts = [
        fill("so {FIRST} met Dr {LAST} in {CITY}, which is quite lovely", slots) for _ in range(3)
    ]
    before = concatenated(parts, rng)
    after = written(before, rng)
    assert [s.type for s in after.spans] == [s.type for s in before.spans]
    for old, new in zip(before.spans, after.spans, strict=True):
        was, is_now = before.text[old.start : old.end], after.text[new.start : new.end]
        assert was.upper().casefold() == is_now.upper().casefold()  # a dotless i has its own way


def test_words_of_a_type_stay_and_their_marks_go(slots: Slots) -> None:
    found = fill("[[Hope|PERSON]] met {FIRST} at [[The Copper Kettle|ORGANIZATION]].", slots)
    assert found.text.startswith("Hope met ")
    assert found.text.endswith(" at The Copper Kettle.")
    assert [span.type for span in found.spans] == ["PERSON", "PERSON", "ORGANIZATION"]


def test_an_excerpt_of_a_long_template_cuts_no_slot() -> None:
    template = "I ran. Then [[Dr. A. Hope|PERSON]] rang. {CITY} was wet. " * 8
    for seed in range(40):
        found = _excerpt(template, random.Random(seed))
        assert found in template
        assert found.count("[[") == found.count("]]")
        assert found.count("{") == found.count("}")


def test_the_same_seed_gives_the_same_examples(templates: Templates) -> None:
    assert list(generate(templates, 40, 5)) == list(generate(templates, 40, 5))
    assert list(generate(templates, 40, 5)) != list(generate(templates, 40, 6))


def test_an_unknown_slot_is_named(slots: Slots) -> None:
    with pytest.raises(DataError, match="NOBODY"):
        fill("a {NOBODY} here", slots)


@pytest.mark.parametrize("slot", [*TYPE_OF_SLOT, *word_lists(THINGS), "TITLE", "NUM"])
def test_values_are_varied_and_not_empty(slots: Slots, slot: str) -> None:
    values = {slots.draw(slot) for _ in range(60)}
    assert all(value.strip() for value in values)
    assert len(values) > 5


def test_names_come_from_many_countries() -> None:
    found = names.load()
    assert len(found.first) > 40
    assert {"Jane", "Ngozi", "Haruto"} & names.known_first()


def test_mining_makes_slots_of_names_and_leaves_out_the_unclear() -> None:
    people, none = mine(
        [
            "Yesterday I told Jane about it. It was raining all day long.",
            "We went to Frobnitz together. He was twelve in 1999. I am 34 years old.",
            "it was yesterday, we were told",
        ]
    )
    assert people == ["Yesterday I told {FIRST} about it."]
    assert none == ["It was raining all day long.", "it was yesterday, we were told"]


def test_the_types_are_those_of_the_slots() -> None:
    assert set(TYPE_OF_SLOT.values()) == set(TYPES)


def test_places_exist_and_are_no_ordinary_words() -> None:
    found = places.load()
    rng = random.Random(1)
    cities = {city.lower() for city in (*found.english[0], *found.world[0])}
    assert {"footscray", "bari", "detroit"} <= cities
    assert not {"nice", "reading", "bath", "orange"} & cities
    drawn = [found.draw_city(rng) for _ in range(2000)]
    assert len(set(drawn)) > 1500
    assert {"Texas", "Ohio"} <= {found.draw_region(rng) for _ in range(1000)}


def test_each_list_of_things_is_a_slot_without_a_type() -> None:
    found = word_lists(THINGS)
    assert "Tetris" in found["GAME"]
    assert not any(thing != thing.strip() or not thing for each in found.values() for thing in each)
    assert not set(found) & set(TYPE_OF_SLOT)


def test_every_list_of_words_is_read_whole() -> None:
    found = word_lists(WORDS)
    assert len(found["MONTHS"]) == 12
    assert found["WEEKDAYS"][::6] == ("Monday", "Sunday")
    assert not any("|" in word or "#" in word for words in found.values() for word in words)


def test_examples_do_not_depend_on_the_order_of_sets() -> None:
    """A process has an order of its own; training runs are processes."""
    slot = "{CITY} {FIRST} {LAST}, {STREET}, {ORG}"
    code = (
        "from training.pii.generation.generate import generate\n"
        "from training.pii.generation.templates import Templates\n"
        f"for one in generate(Templates((), (), (), ({slot!r},)), 400, 13): print(one)"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1
