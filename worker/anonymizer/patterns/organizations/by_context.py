"""Names of organizations made of ordinary words, where the words around tell that they are names.

The tagger finds names that look like names. "Copper Kettle" does not: here somebody works there, or
a type of business stands behind it. Scores are below those of the tagger, whose type counts.
"""

from __future__ import annotations

import re

from worker.anonymizer.patterns.capitals import CAPITAL, ONE_OR_MORE, TWO_OR_MORE, may_be_a_name
from worker.anonymizer.patterns.gates import any_word, either, every, matching
from worker.anonymizer.patterns.rules import BY_CONTEXT, Group, Rule
from worker.anonymizer.taggers import lexicon

_SCORE = BY_CONTEXT
#: How common rare words are at most, see `lexicon.PROPERTIES`.
_RARE = 1
_WORD = re.compile(r"[^\W\d_]+")
_TYPE_WORDS = (
    "nursery salon pub cafe bakery restaurant gym school clinic surgery hotel bar shop bookshop "
    "bookstore agency centre center studio studios barbers barber vets dental dentist pharmacy "
    "hospice library academy college primary logistics solicitors florist florists creche daycare "
    "kindergarten playgroup supermarket deli diner bistro brewery theatre cinema gallery charity "
    "foundation hairdressers optician opticians physio estate lettings kitchens motors garage "
    "bikes builders plumbing catering consulting media insurance bank credit realty"
)
#: Types of business that also stand at the end of a name in lower case.
_ENDINGS = (
    r"(?:dental|studios?|logistics|solicitors|primary|academy|motors|catering|consulting|lettings"
    r"|barbers|vets|florists?|opticians?|daycare|montessori|pharmacy|builders|plumbing|realty"
    r"|physio|hairdressers|kitchens|records|brewery|bistro)"
)
#: What no name begins with.
NO_PART = (
    r"(?!(?:the|a|an|my|our|this|that|his|her|their|your|its|some|any|every|each|no|local|old|new"
    r"|good|bad|nice|big|small|little|private|public|other|another|same|whole|general|emergency"
    r"|free|cheap|first|last|next|all|both|which|what|and|or|of|to|in|on|with|by|at|from|for|near"
    r"|school|dance|recording|art|yoga|music|dental|film|photo|own|once|least|home|night|work|two"
    r"|three|church|police|military|fire|training)\b)"
)
_WORKING = (
    r"(?:work(?:s|ed|ing)?|job|position|role|interview(?:s|ed|ing)?|shifts?|employed|intern(?:s|ed"
    r"|ing|ship)?|volunteer(?:s|ed|ing)?|hired|taken on|apprentice(?:d|ship)?|waitress(?:es|ed"
    r"|ing)?|temp(?:s|ed|ing)?|placement|trainee|manager|receptionist|cashier|cleaner|starts?"
    r"|started|starting)"
)
_VISITING = (
    r"(?:quiz(?: night)?|lunch|dinner|brunch|breakfast|drinks?|pints?|coffee|cake|haircut|gig"
    r"|karaoke|table|meal|roast|check-?up|filling|appointment|class(?:es)?|session|booked(?: in)?"
    r"|enrolled|signed up|membership|banking?|eat(?:s|ing)?|ate)"
)
WORKING = Group(
    "ORGANIZATION",
    every(matching("[tTrReE] [A-Z][a-z]"), matching(r"(?i:\b(?:at|for) (?:the )?)[A-Z][a-z]")),
    (
        Rule("works at", rf"\b{_WORKING}(?: \w+)? at (?:the )?\K{ONE_OR_MORE}", _SCORE),
        Rule("a job for", rf"\b{_WORKING}(?: \w+)? for (?:the )?\K{TWO_OR_MORE}", _SCORE),
        Rule("works for", rf"\bwork(?:s|ed|ing)? for (?:the )?\K{ONE_OR_MORE}", _SCORE),
        Rule("visits", rf"\b{_VISITING} at (?:the )?\K{TWO_OR_MORE}", _SCORE),
    ),
)
#: What people in therapy write with capitals.
_NO_THERAPY = (
    r"(?!(?:Inner|Body Scan|Loving Kindness|Eating Disorder|Wise Mind|Safe Place|Mood|Worry|Thought"
    r"|Feelings|Anxiety|Critical|Best|Right|Big Five)\b)"
)
PLACES = Group(
    "ORGANIZATION",
    every(
        matching(" (?i:the) [A-Z][a-z]"),
        matching(
            r"(?i:(?:at|in|outside|inside|near|behind|opposite|above|to|from|for|with|joined|past"
            r"|into) the )"
            "[A-Z][a-z]"
        ),
    ),
    (
        Rule(
            "the ... and ...",
            rf"\b(?:at|in|outside|inside|near|behind|opposite) the \K{CAPITAL} (?:and"
            rf"|&) {CAPITAL}",
            _SCORE,
        ),
        Rule(
            "at the", rf"\b(?:at|outside|inside|opposite|behind|above) the \K{TWO_OR_MORE}", _SCORE
        ),
        Rule(
            "to the",
            rf"(?-i:(?<=[a-z,] )(?<![Ll]etter )(?:to|from|for|with|joined|past"
            rf"|into) the \K{_NO_THERAPY}"
            rf"{TWO_OR_MORE})",
            _SCORE,
        ),
    ),
)
#: Two words with capitals behind these name somewhere: 154 of 154 in the entries of `tests/data`.
_TO_SOMEWHERE = "at|to|from|near|outside|inside|past|behind|opposite|via"
_SOMEWHERE = rf"(?-i:(?<=[a-z0-9,] )(?:{_TO_SOMEWHERE}) \K{TWO_OR_MORE})"
SOMEWHERE = Group(
    "ORGANIZATION",
    matching(rf"[a-z0-9,] (?:{_TO_SOMEWHERE}) [A-Z][a-z]"),
    (Rule("at ... ...", _SOMEWHERE, _SCORE),),
)


