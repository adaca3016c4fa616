"""Texts for load: journal entries put together at random, of realistic lengths, always the same.

Length, not meaning, decides what an entry costs a worker. Lengths are log-normal, as those of
written messages mostly are (Sobkowicz et al. 2013, "Lognormal distributions of user post lengths
in Internet discussions", EPJ Data Science 2:2), cut to 10-150 words with a median of 45.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FEWEST_WORDS = 10
MOST_WORDS = 150
MEDIAN_WORDS = 45
#: About one entry in six is twice the median or longer.
SIGMA = 0.7

SENTENCES = (
    "I woke up before the alarm and listened to the rain for a while.",
    "The bus was late again, so I walked the last two stops.",
    "Work was slow today.",
    "My sister called in the evening and we talked about the summer.",
    "I made soup from what was left in the fridge.",
    "I spent the whole morning on a report that nobody had asked for.",
    "Everyone in the meeting seemed to know more than I did.",
    "I forgot to answer three messages and now it feels too late.",
    "I met Daniel at the bakery and he asked how the new flat is.",
    "The dog slept on my feet while I was reading.",
    "I keep going over the talk we had on Sunday.",
    "If I fail this exam, nothing I do afterwards will matter.",
    "I sat in the park and watched the boats.",
    "My manager said the slides were fine, but I am sure she was only being polite.",
    "I slept badly and drank too much coffee.",
    "For the first time in weeks I cooked a real dinner.",
    "I should have been further along by now.",
    "We are moving to Lisbon in the spring and I have not packed one box.",
    "The doctor said the results look normal.",
    "I went for a run, only two kilometres, but it was something.",
    "Nothing ever works out when I plan it.",
    "Maria brought flowers and stayed for tea.",
    "I was angry about the noise upstairs and then felt silly.",
    "My appointment is on April 14th and I am already nervous.",
    "I did not say what I wanted to say.",
    "The children were loud and happy all afternoon.",
    "I cleaned the kitchen, and that helped a little.",
    "He did not look at me once, so he must be cross with me.",
    "I wrote down five things I can do tomorrow.",
    "It was a good day on the whole.",
    "Someone at the office moved my plant and I laughed about it.",
    "I am always the one who spoils the mood.",
    "The train to Ghent was full, and I stood next to a choir.",
    "I finished the book, and I miss the people in it already.",
    "I felt calm after the lesson, though my back hurts.",
    "They invited everyone else first.",
    "I burned the rice and we ordered pizza instead.",
    "My phone, 0170 5550199, is still the old number and nobody calls it.",
    "I told my brother the truth and he took it well.",
    "Some evenings are just long.",
    "I put on the blue sweater because it makes me feel brave.",
    "The garden needs water, and so do I.",
    "I made one mistake in the form, so the whole application is worthless.",
    "I lay down at nine and stared at the ceiling until midnight.",
    "At the market an old man taught me how to choose a melon.",
    "Write to me at lena.k@example.org, I told her, and I meant it.",
)


def random_texts(seed: int) -> Iterator[str]:
    """Endless texts, the same ones for the same seed."""
    source = random.Random(seed)  # noqa: S311 - variety, not secrecy
    while True:
        aim = source.lognormvariate(math.log(MEDIAN_WORDS), SIGMA)
        sentences: list[str] = []
        words = 0
        while words < max(FEWEST_WORDS, min(aim, MOST_WORDS)):
            sentence = source.choice(SENTENCES)
            if words and words + len(sentence.split()) > MOST_WORDS:
                break
            sentences.append(sentence)
            words += len(sentence.split())
        yield " ".join(sentences)
