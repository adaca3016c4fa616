"""Words that are also names, where the words beside them show that they are words.

"he will", "want to chase", "to mark my essay", "in april": a small tagger that saw the name in the
same text is often sure of these as well.
"""

from __future__ import annotations

import re

_WILL = re.compile(
    r"\b(?:i|you|he|she|it|we|they|who|that|this|there|what|which|one|nobody|someone|mum|mom"
    r"|dad) \Z",
    re.IGNORECASE,
)
#: Where a sentence begins, and what stands behind a verb that begins it: "Will ask the landlord".
_BEGINNING = re.compile(r"(?:\A|[.!?\n]\s?|[-\u2013\u2022*] )\Z")
_WILL_DO = re.compile(
    r" (?:i|you|he|she|it|we|they|this|that|there|my|the|anyone|anybody|not|have to|need to"
    r"|try|ask|call|ring|phone|text|email|write|go|see|take|make|tell"
    r"|buy|get|do|be|have|check|start|stop|keep|bring|look|send|wait|finish|book|sort|clean|cook|pay"
    r"|speak|talk|sleep|eat|drink|walk|run|swim|say|think|learn|practi[sc]e|post|order|pick"
    r"|return|report|update|sit|stay|leave|move|give|use|work|rest|pray|bake|plant) ?\b"
    r"(?!['\u2019]s)",
    re.IGNORECASE,
)
_TO_DO = re.compile(
    r"\b(?:me|us|him|her|you|them|wants?|wanted|ha(?:ve|s|d)|needs?|going|trying|tried|used|like"
    r"|able) to \Z",
    re.IGNORECASE,
)
_TO = re.compile(r"\bto \Z", re.IGNORECASE)
_OBJECT = re.compile(
    r" (?:my|our|their|his|your|any\w+|every\w+|them|up|down|out)\b", re.IGNORECASE
)
_BEING = re.compile(r"\b(?:it['\u2019]?s|is|so|very|too|really) \Z", re.IGNORECASE)
_WHEN = re.compile(
    r"\b(?:in|since|until|till|by|last|next|this|every|early|late|mid) \Z", re.IGNORECASE
)
#: What months do, and people do not.
_COMES = re.compile(
    r" (?:can['\u2019]?t come|is (?:here|over|nearly|almost|being (?:un)?kind)|so far|weather|rain"
    r"|heat|showers|sun(?:shine)?|already)\b",
    re.IGNORECASE,
)
_MONTHS = frozenset({"april", "may", "june", "august", "summer", "autumn"})
_VERBS = frozenset(
    {"bill", "bob", "carry", "chase", "grant", "mark", "nick", "pat", "peg", "pierce", "rob", "sue"}
)
_MODAL = "will"
_ADJECTIVES = frozenset({"frank", "happy", "merry", "misty", "rich", "sandy", "stormy", "sunny"})
_VIRTUES = frozenset({"charity", "faith", "grace", "hope", "joy", "mercy", "patience"})
_IS_ONE = re.compile(
    r" (?:is (?:a|an|the|not|what|like|hard|harder|everything|nothing|something)|before (?:dinner"
    r"|lunch|supper|meals|tea)|after (?:dinner|lunch|supper|meals|tea))\b",
    re.IGNORECASE,
)
#: Words that are looked at with a capital as well.
MAY_HAVE_CAPITAL = _MONTHS | _VIRTUES | {_MODAL}
#: How many characters before a word are looked at.
_BEFORE = 24


def is_used_as_word(text: str, start: int, end: int) -> bool:
    """Whether the words beside one that is also a name show that it is the word.

    Args:
        text: the text of an entry.
        start: where a word starts that is in lower case, or one of `MAY_HAVE_CAPITAL`.
        end: where it ends.
    """
    word, before = text[start:end].lower(), text[max(0, start - _BEFORE) : start]
    if word in _VIRTUES and _IS_ONE.match(text, end):
        return True
    if word == _MODAL:
        begins = _BEGINNING.search(before) is not None
        return _WILL.search(before) is not None or (begins and bool(_WILL_DO.match(text, end)))
    if word in _MONTHS:
        return _WHEN.search(before) is not None or _COMES.match(text, end) is not None
    if word in _ADJECTIVES:
        return _BEING.search(before) is not None
    return word in _VERBS and bool(
        _TO_DO.search(before) or (_TO.search(before) and _OBJECT.match(text, end))
    )
