"""Words with a capital that may be a name, where the words around say so: parts of expressions."""

from __future__ import annotations

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
CAPITAL = rf"(?-i:(?<![\w'])(?i:{_NO_NAME})[A-Z][a-z][\w'\u2019-]{{0,20}})"
_JOINED = rf"(?: (?:and |& |of |the |of the )?{CAPITAL}|'s\b){{1,4}}"
TWO_OR_MORE = rf"{CAPITAL}{_JOINED}"
ONE_OR_MORE = rf"{CAPITAL}(?: (?:and |& |of |the |of the )?{CAPITAL}){{0,4}}"