TYPES = Group(
    "ORGANIZATION",
    every(
        any_word(_TYPE_WORDS),
        matching(r"(?i:(?:the|at|from|called|near|to|with) )[A-Z][a-z]"),
    ),
    (
        Rule(
            "before its type",
            r"\b(?:the|at|from|called|near|to|with) \K(?!(?:salad|search|space|gold|wine|mars"
            r"|snickers|blood|food|chip|charity|visitor|leisure|data|cheese|piggy|river|snow|side)\b)"
            rf"{ONE_OR_MORE}"
            rf"(?= (?:{'|'.join(_TYPE_WORDS.split())})\b)",
            _SCORE,
        ),
    ),
)
CALLED = Group(
    "ORGANIZATION",
    any_word("rang phoned emailed"),
    (Rule("rang", rf"(?:^|(?<=[.!?] )){TWO_OR_MORE}(?= (?:rang|phoned|emailed)\b)", _SCORE),),
)
ENDINGS = Group(
    "ORGANIZATION",
    any_word(
        "dental studio studios logistics solicitors primary academy motors catering consulting",
        "lettings barbers vets florist florists optician opticians daycare montessori pharmacy",
        "builders plumbing realty physio hairdressers kitchens records brewery bistro nursery "
        "salon",
        "bakery",
    ),
    (
        Rule(
            "before its ending",
            rf"\b(?:at|from|called) (?P<it>(?:{NO_PART}[^\W\d_]{{3,15}} ){{1,3}}{_ENDINGS})\b"
            r"(?! (?:floss|care|plan|work|insurance|school|nurse|health|care|records?)\b)",
            _SCORE,
        ),
        Rule(
            "two words before a common ending",
            rf"\b(?:at|from|called) (?P<it>(?:{NO_PART}(?!(?:hair|nail|beauty|tree|plant|day|garden"
            rf"|italian|french)\b)[^\W\d_]{{3,15}} ){{2,3}}(?:nursery|salon|bakery))\b",
            _SCORE,
        ),
    ),
)
_PUB = (
    r"(?:(?:red|white|black|green|blue|golden|silver|old|rusty|royal|crooked|jolly|flying|blind|kings?"
    r"|queens?|duke of|dog and|fox and|rose and|hare and|horse and|coach and|eagle and|bull and|cat"
    r" and|crown and|ship and|plough and|king['\u2019]s|queen['\u2019]s) "
    r"(?:anchor|anvil|arms|barrel|bell|boar|bull|cow|crown|dragon|feathers|fiddle|fox|goat|goose|hart"
    r"|hare|head|hind|horse|horses|hounds|inn|lion|oak|otter|oyster|pheasant|pig|plough|rose|sailor"
    r"|ship|spotted dog|stag|star|swan|tavern|wagon|wheatsheaf))"
)
PUBS = Group(
    "ORGANIZATION",
    any_word(
        "anchor anvil arms barrel bell boar bull cow crown dragon feathers fiddle fox goat goose",
        "hart hare head hind horse horses hounds inn lion oak otter oyster pheasant pig plough",
        "rose sailor ship dog stag star swan tavern wagon wheatsheaf",
    ),
    (
        Rule(
            "pub",
            r"\b(?:at|in|to|from|down|outside|behind|by|above|over|under|past|opposite|near|beside|round|of)"
            rf" the (?P<it>{_PUB})(?![\w-])"
            r"(?=\s*(?:[.,;!?)]|$)| (?:for|with|on|after|before|again|now|and|where|last|tonight"
            r"|quiz|till|until|since|garden|car park|pub|i|he|she|we|they|who|so)\b)",
            _SCORE,
        ),
    ),
)
HELPERS = Group(
    "ORGANIZATION",
    any_word("samaritans childline anonymous watchers slimming salvation cross lady alanon anon"),
    (
        Rule(
            "known to many",
            r"\b(?:samaritans|childline|(?:alcoholics|narcotics|gamblers|overeaters) anonymous"
            r"|al-?anon|weight watchers|slimming world|salvation army|red cross)\b",
            _SCORE,
        ),
        Rule("our lady", rf"\bour lady(?: of (?:the )?{ONE_OR_MORE}|['\u2019]s\b)", _SCORE),
    ),
)
_KIND_WORDS = (
    "group charity shop cafe caf\u00e9 pub bar company firm agency school nursery band choir"
    " club team clinic cent(?:re|er) church helpline restaurant salon organisation organization"
    " startup bakery hostel hospice college gym league society programme program"
)
_KIND = rf"(?:{'|'.join(_KIND_WORDS.split())})"
NAMED = Group(
    "ORGANIZATION",
    either(any_word("called named"), matching(r", (?i:the )?[A-Z][\w'\u2019 &-]*,")),
    (
        Rule(
            "a care home, ...,",
            rf"\b(?:{_KIND}|care home|employer|gym|hospital|surgery|workplace), (?:the )?"
            rf"\K(?!\w{{1,20}}ly\b){ONE_OR_MORE}(?=,)",
            _SCORE,
        ),
        Rule(
            "a group called",
            rf"\b{_KIND},? (?:is )?(?:called|named) (?:the )?\K{ONE_OR_MORE}",
            _SCORE,
            may_be_a_name,
        ),
        # In lower case "the school called about my boy" is nobody's name.
        Rule(
            "a group called, in lower case",
            rf"\b(?:an?|this|some|new) (?:\w{{2,12}} )?{_KIND} (?:called|named) (?:the )?"
            rf"\K{NO_PART}(?!(?:me|him|us|them|back|off|out|up|it|about|after|again|because|early|late)\b)[^\W\d_]{{3,15}}\b",
            _SCORE,
            may_be_a_name,
        ),
    ),
)


