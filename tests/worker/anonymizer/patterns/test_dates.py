"""Dates in words, in figures and of ISO 8601, and the times of day and fractions that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

IN_WORDS = (
    "born on the ⟦third of march nineteen forty-eight⟧ at home",
    "on ⟦April the twenty-second, two thousand and eleven⟧ it rained",
    "The ⟦twelfth of November twenty nineteen⟧, that is on the letter",
    "On the ⟦first of August⟧ we fly",
    "the ⟦thirtieth of the ninth, two thousand and seven⟧",
    "We came in ⟦nineteen eighty-six⟧ with two suitcases",
    "due the ⟦twenty eighth of february⟧",
    "since ⟦two thousand and four⟧ nothing has grown here",
    "it was ⟦june fifth⟧, the longest week",
    "on the ⟦second of may⟧ i signed",
    "⟦may the ninth⟧ is her day",
    "back in ⟦twenty sixteen⟧ I still had hair",
    "⟦Nineteen seventy-four⟧ was a dry year",
    "on the ⟦seventeenth of the fourth⟧ we met",
    "the ⟦fifth of october, nineteen oh nine⟧ stands on the stone",
    "in ⟦march two thousand nine⟧ we moved",
    "the summer of ⟦nineteen sixty-nine⟧",
    "married in the ⟦winter of 2021⟧, parted since ⟦winter 2021/22⟧, the ⟦summer of '86⟧ was better",
    "Back ⟦Mon 3rd⟧, then ⟦Thu 4th⟧ and ⟦Weds the 10th⟧. On ⟦New Year's Day 2024⟧ he said it.",
    "on ⟦march third⟧ i gave up",
    "⟦thirty-first of December nineteen ninety-nine⟧, all of us on the roof",
    "am ⟦14. März 2020⟧ war alles zu",
    "el ⟦3 de octubre de 2018⟧ nos casamos",
    "le ⟦2 mars 2011⟧ il neigeait",
    "我们⟦2021年3月5日⟧搬家了",
)
WITH_TIMES = (
    "I start on the ⟦8th⟧. Nerves.",
    "⟦2/12⟧. Broke up in the car park.",
    "⟦7/3⟧\nBlood pressure 142/91.",
    "saved ⟦2019-05-04 21:07:33⟧ it says",
    "saved ⟦2019-05-04⟧ at 21:07 it says",
)
NO_DATES_IN_WORDS = (
    "The second of my three wishes came true, the third can wait.",
    "For the ninth time this week I have washed it.",
    "Twenty twenty vision at last, says the optician.",
    "we may march, we march on, she may",
    "first of all, second of all, third of four",
    "the first of many and the fifth of the lot",
    "in twenty minutes, in twenty ten-minute rounds",
    "nineteen minutes, then twenty, then nineteen again",
    "two thousand and eleven steps before lunch",
    "May I sit, may the best one win",
    "the first may be the last",
    "a quarter of an hour, a third of the second bottle",
    "in two thousand steps I was home",
    "eighteen, nineteen, twenty, then I stopped counting",
    "march on, third from the left",
)
IN_FIGURES = (
    "my surgery was moved to the ⟦22nd⟧.",
    "we are going on ⟦Tuesday 4th⟧, all three",
    "county trials in Loughborough ⟦12/04⟧",
    "⟦21/08⟧ ok grades",
    "Court's on ⟦3/11⟧ and I have no tie",
    "his birthday would have been ⟦11/8⟧",
    "quitting after the ⟦28th⟧ when I get paid",
    "bring it back by ⟦5 may⟧ or else",
    "it wrote ⟦2023-11-19⟧T06:42:10Z restless",
    "portal: ⟦17.02.2025⟧T08:15 blood",
    "memo ⟦20240311⟧ again",
    "⟦2022/08/30⟧ 19:04 first line",
    "IMG_⟦20231225⟧_081500.jpg",
    "created Tue, ⟦14 Jan 2025⟧ 09:31:07 +0100",
    "week ⟦2024-W07-3⟧ was long",
    "in ⟦2024W12⟧ I ran",
    "stamp ⟦20240311⟧T0815 on it",
    "the ⟦2024-060⟧T10:00 line",
    "from ⟦2024-03⟧ on",
    "⟦03-Feb-2021⟧ is stamped on it",
    "seen ⟦14/Feb/2021⟧ again",
    "dated ⟦3.4.98⟧ in ink",
    "on ⟦17/02⟧ we signed",
    "⟦11-30-2019⟧ in blue pen",
    "in ⟦'98⟧ we had no phone",
    "early ⟦2019⟧ was calm",
    "⟦christmas 2017⟧ in the van",
    "between ⟦2011⟧ and ⟦2014⟧ i wrote nothing",
    "⟦2010-2014⟧ was school",
    "the ⟦30th of the 9th⟧, never again",
    "on ⟦3rd Jan⟧ and on ⟦Feb 9⟧",
    "⟦12 October⟧, ⟦Oct. 12th⟧",
    "⟦30/07⟧. Rain since five.",
    "Slept badly.\n⟦02/11⟧: slept",
    "⟦12/30⟧\nA memo for nobody",
    "⟦21.03⟧. Erster Tag ohne Husten.",
)
NO_DATES_IN_FIGURES = (
    "after 2 may come the hard part, after 10 march steps we turned",
    "for the 2nd and 3rd time, I woke for the 3rd, then slept",
    "the exam was 7/9 and my scan 1/2 done",
    "court was 7/10 at best, my exam 4/5",
    "after the 28th floor, by 5 may be too late",
    "Alarm 0545, bus 0612, shift 0700 till 1930.",
    "Awake at 03:12, at 04:40 and at 05:55.",
    "mood check 7:30am okay, 13:00 better, 21:45 tired",
    "Ran the 5k in 27:41, second lap in 13:20.",
    "BP 138/86, pain 4/10, 24/7 on call",
    "half of 3/4 cup and 1/2 tsp, on 1/2 a tank",
    "Version 2.14.0 of the app and v1.2.14 too",
    "we won 21-15-9, then 3-2",
    "2000-250 is what I ate, 1850 kcal",
    "from 2000 steps to 2010 steps",
    "by 2015 i was asleep, up at 0540 again",
    "version 10.12.19 and 1.2.3 of it",
    "1920x1080 and 2024px wide",
    "call me at 10.30 or 11.15",
    "the 9th of 12 rounds and the 3rd of the week",
    "08/10 today, the soup helped",
    "we live on the 4th floor, on the 5th try, in the 3rd week",
    "7/10\nFine, nothing much.",
    "3/4\nof a cup of sugar",
    "9/10! Best nap in weeks.",
    "10.30 and nobody is up.",
    "12/08-gauge wire and a hammer",
    "03/04 of a cup is what she wrote",
)


@pytest.mark.parametrize("marked", [*IN_WORDS, *IN_FIGURES, *WITH_TIMES])
def test_a_date_is_found(found_by_patterns: Callable[[str], str], marked: str) -> None:
    assert found_by_patterns(marked) == marked


@pytest.mark.parametrize("text", [*NO_DATES_IN_WORDS, *NO_DATES_IN_FIGURES])
def test_what_is_no_date_stays(found_by_patterns: Callable[[str], str], text: str) -> None:
    assert found_by_patterns(text) == text
