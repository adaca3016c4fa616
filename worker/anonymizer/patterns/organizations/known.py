"""Organizations that many people know by name: shops, banks, authorities, hospitals, clubs.

Most are found wherever they stand, in any casing; those of common words alone ("bank of ireland")
where they have capitals. What is a word or a name as well counts where somebody works there, or
with a capital behind a word of place ("a shift at boots", "went to Boots"). Names that small ones
have everywhere ("the copper kettle") count where they tell their kind ("Larch House") or somebody
goes there ("outside the copper kettle"), and both where they do what no thing does ("open hands
rang").
"""

from __future__ import annotations

import re

from worker.anonymizer.patterns.listed import Listed, has_capitals
from worker.anonymizer.patterns.organizations.acting import acts, is_dealt_with
from worker.anonymizer.patterns.rules import Group
from worker.anonymizer.taggers import lexicon

PLAIN, WORDS = "organizations.txt", "organizations_that_are_words.txt"
#: What cafés, clinics, choirs and the like are called everywhere, by several words that could also
#: stand together without that.
TYPICAL = "organizations_typical.txt"
_WORD = re.compile(r"[^\W_]+")
#: What stands before a place where somebody goes, in small letters: between capitals all have one.
_TO_A_PLACE = re.compile(
    r"\b(?:[Aa]t|to|in|[Ff]rom|[Oo]utside|inside|near|behind|opposite|into|past|via|round|by"
    r"|[Ss]tart(?:s|ed|ing)?|[Jj]oin(?:s|ed|ing)?|[Ll]eft|[Qq]uit|[Ss]kip(?:s|ped|ping)?"
    r"|[Rr]ang|[Pp]honed|[Ee]mailed|[Mm]essaged)"
    r" (?:the |a |an |my |our |their |his |her |your )?\Z"
)
_WORKING = re.compile(
    r"\b(?:work(?:s|ed|ing)?|jobs?|shifts?|interview(?:s|ed)?|placement|apprenticeship|internship"
    r"|employed|hired|manager|cashier) at (?:the )?\Z",
    re.IGNORECASE,
)
_WORKING_FOR = re.compile(
    r"\b(?:work(?:s|ed|ing)?|jobs?|shifts?|nights|days|weekends) (?:at|for) (?:the )?\Z"
)
#: What follows a name: the end of a clause, or a word that begins another.
_FOLLOWED = re.compile(
    r"(?:['\u2019]s)?\s*(?:[.,;:!?)]|\Z)|\s+(?:and|but|so|in|on|all|til|till|until|again|today"
    r"|tonight|tomorrow|yesterday|this|last|then|because|with|from|to|is|was|were|are|i|he|she|we"
    r"|they|now|when|while|offshore|full|part|has|had|came|rang|said|told|asked|gave)\b",
    re.IGNORECASE,
)
#: What stands before one of several words without capitals that is told of as a place where people
#: work, eat, learn or meet.
_VISITING = re.compile(
    r"\b(?:at|outside|behind|opposite|join(?:s|ed|ing)?|class(?:es)? (?:in|from)"
    r"|(?:work(?:s|ed|ing)?|volunteer(?:s|ed|ing)?|job|shifts?) (?:in|for|with)"
    r"|(?:lady|woman|man|girl|guy|boy|lad|nurse|people|lot|gang|girls|ladies|boys|mum|kids"
    r"|vet|teacher|counsellor|volunteer|worker|someone|somebody|everyone) from"
    r"|(?:they|he|she|we|who|council|owners?)(?:['\u2019]ve|['\u2019]re| have| has| are| is)?"
    r" (?:closed|closing|shut|shutting)(?: down)?) (?:the )?\Z",
    re.IGNORECASE,
)
#: Where something is looked at, nobody goes anywhere.
_LOOKING = re.compile(
    r"\b(?:look|star|glanc|peer|laugh|smil|shout|yell|swear|point|wav|aim|bark)\w* at (?:the )?\Z",
    re.IGNORECASE,
)
#: How names end that, in small letters, are more often what they say.
_LANDSCAPE = re.compile(
    r"\b(?:trees?|oaks?|elms?|ash|willows?|gates?|house|hut|box|well|oven|kiln|meadows?|fields?|rail"
    r"|stiles?|taps?|tops?|tables?|wheels?|nuts|pig|rivers?|walls?|bridges?|stones?|rocks?|paths?"
    r"|posts?|bench|pond|barn|stove|fire|hearth|lamps?|doors?|windows?|corner|tub|pots?|steps"
    r"|roads?|lanes?|ends?|edges?|side|water|cliffs?|hills?|bay|beach|shed|line|bells?)\Z",
    re.IGNORECASE,
)
#: From whom everybody gets parcels: only to work there tells something of somebody.
_BY_POST = frozenset({"amazon", "apple", "next"})
#: What "the" with a capital behind it means wherever it stands: hospitals, shops, a helpline.
_WITH_THE = frozenset({"co-op", "mater", "priory", "rotunda", "samaritans", "target"})
#: Words of which a name tells that it is one: "Larch House", "Tuesday Ramblers", "St Wilfrid's".
_KIND = re.compile(
    r"^St\.? |^Our Lady of|\b(?:House|Cent(?:re|er)|Club|Group|Nursery|Preschool|Surgery|Clinic"
    r"|Academy|School|Primary|College|Church|Chapel|Fellowship|Ministries|Mosque|Temple|Inn|Arms"
    r"|Caf[ée]|Tea ?rooms?|Bakery|Kitchen|Lodge|Court|Manor|Hotel|Hostel|Hospice|Ward|Care|Homes?"
    r"|Choir|Singers|Voices|Players|Striders|Runners|Harriers|Ramblers|Walkers|Wanderers|Rovers"
    r"|Knitters|Stitchers|Gardeners|Readers|Swimmers|Counselling|Counseling|Support|Project|Trust"
    r"|Community|Yoga|Fitness|Gym|Vets|Kennels|Cattery|Stables|Salon|Barbers|Cleaners|Cleaning"
    r"|Logistics|Recovery|Therapy|Wellness|Housing|Association|Society|Masjid|Scoil|Colegio)\b"
)
_LEAVING = re.compile(r"\b(?:quit|joined|joining)(?: at)? \Z", re.IGNORECASE)
_TIME_BEHIND = re.compile(r" (?:day|week|month|year|time|summer|spring|winter|autumn|fall)\b")
#: Shorter ones have too many other meanings: they need a word of place.
_SHORTEST_ACRONYM = 4
_CAPITAL_BEHIND = re.compile(r" [A-Z][a-z]")
_LONGEST_BEFORE = 32