def begins_with_no_word(text: str, start: int, end: int) -> bool:
    """Whether the first word is a rare one of English or none; less rare, if it is a name."""
    word = _WORD.match(text, start, end)
    frequency, _, surname, place, _ = lexicon.properties(lexicon.kind(word[0] if word else ""))
    return word is not None and frequency <= _RARE + bool(surname or place)


CLUBS = Group(
    "ORGANIZATION",
    any_word("club academy juniors"),
    (
        Rule(
            "a club of a place",
            r"\b[^\W\d_]{4,16} (?:swim(?:ming)?|rugby|football|running|tennis|cricket|rowing"
            r"|cycling|netball|hockey|golf|boxing|athletics|chess|bowls|judo|karate|dance|youth)"
            r" (?:club|academy|juniors)\b",
            _SCORE,
            begins_with_no_word,
        ),
    ),
)
_PAPERS = (
    "leaflet leaflets letter letters email emails invoice bill workbook worksheet referral loan"
)
SENT = Group(
    "ORGANIZATION",
    every(
        any_word(_PAPERS, "class course workshop group meeting rehearsal"),
        matching(r"(?i:\b(?:at|for|from|to) (?:the )?)[A-Z][a-z]"),
    ),
    (
        Rule(
            "a letter from",
            rf"\b(?:{'|'.join(_PAPERS.split())}) from (?:the )?\K{ONE_OR_MORE}",
            _SCORE,
        ),
        Rule(
            "a leaflet for",
            rf"\b(?:leaflets?|referral) (?:for|to) (?:the )?\K{ONE_OR_MORE}",
            _SCORE,
        ),
        Rule(
            "a class at",
            r"\b(?:class|course|workshop|group|meeting|rehearsal) at (?:the )?"
            rf"\K{ONE_OR_MORE}",
            _SCORE,
        ),
    ),
)
GROUPS = (
    WORKING,
    PLACES,
    SOMEWHERE,
    TYPES,
    CALLED,
    ENDINGS,
    HELPERS,
    PUBS,
    NAMED,
    CLUBS,
    SENT,
)
