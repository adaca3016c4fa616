"""Pets by what stands beside them, whatever they are called.

The tagger finds names that look like names. Of "Ghost the hamster" only the words around tell that
somebody is meant, and of "Biscuit snores" that many a pet has this name. Scores are below those of
the tagger, whose type counts.
"""

from __future__ import annotations

import re

from worker.anonymizer.patterns.capitals import CAPITAL, may_be_a_name
from worker.anonymizer.patterns.gates import any_word, every, matching
from worker.anonymizer.patterns.rules import Group, Rule
from worker.anonymizer.taggers import lexicon

_SCORE = 0.5
ANIMAL_WORDS = (
    "dog doggo pup puppy cat kitten kitty hamster rabbit bunny parrot budgie cockatiel canary pony "
    "horse mare gelding donkey goat tortoise turtle gerbil ferret lizard gecko guinea hedgehog "
    "collie terrier spaniel labrador lab retriever whippet greyhound lurcher poodle beagle "
    "dachshund pug husky corgi tabby"
)
ANIMAL = rf"(?:{'|'.join(ANIMAL_WORDS.split())}(?: pig)?)"
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
    every(any_word(ANIMAL_WORDS), matching("[A-Z][a-z]")),
    (
        Rule(
            "the dog ...",
            rf"\b{_WHOSE} (?:[a-z]{{2,12}} ){{0,2}}{ANIMAL}"
            rf"(?: (?:is )?(?:called|named)|'s name is)? \K{_NO_PET}{CAPITAL}",
            _SCORE,
            may_be_a_name,
        ),
        Rule(
            "my dog, ...",
            rf"\b(?:my|our|his|her|their|an?) (?:[a-z]{{2,12}} ){{0,2}}{ANIMAL},"
            rf" \K{_NO_PET}{CAPITAL}",
            _SCORE,
            may_be_a_name,
        ),
        Rule("the dog, ...,", rf"\bthe {ANIMAL}, \K{_NO_PET}{CAPITAL}(?=,)", _SCORE, may_be_a_name),
        Rule(
            "..., my dog",
            rf"{_NO_PET}{CAPITAL}(?=, (?:my|our|his|her|their) (?:[a-z]{{2,12}} ){{0,2}}{ANIMAL}\b"
            rf"(?! \w))",
            _SCORE,
            may_be_a_name,
        ),
        Rule(
            "... (a dog)",
            rf"{_NO_PET}{CAPITAL}(?= \((?:{_WHOSE} )?(?:[a-z]{{2,12}} ){{0,2}}{ANIMAL}\b)",
            _SCORE,
            may_be_a_name,
        ),
        Rule(
            "... the dog",
            rf"(?<=[a-z,] )(?!{_CARE}\b){_NO_PET}{CAPITAL}(?= the (?:[a-z]{{2,12}} )?{ANIMAL}\b)",
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
#: Words that are names of many pets, and few people's.
_PET_WORDS = (
    "biscuit pickle pickles waffle waffles noodle noodles mochi marmalade gravy tuppence trigger "
    "pumpkin dumpling pierogi beanie muffin cookie oreo peanut pudding crumpet toffee fudge "
    "treacle nugget tofu sushi ramen wasabi kimchi mango kiwi pippin conker acorn bramble thistle "
    "smokey smudge whiskers buddy sooty ziggy bandit rascal scamp pixel gizmo widget domino "
    "cinnamon nutmeg paprika brioche bagel pretzel crouton haggis dimsum momo mooch snowball "
    "truffle brownie twix skittles rolo sherbet"
)
_PET = rf"(?:{'|'.join(_PET_WORDS.split())})"
#: What only a pet does, in any casing.
_DOES = (
    r"(?:snore[sd]?|slept|sleeps|barked|barks|licks?|licked|pees?|peed|pooed|pooped|threw up"
    r"|vomited"
    r"|weighed|snuggled|nudged|growled|hissed|woke me|looked (?:back )?at me|putting (?:her|his))"
)
#: What is also said of things in small letters.
_ALSO_DOES = (
    r"(?:ate|eats|looked|jumped|jumps|ran|runs|sat|sits|lay|lies|hid|hides|stole|steals|chewed|filmed"
    r"|followed|follows|climbed|curled|stared|scratched|escaped|died|came|bit|had to be|is missing"
    r"|won['\u2019]?t|wouldn['\u2019]?t|didn['\u2019]?t|doesn['\u2019]?t|has been|had his|had her"
    r"|is (?:asleep|lying|snoring|on my|in my lap|at the vet|ill|sick|limping|wet)|was (?:asleep"
    r"|snoring"
    r"|on my|at the vet|ill|sick|limping|wet)|has (?:arthritis|fleas|eaten)|rolled|likes|loves"
    r"|hates)"
)
#: What one does with a pet, and hardly with a biscuit.
_WITH_PET = (
    r"(?:miss|missed|missing|walk|walked|walking|fed|feeding|hugged|cuddled|stroked|cuddling with"
    r"|to the vet with|me and|told|says|except|rang)"
)
_LONGEST_BEFORE = 12
#: What stands before somebody who does something: no adjective, and no article.
_BEFORE_SOMEBODY = re.compile(
    r"(?:\A|[.!?,:;\n/(*\u2022\u2013-]\s*|\b(?:and|then|but|because|when|while|today|so|that|if|as|where"
    r"|until|since|says|said|even|now) )\Z",
    re.IGNORECASE,
)


def _is_no_thing(text: str, start: int, _: int) -> bool:
    """Whether no word stands before that makes a thing of what follows."""
    return _BEFORE_SOMEBODY.search(text, max(0, start - _LONGEST_BEFORE), start) is not None


CALLED_A_WORD = Group(
    "PERSON",
    any_word(_PET_WORDS),
    (
        Rule(
            "biscuit snores",
            rf"(?<![\w'\u2019-]){_PET}(?= {_DOES}\b)|(?-i:(?<![\w'\u2019-])(?=[A-Z])(?i:{_PET}))"
            rf"(?= {_ALSO_DOES}\b)",
            _SCORE,
            _is_no_thing,
        ),
        Rule(
            "miss Biscuit",
            rf"\b{_WITH_PET} (?-i:(?P<it>(?=[A-Z][a-z])(?i:{_PET})))(?![\w'-])"
            r"(?! (?:(?-i:[A-Z])|soup|pie|bread|cake|sauce|juice|tea|cream|salad|chips|oil|latte"
            r"|spice))",
            _SCORE,
        ),
        Rule(
            "took Biscuit out",
            r"\b(?:take|takes|taking|took|bring|brought|let) "
            rf"(?-i:(?P<it>(?=[A-Z])(?i:{_PET})))"
            r"(?= (?:out|to|home|for a|back|off|upstairs|downstairs|a bath|sleep|his|her)\b)",
            _SCORE,
        ),
        Rule(
            "Biscuit's walk",
            rf"(?-i:(?<![\w'-])(?=[A-Z])(?i:{_PET}))(?=['\u2019]s (?:bed|walk|vet|bowl|lead|leash"
            rf"|paw"
            r"|paws|basket|ashes|birthday|ears?|tail|belly|medicine|tablets?)\b)",
            _SCORE,
        ),
    ),
)
#: What stands behind "my cat" and is no name of it.
_NO_WORD = (
    r"(?!(?:show|food|park|walker|owner|lover|rescue|shelter|person|people|lady|sitter|house|bed"
    r"|hair|bowl|toy|toys|treats?|biscuits|lead|leash|collar|litter|flap|tree|poo|poop|pee|vomit"
    r"|sick|slept|hid|crept|bit|dug|shook|bark|snore|meow|purr|allergy|allergies|training|class|food"
    r"|trainer|groomer|hotel|kennels?|insurance|bills?|whisperer|urine|fur|paw|tail|sweater|jumper"
    r"|costume|photos?|pics?|videos?|memes?|tomorrow|tonight|yesterday|asleep|meanwhile|nap|cafe"
    r"|stew|coat|notebook|bench|chestnut|cuddles?|kisses)\b)"
)


def _is_a_rare_word(text: str, start: int, end: int) -> bool:
    """Whether a word may be a name beside an animal: none that sentences are made of."""
    word = text[start:end].lower()
    frequency = lexicon.properties(lexicon.kind(word))[0]
    return frequency <= _UNCOMMON and not word.endswith(("ing", "ly", "ed", "s"))


#: How common uncommon words are at most, see `lexicon.PROPERTIES`.
_UNCOMMON = 3
SMALL = Group(
    "PERSON",
    every(any_word(ANIMAL_WORDS), matching(r"(?i:my|our|his|her|their) (?:[a-z]+ )?[a-z]+ [a-z]+")),
    (
        Rule(
            "my cat mango",
            rf"\b(?:my|our|his|her|their) (?:(?:old|new|poor|little|beautiful|late|lovely|sweet) )?"
            rf"(?!lab\b){ANIMAL} \K{_NO_WORD}(?-i:[a-z][a-z]{{2,14}})(?![\w'\u2019-])"
            rf"(?=\s*(?:[.,;!?)]|$)| (?:{_DOES}|{_ALSO_DOES}|is|was|has|had|and i|more|on|out)\b)",
            _SCORE,
            _is_a_rare_word,
        ),
    ),
)
GROUPS = (PETS, VETS, VOICES, CALLED_A_WORD, SMALL)
