"""Words that may be a name where the words around say so: parts of expressions, and a test."""

from __future__ import annotations

import re

from worker.anonymizer.taggers import lexicon

#: Capitalized words that are no name by themselves: those that begin sentences, days, numbers,
#: kinds of places, peoples, relatives, titles.
_NO_NAME = (
    r"(?!(?:i|a|an|the|my|our|his|her|their|its|this|that|these|those|and|but|or|so|then|when|if"
    r"|yesterday|today|tomorrow|later|now|maybe|also|even|still|only|just|at|in|on|for|with|to|from"
    r"|after|before|because|while|since|until|once|last|next|no|not|yes|ok|okay|well|oh|(?:mon|tues"
    r"|wednes|thurs|fri|satur|sun)days?|january|february|march|april|may|june|july|august|september"
    r"|october|november|december|christmas|easter|halloween|thanksgiving|hanukkah|diwali|eid"
    r"|ramadan|town|city|village|community|job|food|family|parents?|teachers?|school|high|primary"
    r"|college|uni|university|church|hospital|home|local|old|new|big|little|main|north|south"
    r"|east|west|mum|mom|mam|dad|gran|granny|nan|nana|grandma|grandpa|grandad|auntie|aunt|uncle"
    r"|mrs?|ms|miss|dr|prof|sir|english|french|german|spanish|italian|greek|turkish|indian|chinese"
    r"|japanese|thai|korean|polish|irish|scottish|welsh|american|british|mexican|vietnamese|law"
    r"|public|farmers?|farmer's|concert|juvenile|state|police|military|lebanese|persian|african"
    r"|asian|european|catholic|christian|muslim|jewish|hindu|buddhist|orthodox|methodist|baptist"
    r"|god|jesus|zoom|skype|teams|it|he|she|we|they|you|what|who|why|how|where|am|is|are|was|were"
    r"|do|did|does|has|have|had|can|could|will|would|should|me|myself|himself|herself|themselves"
    r"|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half|noon|midnight|midday|night"
    r"|work|page|level|hr|santa|hell|heaven)\b)"
)
CAPITAL = rf"(?-i:(?<![\w'])(?i:{_NO_NAME})[A-Z][a-z][\w'\u2019-]{{0,20}}(?![\w'\u2019]))"
#: The same again and again: what is long is compiled once, and called by its name.
_FIRST = rf"(?P<capital>{CAPITAL})"
_FURTHER = r"(?: (?:and |& |of |the |of the )?(?&capital))"
#: Words that begin names of several words, and are none: "New Leaf", but not "New Year".
_BEGINNING = (
    r"(?-i:(?:New(?! (?:Years?|Testament|Age|Moon)\b)|Old(?! (?:Testament|English|Norse|Age"
    r"|School)\b)"
    r"|Big(?! (?:Bang|Brother|Sister|Mac|Ben|Apple|Day)\b)|Home(?! (?:Alone|Office|Secretary|Ec)\b)"
    r"|Little(?! (?:Women|Prince|Mermaid|One|Miss)\b)|First(?! (?:Aid|World|Lady|Class"
    r"|Communion)\b)"
    r"|Family(?! (?:Guy|Day|Court|Law|Room)\b)|Community(?! (?:Cent|Service|Nurse|Hall))|Next|Once"
    r"|One|Two|Three|Now) )"
)
TWO_OR_MORE = rf"(?:{_FIRST}{_FURTHER}{{1,4}}|{_BEGINNING}(?&capital){_FURTHER}{{0,3}})"
ONE_OR_MORE = rf"{_FIRST}{_FURTHER}{{0,4}}"

#: How common the most common words are, see `lexicon.PROPERTIES`.
_MOST_COMMON = lexicon.PROPERTIES[0] - 1
_WORD = re.compile(r"[^\W\d_]+")
_ENDINGS = ("ing", "ly")
#: Rarer words that nobody is called, where somebody or something "called", or "snored".
_NEVER_WORDS = (
    "something everything anything nothing everyone everybody anyone somebody someone nobody "
    "husband wife neighbour neighbours neighbor neighbors stomach engine belly police "
    "ambulance reception dibs shotgun truce bluff collect bingo sorry tonight yesterday "
    "tomorrow thank thanks bless kiss vacuum weigh instagram facebook tiktok laptop phone "
    "computer earlier unexpectedly twice happiness asleep awake dogs cats animals kids "
    "panicked upset angry"
)
_NEVER = frozenset(_NEVER_WORDS.split())


def may_be_a_name(text: str, start: int, end: int) -> bool:
    """Whether words may be a name: several, or one that is not among the most common ones.

    An adverb or a participle is none; what is rather a first name than a word always may be one.
    """
    words = _WORD.findall(text, start, end)
    if len(words) != 1:
        return bool(words)
    word = words[0].lower()
    frequency, first_name, *_ = lexicon.properties(lexicon.kind(word))
    if first_name >= lexicon.RATHER_A_NAME:
        return True
    return frequency < _MOST_COMMON and not word.endswith(_ENDINGS) and word not in _NEVER
