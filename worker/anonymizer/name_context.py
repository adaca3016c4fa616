"""Extends names by the words around them that belong to them.

These are a title or "Saint" before a name, an age behind it, and the words that make it the name of
an organization ("... Street Bakery").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.anonymizer.offsets import Span
from worker.anonymizer.patterns.numerals import SMALL, TWO_DIGITS
from worker.anonymizer.patterns.people.words import RESPECT_WORDS
from worker.anonymizer.taggers import lexicon
from worker.anonymizer.taggers.tagged_span import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TITLES = (
    r"mr|mrs|ms|miss|mx|mister|sir|madam|dame|lord|lady|dr|doctor|prof|professor|rev|reverend|"
    r"fr|pastor|rabbi|imam|bishop|coach|nurse|captain|capt|sergeant|sgt|lieutenant|lt|officer|"
    r"detective|judge|senator|principal|brother|sister|father|mother|deacon|deaconess|canon|"
    r"matron|corporal|colonel|constable|bhai|guru|maulana|pandit|swami|sheikh|sensei"
)
#: Titles of relatives. Behind "my" they stay in the text, because they tell who is meant: "my aunt
#: <PERSON>".
_KIN = (
    r"uncle|aunt|auntie|aunty|t\u00eda|t\u00edo|tante|onkel|cousin|grandma|grandpa|granny|gran|"
    r"grandad|granddad|grandmother|grandfather|nana|nan|papa|opa|oma|pa|ma|chef|staff nurse|"
    rf"{'|'.join(RESPECT_WORDS.split())}"
)
#: Words with a capital that are part of the name behind them.
_BYNAMES = r"(?-i:(?:Big|Old|Little|Lil|[Ww]ee|Young|Tiny|DJ|MC)[ \t]{1,2}(?=\Z))"
_BYNAME = re.compile(rf"(?<!\w){_BYNAMES}")
#: What stands behind a name as a part of it.
_SUFFIX = re.compile(r",?[ \t](?:II|III|Jr\.?|Sr\.?|Ph\.?D\.?|M\.?D\.?|D\.?D\.?S\.?|Esq\.?)(?!\w)")
#: "I miss <PERSON>" has no title.
_MISSES = re.compile(
    r"\b(?:i|we|you|they|to|will|do|don['\u2019]?t|really|still|just|also|always|must|might|would|gonna"
    r"|['\u2019](?:ll|d)) (?-i:miss) \Z",
    re.IGNORECASE,
)
_TITLED = rf"(?:(?:{_TITLES}|{_KIN})\.?[ \t]{{1,2}})+"
_BEFORE = re.compile(rf"(?<!\w){_TITLED}\Z", re.IGNORECASE)
_AT_START = re.compile(_TITLED, re.IGNORECASE)
#: How many characters before a name are searched for a title.
_LONGEST = 40
_RELATIVE = re.compile(
    rf"(?<!\w)(?:my|your|his|her|our|their|the|a|an)[ \t]{{1,2}}"
    rf"(?:(?:great|late|dear|old|poor|lovely|favou?rite|big|little)[ \t]{{1,2}}){{0,2}}"
    rf"(?:{_KIN}|brother|sister|father|mother)[ \t]{{1,2}}\Z",
    re.IGNORECASE,
)
_NUMBER = rf"(?:\d{{1,2}}|{TWO_DIGITS}|{SMALL})(?: and (?:a half|a quarter|three[- ]quarters)\b)?"
#: An age behind a name: "Otis (8)", "Caleb, 29, beekeeper", "Mina, four and a half, asked".
_AGE = re.compile(rf"[ \t]?\(({_NUMBER})\)|,[ \t]({_NUMBER})(?=,[ \t]| and [a-z])", re.IGNORECASE)
#: The same in a clause: "Mia is only 6", "Ana turned 31 in May", "Arlo is five weeks".
_AGE_IN_CLAUSE = re.compile(
    r"(?:['\u2019]s|,? is|,? was|,? who is|,? who was| will be| would be| just turned"
    r"| turn(?:s|ed))"
    rf"(?: (?:also|only|just|still|now|already|about|around|almost|nearly|barely))?"
    rf" ({_NUMBER}(?: (?:weeks|months)\b)?)"
    r"(?![\d%]|[.,:/-]\d)(?=\s*(?:[.,;!?)]|\Z)| (?:and|but|now|today|so|when|in (?:jan|feb|mar|apr"
    r"|may|jun|jul|aug|sep|oct|nov|dec))\b)",
    re.IGNORECASE,
)
_SAINT = re.compile(r"(?<!\w)(?:st|saint|san|santa|mount|mt)\.?[ \t]\Z", re.IGNORECASE)
#: The rest of an organization's name: capitalized words up to a type of organization, as in
#: "... & Sons Funeral Directors".
_ORGANIZATION = re.compile(
    r"(?:[ \t](?:&|and|of|[A-Z][\w'\u2019.-]*)){0,3}[ \t](?i:bakery|academy|animal clinic|cafe|"
    r"caf\u00e9|cathedral|chapel|church|clinic|college|dental|elementary|funeral directors|"
    r"funeral home|gym|high school|hospice|hospital|hotel|infirmary|library|medical cent(?:er|re)|"
    r"mosque|nursery|pharmacy|practice|primary|restaurant|salon|school|solicitors|surgery|"
    r"synagogue|tabernacle|temple|theatre|university|vets)(?!\w)"
)
#: The same for types that are ordinary words in lower case: "... Coaches".
_BUSINESS = re.compile(
    r"(?:[ \t](?:&|and|[A-Z][\w'\u2019.-]*)){0,2}[ \t](?:"
    r"Coaches|Buses|Taxis|Cabs|Cars|Motors|Garage|Autos|Plumbing|Electrical|Builders"
    r"|Catering|Foods|Stores|Supermarket|Market|Deli|Butchers|Fishmongers|Florists?|Dairy"
    r"|Brewery|Tavern|Inn|Arms|Bar|Grill|Pizzeria|Kitchens?|Diner|Tearooms?|Coffee"
    r"|Cleaners|Laundry|Launderette|Barbers?|Hair|Beauty|Nails|Spa|Studios?|Players|Choir"
    r"|Orchestra|FC|AFC|RFC|CC|Rovers|United|Athletic|Wanderers|Harriers|Leisure|Lodge"
    r"|Manor|Grange|Trust|Foundation|Housing|Homes|Estates|Lettings|Insurance|Bank|Law"
    r"|Associates|Partners|Consulting|Group|Holdings|Ltd|Limited|plc|Inc|LLC|GmbH"
    r"|Logistics|Transport|Haulage|Couriers|Removals|Recycling|Engineering|Steel|Textiles"
    r"|Mills|Foundry|Press|Publishing|Books|Records|Radio|Systems|Software|Solutions"
    r"|Technologies|Labs|Pharma|Energy|Airlines|Airways|Railways|Ferries|Travel|Tours"
    r"|Hostel|Infants|Juniors|Comprehensive|Grammar|Preschool|Medical"
    r"|Sports (?:Club|Cent(?:er|re))|(?:Community|Day|Health) Cent(?:er|re)|Village Hall"
    r"|Care Home|Building Society|Credit Union|Guest House"
    r"|Works|Band|Brass|Singers|Ensemble|Quartet|Opera|Ballet|Gallery|Museum|Society|Guild|Club"
    r")(?![\w'\u2019])"
)
#: What follows "of" belongs to a school: "... College of Art".
_SCHOOL_OF = re.compile(
    r" of (?:the )?[A-Z][\w'\u2019-]*(?:(?: and| &)? [A-Z][\w'\u2019-]*){0,2}(?!\w)"
)
_LONGEST_SCHOOL = 10
_SCHOOL = re.compile(r"(?:academy|college|institute|school|university)\Z", re.IGNORECASE)


#: What makes a place of a name: "...'s Yard".
_PLACE = re.compile(
    r"['\u2019]s (?:[A-Z][\w-]* )?(?:Bay|Bridge|Close|Corner|Court|Cove|Cross|End|Farm|Ferry|Field"
    r"|Gate|Green|Head|Hill|Island|Landing|Lane|Mill|Mount|Park|Point|Pool|Quay|Row|Square|Wall|Way"
    r"|Wharf|Wood|Yard)(?!\w)"
)


#: Where somebody goes who is no first name: "onions from Molloy's". At "Dana's" a person lives.
_SHOP = re.compile(
    r"['\u2019]s(?=\s*(?:[.,;:!?)]|\Z)|\s+(?:and|but|or|for|with|on|in|before|after|then|again|to|because"
    r"|where|when|while|today|tonight|tomorrow|yesterday|this|last|next|every|i|we|he|she|they)\b)"
)
_TO_SHOP = re.compile(
    r"\b(?:to|at|from|outside|inside|behind|near|past|opposite|into|in) \Z", re.IGNORECASE
)


def with_neighbours(text: str, spans: Sequence[Span]) -> list[Span]:
    """Extend names by their titles and organizations, and add the ages given right behind names.

    Args:
        text: the text of an entry.
        spans: half-open character ranges of `text` that hold personal data, in order and disjoint.

    Returns:
        The spans, extended where needed, and a new span for each such age, in order. What was
        extended may touch the next span.
    """
    return list(_extended(text, spans))


def without_title(name: str) -> str:
    """Cut off the titles that `with_neighbours` put before a name.

    Args:
        name: the text of a span.

    Returns:
        The name alone; `name` itself if it has no title.
    """
    title = _AT_START.match(name)
    return name[title.end() :] if title else name


def _extended(text: str, spans: Sequence[Span]) -> Iterator[Span]:
    behind = 0
    for i, span in enumerate(spans):
        if span.type not in NAMES:
            yield span
            behind = span.end
            continue
        earliest = max(behind, span.start - _LONGEST)
        until = spans[i + 1].start if i + 1 < len(spans) else len(text)
        end, kind = _end(text, span, until)
        extended = Span(_start(text, earliest, span), end, kind)
        yield extended
        behind = extended.end
        age = None
        if extended.type == "PERSON":
            age = _AGE.match(text, span.end) or _AGE_IN_CLAUSE.match(text, span.end)
        # Of "twenty-two" the tagger may have found the end already.
        found = i + 1 < len(spans) and spans[i + 1].type == "AGE"
        group = (age.lastindex or 1) if age else 0
        if age and (age.end() <= until or (found and age.start(group) < until)):
            behind = min(age.end(group), until)
            yield Span(age.start(group), behind, "AGE")


def _end(text: str, span: Span, until: int) -> tuple[int, str]:
    """Where a name ends with what stands behind it, and the type that this makes of it."""
    for organization in (_ORGANIZATION, _BUSINESS):
        if found := organization.match(text, span.end, until):
            return _end_of_school(text, found.end()), "ORGANIZATION"
    if span.type == "ORGANIZATION":
        return _end_of_school(text, span.end), span.type
    if place := _PLACE.match(text, span.end, until):
        return place.end(), "LOCATION"
    shop = _SHOP.match(text, span.end, until)
    if shop and _TO_SHOP.search(text, max(0, span.start - _LONGEST), span.start):
        name = text[span.start : span.end]
        if name[:1].isupper() and lexicon.properties(lexicon.kind(name))[1] < lexicon.RATHER_A_NAME:
            return shop.end(), "ORGANIZATION"
    suffix = _SUFFIX.match(text, span.end, until) if span.type == "PERSON" else None
    return suffix.end() if suffix else span.end, span.type


def _end_of_school(text: str, end: int) -> int:
    """Where an organization's name ends, with what stands behind "College of"."""
    school = _SCHOOL.search(text, max(0, end - _LONGEST_SCHOOL), end)
    of = _SCHOOL_OF.match(text, end) if school else None
    return of.end() if of else end


def _start(text: str, earliest: int, span: Span) -> int:
    """Where a name begins with its title; titles are looked for from `earliest` on."""
    before = text[earliest : span.start]
    if span.type != "PERSON":
        title = _SAINT.search(before)
    elif _RELATIVE.search(before):
        return span.start
    else:
        title = _BEFORE.search(before) or _BYNAME.search(before)
        if title and _MISSES.search(before):
            return span.start
    return earliest + title.start() if title else span.start
