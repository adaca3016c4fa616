"""Counterfactual texts: an entry with first names or pronouns exchanged, and nothing else."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from training.names import known_first

if TYPE_CHECKING:
    from collections.abc import Callable


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: What names are exchanged for: common first names of women and of men, each from all over.
WOMEN = (
    "Emily",
    "Aisha",
    "Mei",
    "Lakshmi",
    "Guadalupe",
    "Ngozi",
    "Katarzyna",
    "Keisha",
    "Leila",
    "Yuki",
    "Siobhan",
    "Rachel",
)
MEN = (
    "James",
    "Mohammed",
    "Wei",
    "Arjun",
    "Diego",
    "Kwame",
    "Piotr",
    "DeShawn",
    "Reza",
    "Hiroshi",
    "Cillian",
    "Joshua",
)
#: First names that are more often other words, even where they begin with a capital.
_WORDS = _set(
    "april august may june sunday monday tuesday wednesday thursday friday saturday christmas "
    "easter god lord mom mum dad mama papa will grace hope joy faith mark i my an a the so art "
    "bill christian dean english king prince queen doctor internet"
)
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2019'][^\W\d_]{2,})*")
_BEFORE_A_SENTENCE = '.!?:;"\u201c(-*\u2022'

_HE = ("he", "him", "his", "his", "himself")
_SHE = ("she", "her", "her", "hers", "herself")
_THEY = ("they", "them", "their", "theirs", "themselves")
_SUBJECT, _OBJECT, _DETERMINER, _POSSESSIVE, _REFLEXIVE = range(5)
_ANY = r"(?:she|he|herself|himself|hers|her|him|his)\b"
#: A pronoun, `'s`, and the next word unless that is one, too.
_PRONOUN = re.compile(rf"\b({_ANY})(['\u2019]s\b)?(\s+)?((?!{_ANY})[a-z]+)?", re.IGNORECASE)
_IRREGULAR = {
    "is": "are",
    "was": "were",
    "has": "have",
    "does": "do",
    "goes": "go",
    "isn": "aren",
    "wasn": "weren",
    "hasn": "haven",
    "doesn": "don",
}
#: After these `her` and `his` stand alone: no noun follows.
_NO_NOUN = _set(
    "a about after again all an and are as at back because before being but by could did do does "
    "down for from had has have he how i if in into is it just more my not now of off on or our "
    "out over she should so than that the there they this to today too tonight up us was we were "
    "what when where which while who why will with would yesterday yet you"
)
_SIBILANT = ("ches", "shes", "sses", "xes", "zes")


def swap_names(text: str, names: tuple[str, ...]) -> str:
    """Each first name exchanged for one of `names`, the same one throughout; no others.

    Only names written as such (`Mira`, in no sentence's beginning alone) are found.
    """
    certain = {
        found.group()
        for found in _WORD.finditer(text)
        if _is_name(found.group()) and not _begins_sentence(text, found.start())
    }
    unused = [name for name in names if name not in certain] or list(names)
    chosen = {
        # By their order in the text, so that the same text is always changed alike.
        name: unused[at % len(unused)]
        for at, name in enumerate(sorted(certain, key=text.index))
    }
    return _WORD.sub(lambda m: chosen.get(m.group(), m.group()), text) if chosen else text


def to_he(text: str) -> str:
    """The entry with `he` for `she`."""
    return _PRONOUN.sub(_to(_HE), text)


def to_she(text: str) -> str:
    """The entry with `she` for `he`."""
    return _PRONOUN.sub(_to(_SHE), text)


def to_they(text: str) -> str:
    """The entry with a singular `they` for `he` and `she`; the next verb follows suit."""
    return _PRONOUN.sub(_to(_THEY), text)


def _begins_sentence(text: str, start: int) -> bool:
    before = text[:start]
    words = before.rstrip()
    return not words or "\n" in before[len(words) :] or words[-1] in _BEFORE_A_SENTENCE


def _is_name(word: str) -> bool:
    return word[0].isupper() and word.lower() not in _WORDS and word in _first_names()


@cache
def _first_names() -> frozenset[str]:
    return known_first()


def _to(forms: tuple[str, ...]) -> Callable[[re.Match[str]], str]:
    def changed(found: re.Match[str]) -> str:
        word, short, space, following = (found.group(n) for n in range(1, 5))
        role = _role(word.lower(), following)
        new = forms[role]
        new = new.capitalize() if word[0].isupper() else new
        rest = (space or "") + (following or "")
        if role == _SUBJECT and forms is _THEY:
            if short:
                # "she's been" is "they've been"; everything else is "they're".
                short = short[0] + ("ve" if following in ("been", "got", "had") else "re")
            elif following:
                rest = (space or "") + _plural(following)
        return new + (short or "") + rest

    return changed


def _role(word: str, following: str | None) -> int:
    if word in ("he", "she"):
        return _SUBJECT
    if word.endswith("self"):
        return _REFLEXIVE
    if word in ("him", "hers"):
        return _OBJECT if word == "him" else _POSSESSIVE
    if following and following.lower() not in _NO_NOUN:
        return _DETERMINER
    return _OBJECT if word == "her" else _POSSESSIVE


def _plural(verb: str) -> str:
    """`says` to `say`; other words as they are."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("ies") and len(verb) > len("dies"):
        return f"{verb[:-3]}y"
    if verb.endswith(_SIBILANT):
        return verb[:-2]
    if verb.endswith("s") and not verb.endswith(("ss", "us", "ways")):
        return verb[:-1]
    return verb
