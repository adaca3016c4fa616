"""Ages that are asked for, felt, reached or given up at, and the numbers that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

AGES = (
    "a man who left school at ⟦thirteen⟧ to carry stone",
    "dads ⟦fiftieth⟧!! we did it today",
    "He'll be ⟦a hundred⟧ if he makes it to Easter",
    "Forgiven. ⟦Twenty-three⟧ feels the same as yesterday",
    "she held the torch, ⟦twelve⟧ and already steadier than me",
    "my nephew, who at ⟦six⟧ thinks it is a game",
    "You're allowed to be ⟦fifty-two⟧ and tired.",
    "driving a cab at ⟦sixty-three⟧ so that I can study",
    '"Miss, are you old?" I told him ⟦thirty⟧.',
    "my three are ⟦4⟧, ⟦9⟧ and ⟦11⟧ now and share one bath",
    "She had me at ⟦eighteen⟧. I had mine at ⟦41⟧.",
    "⟦Forty-four⟧: the age at which I learned to swim",
    "⟦eighty three years⟧ on this earth and no parking fine",
    "My knees feel ⟦ninety⟧; the rest of me is fine",
    "I feel more like ⟦twelve⟧ than ⟦sixty⟧ when she comes in",
    "In June she'll be ⟦one hundred⟧, and she wants a cake",
    "Gran is ⟦a hundred and two⟧ and still cheats at cards",
    "At just ⟦thirteen⟧ he can mend a tractor",
    "They want volunteers of ⟦fifty⟧ and over for the trial",
    "Having reached ⟦fifty-eight⟧ without a driving licence, I bought a bike",
    "we stopped growing up at ⟦twenty-two⟧ and made the rest up",
    "When you hit your ⟦sixties⟧ people talk louder",
    "felt every one of my ⟦fifty-two years⟧ on that slide",
    "in all my ⟦61 years⟧ I never saw a heron land there",
    "\u201cHow old are you?\u201d \u201c⟦Six and a half⟧.\u201d",
    "how old is the little one? ⟦3⟧, I said",
    "They asked for my age, I said ⟦39⟧, he coughed",
    "⟦Twenty-nine⟧ forever, I told the nurse",
    "in that photo he is forever ⟦31⟧.",
    "my knees at ⟦43⟧: gravel",
    "who gets a hernia at ⟦31⟧? me",
    "I gave up smoking at ⟦47⟧ after all those years",
    "my dad came out at ⟦fifty-eight⟧ and we danced",
    "A girl at the bus stop, ⟦fifteen⟧ maybe, asked the time",
    "she'll be ⟦one⟧ on friday, one! where did that go",
    "I feel about ⟦26⟧ with a bad shoulder",
    "Our smallest is ⟦2 and a half⟧ and opens doors",
    "Sober ⟦44M⟧, so the form says",
)
NO_AGES = (
    "left home at ten to catch the bus, two hands, twelve of us, and already late",
    "thirty feels like a lot of boxes. Ten feels too hot, thirty degrees feels different",
    "old to be two of a kind, good to be twenty minutes early",
    "my two are late, our five are 3 minutes away, my three are two short",
    "she is a hundred miles away, he was one hundred and sixty pounds lighter",
    "she is a hundred percent sure, mum was one hundred and twenty out",
    "reached thirty without stopping, said the counter: 30 and over the top",
    "my back feels ten times better, my heart felt like sixty bees",
    "ten years on the team, twelve years on the same street",
    "the bill came out at 45. The average came out at sixty.",
    "we hit our sixty boxes target, reached my twenty pages",
    "every one of my 12 stitches, all of her two suitcases",
    "How old is the milk? 3 days. How old are the tyres? Ask Tom, I said",
    "I stopped smoking at 9 today, quit arguing at two",
    "forever 21st in the queue, gone forever. 30 others too",
    "my hands at 30 degrees, my back at 45 minutes",
    "The bus, fifteen maybe, sixteen maybe, I forget the line",
    "we'll be eight on friday, it will be one on sunday",
    "it feels about 30 with the wind chill",
    "a budget of 44M, and row 12F",
)


@pytest.mark.parametrize("marked", AGES)
def test_an_age_is_found(found_by_patterns: Callable[[str], str], marked: str) -> None:
    assert found_by_patterns(marked) == marked


@pytest.mark.parametrize("text", NO_AGES)
def test_a_number_that_is_no_age_stays(found_by_patterns: Callable[[str], str], text: str) -> None:
    assert found_by_patterns(text) == text