def _is_meant(text: str, start: int, end: int) -> bool:
    """Whether the words before a word say that the organization of that name is meant."""
    before = text[max(0, start - _LONGEST_BEFORE) : start]
    if _WORKING.search(before) and _FOLLOWED.match(text, end):
        return True
    found = text[start:end]
    if found.lower() in _BY_POST:
        leaving = _LEAVING.search(before) and not _TIME_BEHIND.match(text, end)
        return bool(leaving and found[0].isupper())
    if acts(text, start, end) or is_dealt_with(text, start, end) or _is_acronym(text, start, end):
        return True
    if not has_capitals(found):
        return False
    if found.lower() in _WITH_THE and before.endswith("the "):
        return True
    going = _TO_A_PLACE.search(before) or _WORKING_FOR.search(before)
    return going is not None and not _CAPITAL_BEHIND.match(text, end)


def _is_acronym(text: str, start: int, end: int) -> bool:
    """Whether a word that is none of English is in capitals, unlike the words beside it."""
    found = text[start:end]
    if len(found) < _SHORTEST_ACRONYM or not found.isupper() or lexicon.kind(found):
        return False
    beside = [*_WORD.findall(text[max(0, start - _LONGEST_BEFORE) : start])[-1:]]
    beside += _WORD.findall(text[end : end + _LONGEST_BEFORE])[:1]
    return bool(beside) and not any(word.isupper() and len(word) > 1 for word in beside)


def _is_visited(text: str, start: int, end: int) -> bool:
    """Whether a name without capitals is told of as a place or a group."""
    before = text[max(0, start - _LONGEST_BEFORE) : start]
    if _LANDSCAPE.search(text, start, end) or _LOOKING.search(before):
        return False
    return bool(_VISITING.search(before) and _FOLLOWED.match(text, end))


def _is_told_of(text: str, start: int, end: int) -> bool:
    """Whether a name that a café or a choir could have is that of one."""
    found = text[start:end]
    if acts(text, start, end) or is_dealt_with(text, start, end):
        return True
    if not has_capitals(found):
        return _is_visited(text, start, end)
    if _KIND.search(found):
        return True
    before = text[max(0, start - _LONGEST_BEFORE) : start]
    return bool(_TO_A_PLACE.search(before) and not _CAPITAL_BEHIND.match(text, end))


_LISTS = (Listed(PLAIN), Listed(WORDS, _is_meant), Listed(TYPICAL, _is_told_of))
GROUPS = tuple(Group("ORGANIZATION", listed.gate, (listed,)) for listed in _LISTS)
