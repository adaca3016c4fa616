"""Pets with ordinary names, rare first names, places, and organizations told by their people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from worker.anonymizer.patterns.gates import WORDS
from worker.anonymizer.patterns.listed import names
from worker.anonymizer.patterns.people.given import FILE as GIVEN_NAMES
from worker.anonymizer.patterns.places.known import FILE as PLACES_FILE
from worker.anonymizer.patterns.places.known import OF_SEVERAL_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

PETS = (
    "⟦Biscuit⟧ snored until ten",
    "then ⟦waffles⟧ threw up behind the sofa",
    "I miss ⟦Pickle⟧ on the stairs",
    "told nobody except ⟦Mochi⟧",
    "took ⟦Noodle⟧ out before the rain",
    "⟦Gravy⟧'s basket is still by the door",
    "⟦Dumpling⟧ is at the vet again",
    "my cat ⟦mango⟧, on the keyboard",
    "his dog ⟦semicolon⟧ sat in the doorway",
)
NO_PETS = (
    "my dog hates fireworks, our cat sulks, her dog barks constantly, my cat asleep on my lap",
    "my lab notebook and his lab coat, our cat cafe visit, my rabbit stew",
    "the old boots sat by the door, grilled mango ran down my chin, midnight came",
    "put cinnamon in with the oats, took button off my coat, made it with Ginger and garlic",
    "a biscuit ate into my budget, the biscuits sat there",
    "I miss Biscuit Joint class, I love pickle",
    "the ginger biscuit came with the tea",
    "took biscuits out of the tin",
    "my dog biscuits, her cat litter, our dog walker, his cat slept",
    "my cat is fine and her dog barked",
    "the vegan haggis is fine, past midnight and I was up",
)
PEOPLE = (
    "⟦fenella⟧ made the tea",
    "and then ⟦Uncle Crab⟧ told the one about the boat",
    "⟦hope⟧ came round with soup",
    "so it was me and ⟦will⟧ and a whiteboard",
)
NO_PEOPLE = (
    "hope lives in small things, grace and i had none of it, dawn came over the hills",
    "it filled me and him and joy",
    "wowie that was a lovely walk in chuka boots",
    "hope springs, grace is a word, will he come",
    "it is on me and will be fine",
    "Uncle Sam, Aunt Flo, a chef knows",
    "fenella_x and x_fenella",
)
PLACES = (
    "we moved in, ⟦22 alder close⟧, our own front door",
    "the flat on ⟦Kastanienweg 9⟧ and the one in ⟦Via dei Mulini⟧",
    "the police station on ⟦calle roble⟧ with my mother",
    "stuck on the ⟦A38⟧ and then ⟦Route 9⟧",
    "practised all the way to ⟦ealing⟧",
    "Mark brought up ⟦Tenerife⟧ again",
    "from ⟦dar es salaam⟧ by coach",
)
NO_PLACES = (
    "a 2 kilometre walk in the rain, 20 squats walk, offering 5 prayers, steering 4 cars",
    "moved on to the M2 laptop, I took route 7 in the game, a herring 2 ways",
    "10 minutes drive, 2 bedroom terrace, 12 people close to me",
    "on the A4 sheet, the B12 jab, off the M shelf",
    "we went via Mum, rua and calle are words",
    "portobello mushrooms for tea",
    "the ealing comedies",
)
OF_PEOPLE = (
    "The CPN, Gareth from ⟦New Leaf⟧, came",
    "the men from the ⟦Lanterns⟧ came too",
    "the ⟦thursday owls⟧ (our study group) met without me",
    "quiz night with the ⟦clever herons⟧ and we lost",
    "I have rung ⟦Oak House⟧ about a bed",
    "he waited outside ⟦torsten's gym⟧ for an hour",
    "⟦durnford uni⟧ is a lot",
    "fined outside ⟦best friends vets⟧ of all places",
    "went down to the ⟦Corner Cup⟧ to be among people",
    "she sang in The ⟦Nook⟧ again",
)
OF_NO_PEOPLE = (
    "the woman from over there asked me, the coach from years ago said so",
    "a quiz against the clock, the nearest opticians, the family solicitors, postgrad uni",
    "to the Inner Child, with the Loving Kindness script, to The Gym, someone from Accounts",
    "the inner critic (the old crew) was loud",
    "hope lives in small things, grace and i had none of it, dawn came over the hills",
    "it filled me and him and joy",
    "wowie that was a lovely walk in chuka boots",
    "the lady from next door rang, the man from the council came",
    "the woman at the front desk said no",
    "the nurse from last week told me",
    "a quiz with the family, the group (our last) met",
    "I rang Mum, I joined in, he phoned Monday",
    "at mum's gym, from the gym, my uni",
    "to the Old Testament class, from the New Year on",
    "a vets visit, the barbers again",
)


@pytest.mark.parametrize("marked", [*PETS, *PEOPLE, *PLACES, *OF_PEOPLE])
def test_what_is_meant_is_found(found_by_patterns: Callable[[str], str], marked: str) -> None:
    assert found_by_patterns(marked) == marked


@pytest.mark.parametrize("text", [*NO_PETS, *NO_PEOPLE, *NO_PLACES, *OF_NO_PEOPLE])
def test_what_is_nobody_and_nowhere_stays(
    found_by_patterns: Callable[[str], str], text: str
) -> None:
    assert found_by_patterns(text) == text


@pytest.mark.parametrize("file", [GIVEN_NAMES, PLACES_FILE, OF_SEVERAL_WORDS])
def test_a_list_holds_each_name_once_and_in_lower_case(file: str) -> None:
    found = names(file)
    assert len(found) > 2_000
    assert len(set(found)) == len(found)
    assert [name for name in found if name != name.lower().strip() or "\u2019" in name] == []
    assert file == OF_SEVERAL_WORDS or all(map(WORDS.fullmatch, found))
