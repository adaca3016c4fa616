"""Cutting long texts: nothing dropped, nothing too long, sentences whole where they can be."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.models.windows import cut, sentence_ends

TEXTS = st.lists(
    st.sampled_from(["a", "bc", "def", ".", "!", "?", " ", " ", "\n", "ü", "。", ".)", "😀"]),
    max_size=60,
).map("".join)


def tokens_of(text: str) -> list[tuple[int, int]]:
    """Each character that is no white space is a token: words have many, as in WordPiece."""
    return [(i, i + 1) for i, character in enumerate(text) if not character.isspace()]


def pieces_of(text: str, room: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    tokens = tokens_of(text)
    return tokens, cut(range(len(tokens)), tokens, sentence_ends(text), room)


@settings(database=None)
@given(TEXTS, st.integers(1, 20))
def test_every_token_is_in_one_piece_in_order_and_none_is_too_long(text: str, room: int) -> None:
    tokens, pieces = pieces_of(text, room)
    assert [i for start, stop in pieces for i in range(start, stop)] == list(range(len(tokens)))
    assert all(0 < stop - start <= room for start, stop in pieces)


@settings(database=None)
@given(TEXTS, st.integers(1, 20))
def test_a_cut_is_at_a_sentences_end_unless_none_is_in_reach(text: str, room: int) -> None:
    tokens, pieces = pieces_of(text, room)
    ends = sentence_ends(text)
    first_behind = {next((i for i, t in enumerate(tokens) if t[0] >= end), None) for end in ends}
    for (start, stop), _ in pairwise(pieces):
        if stop not in first_behind:
            assert not first_behind & set(range(start + 1, start + room + 1))


@settings(database=None)
@given(TEXTS, st.integers(1, 20))
def test_a_sentence_too_long_is_cut_between_words_where_it_can_be(text: str, room: int) -> None:
    tokens, pieces = pieces_of(text, room)
    for (start, stop), _ in pairwise(pieces):
        if tokens[stop][0] == tokens[stop - 1][1] and text[tokens[stop - 1][0]] not in ".!?。)":
            gaps = [
                i for i in range(start + 1, start + room + 1) if tokens[i][0] > tokens[i - 1][1]
            ]
            assert not gaps


def test_sentences_stay_whole() -> None:
    text = "One two. Three four! Five six?"
    _, pieces = pieces_of(text, 18)
    tokens = tokens_of(text)
    assert [text[tokens[a][0] : tokens[b - 1][1]] for a, b in pieces] == [
        "One two. Three four!",
        "Five six?",
    ]


def test_words_stay_whole_in_a_sentence_too_long() -> None:
    text = "one two three four five six"
    tokens, pieces = pieces_of(text, 8)
    assert [text[tokens[a][0] : tokens[b - 1][1]] for a, b in pieces] == [
        "one two",
        "three",
        "four",
        "five six",
    ] or all(re.fullmatch(r"[a-z ]+", text[tokens[a][0] : tokens[b - 1][1]]) for a, b in pieces)
    assert all(tokens[b][0] > tokens[b - 1][1] for _, b in pieces[:-1])


def test_one_endless_word_is_cut_at_the_room() -> None:
    _, pieces = pieces_of("x" * 25, 10)
    assert pieces == [(0, 10), (10, 20), (20, 25)]


def test_without_white_space_words_stay_whole_if_it_is_told_where_they_begin() -> None:
    tokens = [(i, i + 1) for i in range(10)]
    pieces = cut(range(10), tokens, [], 4, [0, 3, 4, 5, 10])
    assert pieces == [(0, 4), (4, 5), (5, 9), (9, 10)]


@pytest.mark.parametrize(
    "text",
    [
        "." * 20_000 + "x",
        '."' * 10_000 + "x",
        "." + "'" * 20_000 + "x",
        "\u3002" * 20_000,
        "a.\n" * 7_000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    started = time.monotonic()
    ends = sentence_ends(text)
    cut(range(len(text)), [(i, i + 1) for i in range(len(text))], ends, 254)
    assert time.monotonic() - started < 0.5


def test_a_text_that_fits_is_one_piece_and_none_is_none() -> None:
    assert pieces_of("One. Two. Three.", 16)[1] == [(0, 14)]
    assert pieces_of(" \n ", 16)[1] == []


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two", ["One."]),
        ("It cost 3.50 today. Really", ["It cost 3.50 today."]),
        ('She said "no." Then', ['She said "no."']),
        ("line\nbreak\n\nmore", ["line\n", "break\n\n"]),
        ("你好。我很好！吗？", ["你好。", "我很好！", "吗？"]),
        ("Wait... what?! Yes", ["Wait...", " what?!"]),
        ("no end at all", []),
        ("", []),
    ],
)
def test_where_sentences_end(text: str, sentences: list[str]) -> None:
    ends = [0, *sentence_ends(text)]
    assert [text[a:b] for a, b in pairwise(ends)] == sentences
