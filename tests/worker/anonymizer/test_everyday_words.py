"""Words of everyday life and of peoples, which are nobody's names."""

from __future__ import annotations

import lzma
import unicodedata
from importlib.resources import files

import pytest

from worker.anonymizer import everyday_words
from worker.anonymizer.everyday_words import EVERYDAY, PEOPLES, TONGUES, is_everyday
from worker.anonymizer.false_positives import drop_false_positives
from worker.anonymizer.taggers.tagged_span import TaggedSpan

LISTS = files("worker.anonymizer") / "word_lists"


def everyday(text: str, word: str, *, person: bool = True) -> bool:
    start = text.index(word)
    return is_everyday(text, start, start + len(word), person=person)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Egusi waiting in the freezer.", "Egusi"),
        ("Tarka saves everything.", "Tarka"),
        ("threw out the celadon", "celadon"),
        ("Rizatriptan at the first sparkle", "Rizatriptan"),
        ("Pippins again", "Pippins"),
        ("Komorebi is a word for light", "Komorebi"),
        ("Jasmine over the fence.", "Jasmine"),
        ("Two rows done. Rosin on my trousers.", "Rosin"),
        ("I still dream in Dari.", "Dari"),
        ("We speak Welsh at home", "Welsh"),
        ("two Finns in the sauna", "Finns"),
        ("the Punjabi word for it", "Punjabi"),
        ("Sahtein, I said to the empty chair.", "Sahtein"),
        ("she said sahtein to the chair", "sahtein"),
    ],
)
def test_a_word_of_everyday_life_is_nobody(text: str, word: str) -> None:
    assert everyday(text, word)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Jasmine came over.", "Jasmine"),
        ("Jasmine once told me.", "Jasmine"),
        ("with Jasmine over at theirs", "Jasmine"),
        ("Basil died on Tuesday.", "Basil"),
        ("asked poppy again", "poppy"),
        ("Gaz on drums", "Gaz"),
        ("Mr Welsh rang", "Welsh"),
        ("Danish rang at six", "Danish"),
        ("deleted the photos from accra", "accra"),
        ("Nobody knows Oyelaran.", "Oyelaran"),
        ("thanks to Babby for that", "Babby"),
    ],
)
def test_what_may_be_a_name_stays_one(text: str, word: str) -> None:
    assert not everyday(text, word)


def test_strict_privacy_takes_such_words_for_names() -> None:
    text = "Egusi waiting in the freezer."
    found = [TaggedSpan(0, 5, "PERSON", 0.9)]
    assert drop_false_positives(text, found) == []
    assert drop_false_positives(text, found, strict=True) == found


def test_in_lower_case_such_a_word_is_no_organization() -> None:
    assert not everyday("the rosin again", "rosin")
    assert everyday("the rosin again", "rosin", person=False)


@pytest.mark.parametrize("name", [EVERYDAY, TONGUES, PEOPLES])
def test_lists_are_of_single_words_in_order(name: str) -> None:
    data = (LISTS / name).read_bytes()
    text = (lzma.decompress(data) if name.endswith(".xz") else data).decode("utf-8")
    words = [line for line in text.splitlines() if not line.startswith("#")]
    assert words == sorted(set(words))
    assert all(word.isalpha() and word == word.lower() for word in words)
    assert unicodedata.is_normalized("NFC", text)
    readers = (everyday_words.everyday_words, everyday_words.other_tongues, everyday_words.peoples)
    loaded = dict(zip((EVERYDAY, TONGUES, PEOPLES), readers, strict=True))[name]()
    assert loaded == set(words)
