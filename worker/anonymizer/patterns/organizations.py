"""Names of organizations made of ordinary words, where the words around tell that they are names.

The tagger finds names that look like names. "Copper Kettle" does not: here somebody works there, or
a type of business stands behind it. Scores are below those of the tagger, whose type counts.
"""

from __future__ import annotations

from worker.anonymizer.patterns.gates import any_word, every, matching
from worker.anonymizer.patterns.rules import Group, Rule

_SCORE = 0.5
#: Capitalized words that begin sentences, name days, peoples and relatives, but no organization.
_NO_NAME = (
    r"(?!(?:i|a|an|the|my|our|his|her|their|its|this|that|these|those|and|but|or|so|then|when|if"
    r"|yesterday|today|tomorrow|later|now|maybe|also|even|still|only|just|at|in|on|for|with|to|from"
    r"|after|before|because|while|since|until|once|last|next|no|not|yes|ok|okay|well|oh|(?:mon|tues"
    r"|wednes|thurs|fri|satur|sun)days?|january|february|march|april|may|june|july|august|september"
    r"|october|november|december|christmas|easter|halloween|thanksgiving|hanukkah|diwali|eid"
    r"|ramadan|town|city|village|community|job|food|family|parents?|teachers?|school|high|primary"
    r"|college|uni|university|church|hospital|sunday|home|local|old|new|big|little|main|north|south"
    r"|east|west|mum|mom|mam|dad|gran|granny|nan|nana|grandma|grandpa|grandad|auntie|aunt|uncle"
    r"|mrs?|ms|miss|dr|prof|sir|english|french|german|spanish|italian|greek|turkish|indian|chinese"
    r"|japanese|thai|korean|polish|irish|scottish|welsh|american|british|mexican|vietnamese|law"
    r"|public|farmers?|farmer's|concert|juvenile|state|police|military|lebanese|persian|african"
    r"|asian|european|catholic|christian|muslim|jewish|hindu|buddhist|orthodox|methodist|baptist"
    r"|god|jesus|zoom|skype|teams|it|he|she|we|they|you|what|who|why|how|where|am|is|are|was|were"
    r"|do|did|does|has|have|had|can|could|will|would|should)\b)"
)
_CAPITAL = rf"(?-i:(?<![\w'])(?i:{_NO_NAME})[A-Z][a-z][\w'\u2019-]{{0,20}})"
_JOINED = rf"(?: (?:and |& |of |the |of the )?{_CAPITAL}|'s\b){{1,4}}"
_TWO_OR_MORE = rf"{_CAPITAL}{_JOINED}"
_ONE_OR_MORE = rf"{_CAPITAL}(?: (?:and |& |of |the |of the )?{_CAPITAL}){{0,4}}"
_TYPE_WORDS = (
    "nursery salon pub cafe bakery restaurant gym school clinic surgery hotel bar shop bookshop "
    "bookstore agency centre center studio studios barbers barber vets dental dentist pharmacy "
    "hospice library academy college primary logistics solicitors florist florists creche daycare "
    "kindergarten playgroup supermarket deli diner bistro brewery theatre cinema gallery charity "
    "foundation hairdressers optician opticians physio estate lettings kitchens motors garage "
    "bikes builders plumbing catering consulting media records press books insurance bank credit "
    "realty"
)
#: Types of business that also stand at the end of a name in lower case.
_ENDINGS = (
    r"(?:dental|studios?|logistics|solicitors|primary|academy|motors|catering|consulting|lettings"
    r"|barbers|vets|florists?|opticians?|daycare|montessori|pharmacy|builders|plumbing|realty"
    r"|physio|hairdressers|kitchens|records|brewery|bistro)"
)
_NO_PART = (
    r"(?!(?:the|a|an|my|our|this|that|his|her|their|your|its|some|any|every|each|no|local|old|new"
    r"|good|bad|nice|big|small|little|private|public|other|another|same|whole|general|emergency"
    r"|free|cheap|first|last|next|all|both|which|what|and|or|of|to|in|on|with|by|at|from|for|near"
    r"|school|dance|recording|art|yoga|music|dental|film|photo|own|once|least|home|night|work|two"
    r"|three|church|police|military|fire|training|film)\b)"
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
        Rule(
            "works at",
            rf"\b{_WORKING}(?: \w+)? (?:at (?:the )?\K{_ONE_OR_MORE}"
            rf"|for (?:the )?\K{_TWO_OR_MORE})",
            _SCORE,
        ),
        Rule("works for", rf"\bwork(?:s|ed|ing)? for (?:the )?\K{_ONE_OR_MORE}", _SCORE),
        Rule("visits", rf"\b{_VISITING} at (?:the )?\K{_TWO_OR_MORE}", _SCORE),
    ),
)
PLACES = Group(
    "ORGANIZATION",
    every(
        matching(" (?i:the) [A-Z][a-z]"),
        matching(r"(?i:(?:at|in|outside|inside|near|behind|opposite) the )[A-Z][a-z]"),
    ),
    (
        Rule(
            "the ... and ...",
            rf"\b(?:at|in|outside|inside|near|behind|opposite) the \K{_CAPITAL} (?:and"
            rf"|&) {_CAPITAL}",
            _SCORE,
        ),
        Rule("at the", rf"\b(?:at|outside|inside|opposite|behind) the \K{_TWO_OR_MORE}", _SCORE),
    ),
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
            rf"\b(?:the|at|from|called|near|to|with) \K{_ONE_OR_MORE}"
            rf"(?= (?:{'|'.join(_TYPE_WORDS.split())})\b)",
            _SCORE,
        ),
    ),
)
CALLED = Group(
    "ORGANIZATION",
    any_word("rang phoned emailed"),
    (Rule("rang", rf"(?:^|(?<=[.!?] )){_TWO_OR_MORE}(?= (?:rang|phoned|emailed)\b)", _SCORE),),
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
            rf"\b(?:at|from|called) (?P<it>(?:{_NO_PART}[^\W\d_]{{3,15}} ){{1,3}}{_ENDINGS})\b"
            r"(?! (?:floss|care|plan|work|insurance|school|nurse|health|care|records?)\b)",
            _SCORE,
        ),
        Rule(
            "two words before a common ending",
            rf"\b(?:at|from|called) (?P<it>(?:{_NO_PART}(?!(?:hair|nail|beauty|tree|plant|day"
            rf"|garden"
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
            rf"\b(?:at|in|to|from|down|outside|behind|by) the (?P<it>{_PUB})(?![\w-])"
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
        Rule("our lady", rf"\bour lady(?: of (?:the )?{_ONE_OR_MORE}|['\u2019]s\b)", _SCORE),
    ),
)
GROUPS = (WORKING, PLACES, TYPES, CALLED, ENDINGS, HELPERS, PUBS)
