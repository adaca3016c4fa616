"""People with nicknames or names that are ordinary words, by what stands beside them.

The tagger finds names that look like names. Of "a lad called Spud" only the words around tell that
somebody is meant. Scores are below those of the tagger, whose type counts.
"""

from __future__ import annotations

from worker.anonymizer.patterns.capitals import CAPITAL, may_be_a_name
from worker.anonymizer.patterns.gates import any_word, every, matching
from worker.anonymizer.patterns.people.pets import ANIMAL, ANIMAL_WORDS
from worker.anonymizer.patterns.people.words import RESPECT_WORDS, SOMEBODY, SOMEBODY_WORDS
from worker.anonymizer.patterns.rules import Group, Rule
from worker.anonymizer.taggers import lexicon

_SCORE = 0.5
NAME_IS = Group(
    "PERSON",
    every(any_word("name"), matching("(?i:name(?:['\u2019]s| is| was| will be) )")),
    (
        Rule(
            "somebody's name is",
            r"\b(?:his|her|their|its|whose|real|dog['\u2019]s|cat['\u2019]s|baby['\u2019]s)"
            rf" name(?:['\u2019]s| is| was| will be) (?:actually |now )?\K{CAPITAL}",
            _SCORE,
            may_be_a_name,
        ),
    ),
)
#: What "called" is followed by where nobody gets a name.
_NO_NICKNAME = (
    r"(?!(?:me|him|her|it|us|them|you|out|off|up|in|back|to|at|on|by|for|from|over|the|a|an|my|his"
    r"|our|their|your|this|that|names?|again|and|or|but|when|because|after|before|about|into"
    r"|round|around|with|as|if|so|not|what|last|mum|mom|dad|away|upon|here|there|early|late|every"
    r"|just|like|maybe|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b)"
)
_NICKNAME = rf"{_NO_NICKNAME}[^\W\d_][\w'\u2019-]{{1,20}}"
_MORE_PEOPLE_WORDS = "friend nurse neighbour neighbor colleague cousin baby"
_ANYBODY = rf"(?:{SOMEBODY}|{ANIMAL}|{'|'.join(_MORE_PEOPLE_WORDS.split())})"
CALLED = Group(
    "PERSON",
    every(
        any_word("called named nicknamed call calls"),
        any_word("he she him her hes shes", SOMEBODY_WORDS, ANIMAL_WORDS, _MORE_PEOPLE_WORDS),
    ),
    (
        Rule(
            "somebody called",
            rf"\b{_ANYBODY}(?: (?:is|was|i|we|they|he|she|who|at \w{{1,12}}|from \w{{1,12}}"
            rf"|in \w{{1,12}}))? (?:called|named|nicknamed) \K(?-i:(?=[A-Z])){_NICKNAME}",
            _SCORE,
            may_be_a_name,
        ),
        Rule(
            "she's called",
            rf"\b(?:he|she)(?:['\u2019]s| is| was) (?:called|named) \K{_NO_NICKNAME}{CAPITAL}"
            rf"|\bcalls? (?:her|him) \K{_NO_NICKNAME}{CAPITAL}(?=[.,!?]|$)",
            _SCORE,
            may_be_a_name,
        ),
        # In lower case "the nurse called reception" gives nobody a name.
        Rule(
            "somebody called, in lower case",
            rf"\b(?:an?|this|some|another|new) (?:\w{{2,12}} )?{_ANYBODY}(?: (?:is|was))?"
            rf" (?:called|named|nicknamed) \K{_NICKNAME}|\b{_ANYBODY} (?:is|was) (?:called|named"
            rf"|nicknamed) \K{_NICKNAME}|\b{_ANYBODY} nicknamed \K{_NICKNAME}",
            _SCORE,
            may_be_a_name,
        ),
    ),
)
_PARENT_WORDS = "mama baba papa"
_RELATED_WORDS = "uncle aunt auntie"
#: How common rare words are at most, see `lexicon.PROPERTIES`.
_RARE = 1


