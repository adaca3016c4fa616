"""Pets, and people with nicknames or names that are ordinary words, by what stands beside them.

The tagger finds names that look like names. Of "Ghost the hamster" and "a lad called Spud" only the
words around tell that somebody is meant. Scores are below those of the tagger, whose type counts.
"""

from __future__ import annotations

from worker.anonymizer.patterns.capitals import CAPITAL
from worker.anonymizer.patterns.gates import any_word, every, matching
from worker.anonymizer.patterns.people import SOMEBODY, SOMEBODY_WORDS
from worker.anonymizer.patterns.rules import Group, Rule
from worker.anonymizer.taggers import lexicon

_SCORE = 0.5
#: How common the most common words are, see `lexicon.PROPERTIES`.
_MOST_COMMON = lexicon.PROPERTIES[0] - 1
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
    every(any_word(_ANIMAL_WORDS), matching("[ (][A-Z][a-z]|(?m:^)[A-Z][a-z]")),
    (
        Rule(
            "the dog ...",
            rf"\b{_WHOSE} (?:[a-z]{{2,12}} ){{0,2}}{_ANIMAL}"
            rf"(?: (?:is )?(?:called|named)|'s name is)? \K{_NO_PET}{CAPITAL}",
            _SCORE,
        ),
        Rule(
            "my dog, ...",
            rf"\b(?:my|our|his|her|their|an?) (?:[a-z]{{2,12}} ){{0,2}}{_ANIMAL},"
            rf" \K{_NO_PET}{CAPITAL}",
            _SCORE,
        ),
        Rule("the dog, ...,", rf"\bthe {_ANIMAL}, \K{_NO_PET}{CAPITAL}(?=,)", _SCORE),
        Rule(
            "..., my dog",
            rf"{_NO_PET}{CAPITAL}(?=, (?:my|our|his|her|their) (?:[a-z]{{2,12}} ){{0,2}}{_ANIMAL}\b"
            rf"(?! \w))",
            _SCORE,
        ),
        Rule(
            "... (a dog)",
            rf"{_NO_PET}{CAPITAL}(?= \((?:{_WHOSE} )?(?:[a-z]{{2,12}} ){{0,2}}{_ANIMAL}\b)",
            _SCORE,
        ),
        Rule(
            "... the dog",
            rf"(?<=[a-z,] )(?!{_CARE}\b){_NO_PET}{CAPITAL}(?= the (?:[a-z]{{2,12}} )?{_ANIMAL}\b)",
            _SCORE,
        ),
    ),
)
VETS = Group(
    "PERSON",
    every(any_word("sleep vet vets"), matching("[a-z] [A-Z][a-z]")),
    (
        Rule("put to sleep", rf"\bput(?:ting)? \K{CAPITAL}(?= to sleep\b)", _SCORE),
        Rule(
            "to the vet",
            rf"\b(?:take|takes|taking|took|bring|brought|rush|rushed|get|got) \K{CAPITAL}"
            r"(?= (?:back )?(?:to|at) the vet)",
            _SCORE,
        ),
    ),
)
_VOICE_WORDS = (
    "purr purrs purred purring meow meows meowed meowing miaow miaowed bark barks barked barking "
    "whines whined whining wagged wagging snore snores snored snoring growled growling"
)
VOICES = Group(
    "PERSON",
    every(any_word(_VOICE_WORDS), matching("[A-Z][a-z]")),
    (
        Rule(
            "purrs",
            rf"{_NO_PET}(?!(?:dogs?|cats?|everyone|everybody|somebody|someone|nobody|people)\b){CAPITAL}"
            rf"(?= (?:is |was |just |still |always )?(?:{'|'.join(_VOICE_WORDS.split())})\b)",
            _SCORE,
        ),
    ),
)
NAME_IS = Group(
    "PERSON",
    every(
        any_word("name"),
        matching("[nN]ame(?:['\u2019]s| is| was| will be) (?:actually |now )?[A-Z][a-z]"),
    ),
    (
        Rule(
            "somebody's name is",
            r"\b(?:his|her|their|its|whose|real|dog['\u2019]s|cat['\u2019]s|baby['\u2019]s)"
            r" name(?:['\u2019]s| is| was| will be) (?:actually |now )?"
            rf"\K{CAPITAL}",
            _SCORE,
        ),
    ),
)
#: What "called" is followed by where nobody gets a name.
_NO_NICKNAME = (
    r"(?!(?:me|him|her|it|us|them|you|out|off|up|in|back|to|at|on|by|for|from|over|the|a|an|my|his|our"
    r"|their|your|this|that|names?|again|and|or|but|when|because|after|before|about|into|round|around"
    r"|with|as|if|so|not|something|nothing|what|yesterday|today|tonight|last|mum|mom|dad|twice|away"
    r"|upon|here|there|early|late|it|every|everyone|everybody|someone|somebody|just|like|maybe)\b)"
)


def _is_no_common_word(text: str, start: int, end: int) -> bool:
    """Whether a word has a capital or is not one of the most common ones."""
    word = text[start:end]
    return not word.islower() or lexicon.properties(lexicon.kind(word))[0] < _MOST_COMMON


CALLED = Group(
    "PERSON",
    every(
        any_word("called named nicknamed"), any_word(SOMEBODY_WORDS, _ANIMAL_WORDS, "friend nurse")
    ),
    (
        Rule(
            "somebody called",
            rf"\b(?:{SOMEBODY}|{_ANIMAL}|friend|nurse|neighbour|neighbor|colleague|cousin|baby)"
            r"(?: (?:is|was|i|we|they|he|she|who|at \w+|from \w+|in \w+))?"
            rf" (?:called|named|nicknamed) \K{_NO_NICKNAME}[^\W\d_][\w'\u2019-]{{1,20}}",
            _SCORE,
            _is_no_common_word,
        ),
    ),
)
_RESPECT_WORDS = (
    "tita tito kuya lola lolo nanay tatay ninang ninong manang manong aunty oga alhaji alhaja mama "
    "baba papa chief ustaz sheikh abuela abuelo tia tio oma opa bibi babu mzee"
)
TITLES = Group(
    "PERSON",
    every(any_word(_RESPECT_WORDS), matching("[a-z] [A-Z][a-z]")),
    (
        Rule(
            "title of respect",
            rf"\b(?-i:(?i:{'|'.join(_RESPECT_WORDS.split())}) )\K{CAPITAL}"
            r"(?! (?:said|says|told|asked|was|is|had|has|and|did)\b(?<=[.!?] ))",
            _SCORE,
        ),
    ),
)
GROUPS = (PETS, VETS, VOICES, NAME_IS, CALLED, TITLES)
