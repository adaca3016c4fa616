"""First names that the tagger's lexicon does not hold.

Its first names are those of children in the United States. "fenella" and "halinka" are in none of
its lists, and in small letters, or where a sentence begins, the tagger often takes them for words.
"""

from __future__ import annotations

from worker.anonymizer.patterns.listed import ListedWords
from worker.anonymizer.patterns.rules import Group
from worker.anonymizer.taggers.decisions import begins_sentence

FILE = "given_names.txt"


def _is_meant(text: str, start: int, _: int) -> bool:
    """Whether a word that is a name has a capital, and not from the beginning of a sentence."""
    return text[start].isupper() and not begins_sentence(text, start)


_WORDS = ListedWords(FILE, _is_meant)
GROUPS = (Group("PERSON", _WORDS.gate, (_WORDS,)),)