def _is_no_word(text: str, start: int, end: int) -> bool:
    """Whether a word in lower case is none of English, or a first name rather than a word."""
    frequency, first_name, *_ = lexicon.properties(lexicon.kind(text[start:end]))
    return frequency <= _RARE or first_name >= lexicon.RATHER_A_NAME


TITLES = Group(
    "PERSON",
    any_word(RESPECT_WORDS, _PARENT_WORDS, _RELATED_WORDS),
    (
        Rule(
            "title of respect",
            rf"\b(?:{'|'.join(RESPECT_WORDS.split())}) \K(?!maria\b){CAPITAL}",
            _SCORE,
        ),
        Rule(
            "title of respect, in lower case",
            rf"(?-i:\b(?:{'|'.join(RESPECT_WORDS.split())}) \K[a-z][\w'\u2019-]{{2,20}})",
            _SCORE,
            _is_no_word,
        ),
        Rule(
            "uncle ...",
            rf"\b(?:{'|'.join(_RELATED_WORDS.split())}) \K(?!(?:sam|tom['\u2019]s|ben['\u2019]s|flo"
            rf"|bob|fester|jemima|anne['\u2019]s|knows?|said|came|rang|is|was)\b){CAPITAL}",
            _SCORE,
            may_be_a_name,
        ),
        Rule(
            "a parent of somebody",
            rf"\b(?:{'|'.join(_PARENT_WORDS.split())}) "
            rf"\K(?!(?:mia|bear|smurf|gh?anoush|johns?|pepe|pig|duck)\b){CAPITAL}",
            _SCORE,
            may_be_a_name,
        ),
    ),
)
#: Nobody is called an ordinary word as often as somebody with a title: "mrs button next door".
MARRIED = Group(
    "PERSON",
    any_word("mr mrs mx"),
    (
        Rule(
            "mr ...",
            r"\b(?:mrs?|mx)\.? \K(?!(?:and|or|who|is|was|perfect|right|wrong|nobody|nice guy)\b)"
            r"[^\W\d_][\w'\u2019-]{1,20}",
            _SCORE,
        ),
    ),
)
_NAMES_THAT_ARE_WORDS = (
    "hope grace faith joy mercy will mark rose lily daisy poppy ivy violet iris ruby amber jade "
    "pearl crystal frank rob bob nick jack ray drew miles glen robin wren hazel holly heather"
)
#: Those that hardly stand beside "me" as words.
_NAMES_BESIDE_ME = (
    "will mark lily daisy poppy ruby frank rob bob nick jack ray drew miles glen hazel"
)
#: What only people do, with what is lost by it: "hope came round with soup".
_ONLY_PEOPLE = (
    r"(?:ghosted|came round|texted|messaged|phoned|emailed|rang (?:me|us|again|to)|sent (?:me|us|a)"
    r"|told (?:me|us)|asked (?:me|us)|hugged|invited|picked me|dropped me|drove me|blocked"
    r"|unfollowed|lent me)"
)
IN_SMALL_LETTERS = Group(
    "PERSON",
    any_word(_NAMES_THAT_ARE_WORDS),
    (
        Rule(
            "hope came round",
            rf"(?-i:(?:^|(?<=[.!?\n] |[-\u2022*] ))(?:{'|'.join(_NAMES_THAT_ARE_WORDS.split())}))"
            rf"(?= {_ONLY_PEOPLE}\b)",
            _SCORE,
        ),
        Rule(
            "me and will",
            r"\b(?:me|him|her|us|with|w) and "
            rf"(?-i:(?P<it>{'|'.join(_NAMES_BESIDE_ME.split())}))"
            r"(?=\s*(?:[.,!?)]|$)| (?:and|at|went|were|are|had|on|from)\b)",
            _SCORE,
        ),
    ),
)
GROUPS = (NAME_IS, CALLED, TITLES, MARRIED, IN_SMALL_LETTERS)
