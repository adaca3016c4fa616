"""Names that are also words, and the words beside them that show which they are."""

from __future__ import annotations

import pytest

from worker.anonymizer.ordinary_use import is_used_as_word


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("then he will go", "will", True),
        ("then will rang", "will", False),
        ("they want us to chase leads", "chase", True),
        ("had to mark my own", "mark", True),
        ("gave it to mark yesterday", "mark", False),
        ("it ends in april", "april", True),
        ("asked april again", "april", False),
        ("I can wait until April", "April", True),
        ("Then April rang", "April", False),
        ("Hope is a fire", "Hope", True),
        ("Hope rang", "Hope", False),
        ("its sunny here", "sunny", True),
        ("nothing from sunny yet", "sunny", False),
        ("so olumide came", "olumide", False),
    ],
)
def test_the_words_beside_a_word_show_that_it_is_no_name(
    text: str, word: str, expected: bool
) -> None:
    start = text.index(word)
    assert is_used_as_word(text, start, start + len(word)) is expected
