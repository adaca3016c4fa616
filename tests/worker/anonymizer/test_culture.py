"""Names of history, art, myth and fiction, which stay, and people who have the same names."""

from __future__ import annotations

import pytest

from worker.anonymizer.culture import is_of_culture, names
from worker.anonymizer.false_positives import drop_false_positives
from worker.anonymizer.taggers.tagged_span import TaggedSpan


def of_culture(text: str, name: str) -> bool:
    start = text.index(name)
    return is_of_culture(text, start, start + len(name))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Two hours on the Elgar and no nearer.", "Elgar"),
        ("Read Akhmatova all night.", "Akhmatova"),
        ("read a bit of kafka to the cat", "kafka"),
        ("Dreamt I was Sisyphus on a bus.", "Sisyphus"),
        ("Frida Kahlo on the kitchen wall", "Frida Kahlo"),
        ("Practised some Haydn before work", "Haydn"),
        ("The Homer exhibition was shut", "Homer"),
        ("Listened to Idris Elba the whole way", "Idris Elba"),
        ("half of a Haruki Murakami", "Haruki Murakami"),
        ("messi on the telly", "messi"),
        ("a podcast about Napoleon on the bus", "Napoleon"),
        ("the Krebs cycle, again", "Krebs"),
        ("Zeus and Persephone, says the quiz, and I said Prometheus", "Zeus"),
    ],
)
def test_a_name_of_culture_is_nobody_here(text: str, name: str) -> None:
    assert of_culture(text, name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Zeus ate my sandwich and then the wrapper.", "Zeus"),
        ("Homer is asleep on my feet.", "Homer"),
        ("my kid Sisyphus", "Sisyphus"),
        ("Coffee with Mr Chopin from number six", "Chopin"),
        ("Mahler rang twice and left no message", "Mahler"),
        ("I told Nadia Elgar about it", "Nadia Elgar"),
        ("Nobody knows Oyelaran.", "Oyelaran"),
        ("we prayed for Homer tonight", "Homer"),
        ("wrote a letter to Homer", "Homer"),
        ("Homer's speech made me cry", "Homer"),
        ("a story about Homer, from next door", "Homer"),
        ("Homer exercises every day", "Homer"),
        ("Messi is my neighbour's cat", "Messi"),
    ],
)
def test_somebody_who_is_met_is_somebody(text: str, name: str) -> None:
    assert not of_culture(text, name)


@pytest.mark.parametrize(
    ("text", "names_in_it", "kept"),
    [
        ("Foucault, Fanon, then tea", ("Foucault", "Fanon"), ()),
        ("Kirchhoff's second law", ("Kirchhoff",), ()),
        ("Mahler, Oyelaran and I", ("Mahler", "Oyelaran"), ("Oyelaran",)),
    ],
)
def test_names_of_culture_in_a_list_or_with_a_law(
    text: str, names_in_it: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    spans = [
        TaggedSpan(text.index(name), text.index(name) + len(name), "PERSON", 0.9)
        for name in names_in_it
    ]
    left = drop_false_positives(text, spans)
    assert tuple(text[span.start : span.end] for span in left) == kept


def test_strictly_every_name_goes() -> None:
    text = "Read Akhmatova all night."
    spans = [TaggedSpan(5, 14, "PERSON", 0.99)]
    assert drop_false_positives(text, spans) == []
    assert drop_false_positives(text, spans, strict=True) == spans


def test_the_list_is_in_lower_case_and_in_order() -> None:
    assert list(names()) == sorted(names())
    assert all(name == name.lower() == " ".join(name.split()) for name in names())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("As Cunningham left the room he shook my hand.", "Cunningham"),
        ("I listened to Beattie for an hour.", "Beattie"),
        ("Listening to Fonseca cry next door broke me.", "Fonseca"),
        ("I read Blackwood the riot act.", "Blackwood"),
        ("I sang Foley happy birthday.", "Foley"),
        ("Sam Smith was out for 2 weeks after the operation.", "Sam Smith"),
        ("I had an interview with Kate Bush for the job.", "Kate Bush"),
        ("I put on Taylor Swift's jumper by mistake.", "Taylor Swift"),
        ("I listened to Emma Thompson for an hour, she is my manager.", "Emma Thompson"),
        ("Watching Harry Kane sleep in his cot.", "Harry Kane"),
        ("Gary Neville's tickets were booked by me.", "Gary Neville"),
    ],
)
def test_a_namesake_who_is_met_is_no_celebrity(text: str, name: str) -> None:
    start = text.index(name)
    assert not is_of_culture(text, start, start + len(name))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Listened to Joni Mitchell. Nothing else.", "Joni Mitchell"),
        ("I read Hafez before sleeping.", "Hafez"),
        ("the Colin Firth one, obviously", "Colin Firth"),
        ("Umm Kulthum was playing from three windows.", "Umm Kulthum"),
        ("I tried to play like Ronaldinho.", "Ronaldinho"),
    ],
)
def test_whoever_is_heard_read_or_played_is_no_one_who_is_met(text: str, name: str) -> None:
    start = text.index(name)
    assert is_of_culture(text, start, start + len(name))
