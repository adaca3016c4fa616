"""Names of history, art, myth and fiction, which stand for works and stories: nobody has met them.

"Two hours on the Elgar", "read Akhmatova all night", "dreamt I was Sisyphus": a tagger is right
that these are names, and nobody in the writer's life has them. Some also belong to people who are
met: there the words around must show that the work is meant, or another such name stand in the
text.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from worker.anonymizer.patterns.people.known import is_enjoyed, is_met_there
from worker.anonymizer.patterns.people.words import KIN, ROLE, SOMEBODY
from worker.anonymizer.taggers import lexicon

NAMES = "names_of_culture.txt"
#: What stands behind a name there that people or pets get as well.
_GIVEN = " *"
#: What stands before a person who is met.
_SOMEBODY = re.compile(
    rf"\b(?:{KIN}|{SOMEBODY}|{ROLE}|mrs?|ms|miss|mx|dr|prof(?:essor)?|my|our|friends|with|called|named"
    r"|emailed|texted|phoned|rang|met|to see|love)\.? \Z",
    re.IGNORECASE,
)
#: What somebody does who is met, and hardly a name of culture.
_DOES = re.compile(
    r"(?: and i\b| (?:rang|rings|called|calls|phoned|texted|texts|messaged|emailed|came|comes"
    r"|is coming|picked|dropped|brought|drove|hugged|asked|asks|told|tells|laughed|cried|was here"
    r"|moved)\b)",
    re.IGNORECASE,
)
#: What stands before a work, or behind the name of whoever made it. People are prayed for and get
#: letters: that is no cue.
_WORK_BEFORE = re.compile(
    r"\b(?:(?:the|some|any|no|more|a little|a bit of|by)"
    r"|(?:podcast|documentary|biography|lectures?|essays?|programme|module|exam|coursework|quiz)"
    r" (?:about|on)|surah?|psalm|gospel of|(?:pray(?:ed|ing|s)?|hymns?|offerings?|puja) to"
    r"|(?:statue|feast) of"
    r"|(?:play|practi[sc]|perform|rehears|re-?read)(?:e|s|es|ed|ing)?|reading) \Z",
    re.IGNORECASE,
)
_WORK_BEHIND = re.compile(
    r"(?:['\u2019]s?)? (?:in [A-G]\b|no\. ?\d|op\. ?\d|(?:\w+ )?(?:poems?|sonnets?|sonatas?"
    r"|concertos?|symphon(?:y|ies)|preludes?|etudes?|fugues?|waltz(?:es)?|requiem|quartets?|novels?|plays?"
    r"|essays?|paintings?|prints?|quotes?|exhibition|myth)\b)",
    re.IGNORECASE,
)
#: What stands before a composer or a poet, but also before a friend: of names that are no first
#: names only.
_HEARD_BEFORE = re.compile(
    r"\b(?:listen(?:ed|s|ing)? to(?: some)?|we['\u2019]re doing|i read) \Z", re.IGNORECASE
)
#: What is called after somebody by the surname: "Krebs cycle", "Hess's law".
_CALLED_AFTER = re.compile(
    r"(?:['\u2019]s?)? (?:(?:\w+ )?laws?|cycle|effect|principle|constant|equations?|theorem|scale"
    r"|syndrome|disease|thyroiditis|curve|distribution|reaction|paradox|etudes?|manoeuvre|maneuver"
    r"|triangle|theory|diagram|transform|matrix|hypothesis|gambit)\b",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"['\u2019]s?(?!\w)")
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST_BEFORE = 24
#: From so common on a word is one of everyday life, see `lexicon.PROPERTIES`.
_COMMON = 3


def is_of_culture(text: str, start: int, end: int) -> bool:
    """Whether a name is one of history, art, myth or fiction, and nobody who is met has it here.

    Args:
        text: the text of an entry.
        start: where the name starts.
        end: where it ends.
    """
    name = text[start:end].lower()
    if name not in names():
        return is_enjoyed(text, start, end)
    if is_somebody(text, start, end):
        return False
    if _stands_for_itself(name) or not _is_given(name):
        return True
    before = text[max(0, start - _LONGEST_BEFORE) : start]
    _, first_name, surname, *_rest = lexicon.properties(lexicon.kind(name))
    if not first_name and _CALLED_AFTER.match(text, end):
        return True
    if not (first_name or surname) and _HEARD_BEFORE.search(before):
        return not is_met_there(text, end)
    # "Ruth's poems" may be those of a friend.
    return not _POSSESSIVE.match(text, end) and bool(
        _WORK_BEFORE.search(before) or _WORK_BEHIND.match(text, end) or _has_company(text, name)
    )


def is_somebody(text: str, start: int, end: int) -> bool:
    """Whether the words around a name show that somebody is met who has it."""
    before = text[max(0, start - _LONGEST_BEFORE) : start]
    if _SOMEBODY.search(before):
        return True
    return " " not in text[start:end] and _DOES.match(text, end) is not None


def _stands_for_itself(name: str) -> bool:
    """Whether nobody who is met has the name: one of several words, or one in no list of names."""
    _, first_name, surname, place, _ = lexicon.properties(lexicon.kind(name))
    return " " in name or not (names()[name] or first_name or surname or place)


def _is_given(name: str) -> bool:
    """Whether people or pets get the name."""
    return names()[name] or lexicon.properties(lexicon.kind(name))[1] >= lexicon.RATHER_A_NAME


def _has_company(text: str, name: str) -> bool:
    """Whether the text also holds another such name, which nobody who is met has."""
    others = {word.lower() for word in _WORD.findall(text)} & names().keys()
    return any(
        _stands_for_itself(other)
        for other in others
        if other != name and lexicon.properties(lexicon.kind(other))[0] < _COMMON
    )


@cache
def names() -> dict[str, bool]:
    """The names, in lower case, and whether people or pets get them as well."""
    lines = (files("worker.anonymizer") / "word_lists" / NAMES).read_text("utf-8").splitlines()
    found = (line for line in lines if line and not line.startswith("#"))
    return {line.removesuffix(_GIVEN): line.endswith(_GIVEN) for line in found}
