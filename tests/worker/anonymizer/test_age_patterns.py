"""Ages in all their forms, and the scores, doses, readings and prices that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

AGES = (
    "at ⟦52⟧ i am learning to swim",
    "Who starts piano at ⟦47⟧, honestly?",
    "She died at ⟦81⟧ in her own bed.",
    "I got pregnant at ⟦sixteen⟧ and nobody shouted.",
    "my brother, who's ⟦11⟧, beat me",
    "the one who is ⟦9⟧, she sleeps through everything",
    "a man of ⟦58⟧ sat beside me",
    "a girl of ⟦nine⟧ asked me why",
    "dad just turned ⟦eighty⟧ and danced",
    "He turned ⟦7⟧ in May.",
    "she'll be ⟦forty⟧ next week",
    "he must be ⟦eighty⟧ and he dug the whole bed",
    "Nan would have been ⟦90⟧ today.",
    "the twins are ⟦ten weeks⟧ and loud",
    "my son is ⟦8 months⟧ and crawling",
    "our baby is ⟦six weeks old⟧ now",
    "my ⟦7⟧yo drew a whale",
    "the ⟦3⟧ y/o bit me",
    "my ⟦two-year-old⟧ said no",
    "aged ⟦9⟧ and ⟦12⟧, they run the house",
    "kids' ages: ⟦4⟧, ⟦6⟧ and ⟦11⟧",
    "the kids are ⟦4⟧, ⟦7⟧ and ⟦10⟧.",
    "my boys, ⟦6⟧ and ⟦9⟧, fought over it",
    "my daughter, ⟦14⟧, slammed the door",
    "his son (⟦5⟧) waved",
    "Not bad for ⟦sixty-three⟧, said the mirror.",
    "she looks good for ⟦70⟧!",
    "Wes the tutor is ⟦24⟧ and laughs at me",
    "the midwife was ⟦thirty-one⟧, I asked",
    "The old man upstairs died on Friday. ⟦Eighty-eight⟧.",
    "I have ⟦44 years⟧ and I begin again",
    "when i was ⟦twelve⟧ we moved",
    "I was ⟦8⟧ when it burned down",
    "since I was ⟦fifteen⟧ I have lied about it",
    "at the age of ⟦thirty-one⟧ i cried over a spoon",
    "age ⟦29⟧, single, tired",
    "My age is ⟦38⟧.",
    "he's nearly ⟦60⟧ and still skates",
    "I'm almost ⟦thirty⟧.",
    "I am pushing ⟦fifty⟧.",
    "She is ⟦9⟧ going on ⟦40⟧",
    "as a ⟦19 year old⟧ I knew everything",
    "the big ⟦four-oh⟧ is next week",
    "it's my ⟦thirtieth⟧ birthday",
    "i (⟦28F⟧) live with him (⟦30M⟧)",
    "by ⟦30⟧ I thought I would have a house",
    "My sister is ⟦twenty-two⟧, she knows.",
    "I'm ⟦61 years young⟧",
    "she is ⟦71 years of age⟧",
    "I was only ⟦17⟧, what did I know",
    "they were ⟦5⟧ and ⟦7⟧ when we left",
    "he is ⟦three and a half⟧ and counts everything",
    "mum is ⟦77⟧ and swims in the sea",
    "The patient, ⟦61⟧, was kind to me",
    "The lady at the till must be ⟦seventy⟧ and she called me darling",
)
NO_AGES = (
    "got 94 in physics and 61 in history",
    "Physio says the knee bends to 110 now. When we started it was 70.",
    "Net promoter score came out at 62 for our desk.",
    "BP 128 over 79, temperature 37.2, sats 97.",
    "PHQ-9 was 14 and GAD-7 was 11, both down a little.",
    "I take 50 mg at night and 20 in the morning.",
    "up at 7 and home at nine, then bed at 10",
    "the train at 19 minutes past was late",
    "I woke at 6 and she rang at 8.",
    "tickets were 45 and the parking was 12",
    "it was 31 degrees in the kitchen",
    "she is 5 ft 4 and he is 6 foot",
    "I was 10 minutes late and she was twenty over",
    "I was 3rd and he was first",
    "we are 6 people in 3 rooms",
    "the house is 80 steps away",
    "good for 20 minutes, then not",
    "I have 10 years of experience and 3 years left",
    "I'm 100% sure, he's 50-50",
    "she is one of a kind and he is one",
    "turned 3 pages, turned 180 degrees",
    "page 212 of 640, bus 43, room 12",
    "my weight is 71 and my goal is 65",
    "I was twenty pages in when she was two hours late",
    "My mood is 4 today, yesterday it was 7.",
    "zone two for 40 min, 110-120 bpm",
    "the score was 2 and then 3 at half time",
    "a group of 12 and a box of 50",
    "a man of few words and a woman of many",
    "the kids are 2 hours late and the boys are in 3 teams",
    "died at 3 in the afternoon, married at noon",
    "she is 12 weeks pregnant",
    "I slept for ages, 3 hours",
    "my son is 3 cm taller",
    "he was 20 in line and I was 5 over",
    "I'm two for two this week",
    "music of the 80s and the nineteen nineties feel",
    "set the oven at 180 and then at 160, I burned it",
    "I run at 12 and lift at 40 kg",
    "counted to 30, I felt calmer at 25",
)


@pytest.mark.parametrize("marked", AGES)
def test_an_age_is_found(found_by_patterns: Callable[[str], str], marked: str) -> None:
    assert found_by_patterns(marked) == marked


@pytest.mark.parametrize("text", NO_AGES)
def test_a_number_that_is_no_age_stays(found_by_patterns: Callable[[str], str], text: str) -> None:
    assert found_by_patterns(text) == text
