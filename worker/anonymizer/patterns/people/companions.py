"""Pets, and people with nicknames or names that are ordinary words, by what stands beside them.

The tagger finds names that look like names. Of "Ghost the hamster" and "a lad called Spud" only the
words around tell that somebody is meant. Scores are below those of the tagger, whose type counts.
"""

from __future__ import annotations

from worker.anonymizer.patterns.capitals import CAPITAL, may_be_a_name
from worker.anonymizer.patterns.gates import any_word, every, matching
from worker.anonymizer.patterns.people.words import SOMEBODY, SOMEBODY_WORDS
from worker.anonymizer.patterns.rules import Group, Rule
from worker.anonymizer.taggers import lexicon

_SCORE = 0.5
_ANIMAL_WORDS = (
    "dog doggo pup puppy cat kitten kitty hamster rabbit bunny parrot budgie cockatiel canary pony "
    "horse mare gelding donkey goat tortoise turtle gerbil ferret lizard gecko guinea hedgehog "
    "collie terrier spaniel labrador lab retriever whippet greyhound lurcher poodle beagle "
    "dachshund pug husky corgi tabby"
)
_ANIMAL = rf"(?:{'|'.join(_ANIMAL_WORDS.split())}(?: pig)?)"
_WHOSE = (
    r"(?:my|our|his|her|their|your|the|an?|mum['\u2019]?s|mom['\u2019]?s|dad['\u2019]?s"
    r"|nan['\u2019]?s)"
)
#: Names of things, of days and of times that stand beside an animal and are not its name.
_NO_PET = (
    r"(?!(?:show|food|park|walker|owner|lover|rescue|shelter|person|people|lady|sitter|house|bed"
    r"|days?|year|mum|dad|he|she|it|i|is|was|has|had|who|but|and|or|so|then|which|that|one|woman"
    r"|man|boy|girl|club|training|class|trainer|whisperer|star|fish|pie|trojan|dark|rocking|sea)\b)"
)
#: What one does with "the dog", also in a list where each task has a capital.
_CARE = (
    "(?:feed|fed|walk(?:ed|ing)?|brush(?:ed)?|wash(?:ed)?|bath(?:ed)?|bathe|groom|take|took|find"
    "|found|get|got|clean(?:ed)?|pet|petted|stroke|hug|hugged|cuddle|train|worm|collect|fetch|ride"
    "|rode|let|see|call|calm|hold|held|give|gave|love|miss|watch(?:ed)?|of|for|by|like|bring|put"
    "|buy|play with)"
)
PETS = Group(
    "PERSON",
    every(any_word(_ANIMAL_WORDS), matching("[A-Z][a-z]")),
    (
        Rule(
            "the dog ...",
            rf"\b{_WHOSE} (?:[a-z]{{2,12}} ){{0,2}}{_ANIMAL}"
            rf"(?: (?:is )?(?:called|named)|'s name is)? \K{_NO_PET}{CAPITAL}",
            _SCORE,
            may_be_a_name,
        ),
        Rule(
            "my dog, ...",
            rf"\b(?:my|our|his|her|their|an?) (?:[a-z]{{2,12}} ){{0,2}}{_ANIMAL},"
            rf" \K{_NO_PET}{CAPITAL}",
            _SCORE,
            may_be_a_name,
        ),
        Rule(
            "the dog, ...,", rf"\bthe {_ANIMAL}, \K{_NO_PET}{CAPITAL}(?=,)", _SCORE, may_be_a_name
        ),
        Rule(
            "..., my dog",
            rf"{_NO_PET}{CAPITAL}(?=, (?:my|our|his|her|their) (?:[a-z]{{2,12}} ){{0,2}}{_ANIMAL}\b"
            rf"(?! \w))",
            _SCORE,
            may_be_a_name,
        ),
        Rule(
            "... (a dog)",
            rf"{_NO_PET}{CAPITAL}(?= \((?:{_WHOSE} )?(?:[a-z]{{2,12}} ){{0,2}}{_ANIMAL}\b)",
            _SCORE,
            may_be_a_name,
        ),
        Rule(
            "... the dog",
            rf"(?<=[a-z,] )(?!{_CARE}\b){_NO_PET}{CAPITAL}(?= the (?:[a-z]{{2,12}} )?{_ANIMAL}\b)",
            _SCORE,
            may_be_a_name,
        ),
    ),
)
VETS = Group(
    "PERSON",
    every(any_word("sleep vet vets"), matching(" [A-Z][a-z]")),
    (
        Rule("put to sleep", rf"\bput(?:ting)? \K{CAPITAL}(?= to sleep\b)", _SCORE, may_be_a_name),
        Rule(
            "to the vet",
            rf"\b(?:take|takes|taking|took|bring|brought|rush|rushed|get|got) \K{CAPITAL}"
            r"(?= (?:back )?(?:to|at) the vets?\b)",
            _SCORE,
            may_be_a_name,
        ),
    ),
)
_VOICE_WORDS = (
    "purr purrs purred purring meow meows meowed meowing miaow miaowed bark barks barked barking "
    "wagged wagging"
)
VOICES = Group(
    "PERSON",
    every(any_word(_VOICE_WORDS), matching("[A-Z][a-z]")),
    (
        Rule(
            "purrs",
            rf"{_NO_PET}{CAPITAL}"
            rf"(?= (?:is |was |just |still |always )?(?:{'|'.join(_VOICE_WORDS.split())})\b)",
            _SCORE,
            may_be_a_name,
        ),
    ),
)
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
_ANYBODY = rf"(?:{SOMEBODY}|{_ANIMAL}|{'|'.join(_MORE_PEOPLE_WORDS.split())})"
CALLED = Group(
    "PERSON",
    every(
        any_word("called named nicknamed call calls"),
        any_word("he she him her hes shes", SOMEBODY_WORDS, _ANIMAL_WORDS, _MORE_PEOPLE_WORDS),
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
_RESPECT_WORDS = (
    "tita tito kuya lola lolo nanay tatay ninang ninong manang manong aling aunty oga alhaji "
    "alhaja mallam ustaz ustadh sheikh hajji hajja abuela abuelo tia tio oma opa tante tannie "
    "oom babcia ciocia wujek dziadek tetka babushka dedushka nonna nonno zia zio yiayia "
    "pappou halmoni bhaiya bhabhi chacha chachi mausi dadi akka thatha paati ajji amma appa "
    "periamma khala phuppo bibi babu mzee cucu shosho guka bwana mwalimu gogo mkhulu malume "
    "bhuti kakak abang mbak bapak ibu nenek whaea matua taid mamgu mamo daideo kokum papi"
)
_PARENT_WORDS = "mama baba papa"
#: How common rare words are at most, see `lexicon.PROPERTIES`.
_RARE = 1


def _is_no_word(text: str, start: int, end: int) -> bool:
    """Whether a word in lower case is none of English, or a first name rather than a word."""
    frequency, first_name, *_ = lexicon.properties(lexicon.kind(text[start:end]))
    return frequency <= _RARE or first_name >= lexicon.RATHER_A_NAME


TITLES = Group(
    "PERSON",
    any_word(_RESPECT_WORDS, _PARENT_WORDS),
    (
        Rule(
            "title of respect",
            rf"\b(?:{'|'.join(_RESPECT_WORDS.split())}) \K(?!maria\b){CAPITAL}",
            _SCORE,
        ),
        Rule(
            "title of respect, in lower case",
            rf"(?-i:\b(?:{'|'.join(_RESPECT_WORDS.split())}) \K[a-z][\w'\u2019-]{{2,20}})",
            _SCORE,
            _is_no_word,
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
GROUPS = (PETS, VETS, VOICES, NAME_IS, CALLED, TITLES, MARRIED)
