"""Parts of the expressions for ages, and what may stand around one."""

from __future__ import annotations

from worker.anonymizer.patterns.gates import any_word, either, has_digit
from worker.anonymizer.patterns.numerals import (
    DIGIT_WORDS,
    FIGURE,
    MONTHS,
    SMALL,
    TEEN_WORDS,
    TENS_WORDS,
    UNITS,
    WORDS,
)

AGE = rf"(?:{FIGURE}|{WORDS}|{SMALL})(?: and (?:a half|a quarter|three[- ]quarters)\b)?"
LIST = rf"(?P<it>{AGE})(?:(?:,? and |, ?| & |,? or )(?P<it>{AGE})){{0,5}}"
#: The same where a range of ages may be meant.
IN_RANGE = rf"(?:(?<![\d.,:/])(?:1[01]\d|[1-9]\d?)\b(?![%\u00b0]|[.,:/]\d)|{WORDS}|{SMALL})"
NO_MEASURE = r"(?! ?(?:min|mins|minutes?|hours?|hrs?|days|km|miles?|kg|lbs?|pounds|times|am|pm)\b)"
NO_COUNT = rf"(?!\s*{UNITS})"
NO_UNIT = (
    rf"(?!\s*(?:{UNITS}|in\b(?! (?:{MONTHS})\b)"
    r"|on\b(?! (?:the|my|his|her|our|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?|{MONTHS})\b)))"
)
#: What may follow an age: the end of a clause, or a word that begins another.
FOLLOWED = (
    r"(?=\s*(?:[.,;:!?)\]\"\u201d\u2026\u2014]|\u2013|$)|\s+(?:and(?! \d)|but|now|when|today|so|or"
    r"|because|cause|cuz|why|how|yet|then|already|soon|tomorrow|tonight|this|next|last|who|which|if|while|as|again"
    r"|i|he|she|we|they|you|my|too|though|lol|going|turning|at (?:the time|school|home|christmas)"
    rf"|in (?:{MONTHS})|on (?:the|my|his|her|our|monday|tuesday|wednesday|thursday|friday|saturday"
    r"|sunday))\b)"
)
NUMBER = either(has_digit, any_word(TEEN_WORDS, TENS_WORDS, DIGIT_WORDS.removeprefix("one ")))
#: What has an age as well and is nobody: "my 12-year-old car".
THINGS = (
    r"(?:(?:old|second-?hand|used|red|blue|white|black|green|grey|gray|silver|family|gas"
    r"|electric) )?"
    r"(?:cars?|vans?|trucks?|lorry|bus|coach|train|tram|bikes?|bicycle|motorbike|scooter|boat|ship"
    r"|hatchback|saloon|estate|suv|pick-?up|coupe"
    r"|plane|caravan|tractor|engine|clutch|gearbox|tyres?|tires?|house|home|flat|cottage|building"
    r"|barn|shed|roof|wall|fence|kitchen|bathroom|boiler|furnace|heater|radiator|fridge|freezer"
    r"|oven|stove|cooker|kettle|toaster|microwave|dishwasher|dryer|washer|washing machine|hoover"
    r"|vacuum|mixer|blender|laptop|computer|pc|mac|phone|mobile|iphone|tablet|ipad|tv|telly"
    r"|television|radio|stereo|camera|printer|console|server|software|code|codebase|bug|app|account"
    r"|password|sofa|couch|settee|carpet|rug|curtains?|chairs?|armchair|table|desk|wardrobe|bed"
    r"|mattress|pillows?|duvet|quilt|blankets?|jumper|sweater|cardigan|coat|jacket|jeans|trousers"
    r"|dress|skirt|shirt|t-?shirt|suit|hat|shoes?|boots|trainers|slippers|socks|bag|rucksack|trees?"
    r"|oak|yew|apple tree|rose bush|vine|cactus|bonsai|plants?|garden|lawn|wine|port|whisk(?:e)?y"
    r"|rum|brandy|cheese|starter|sourdough|recipes?|letters?|books?|diary|diaries|notebook|journal"
    r"|photos?|photographs?|pictures?|paintings?|records?|tapes?|film|movie|song|guitar|piano|violin"
    r"|cello|drums?|clock|watch|ring|necklace|church|bridge|road|pub|school|company|firm|business"
    r"|tradition|habit|marriage|friendship|relationship|grudge|feud|argument|debt|loan|mortgage"
    r"|contract|passport|tickets?|job|scar|injury|wound|knee|hips?|cats?|dogs?|pupp(?:y|ies)|kitten"
    r"|horse|pony|mare|hamster|rabbit|parrot|tortoise)(?![\w-])"
)
NO_THING = rf"(?![ ]{THINGS})"
CLAUSE_END = r"(?=\s*(?:[.,;!?)]|$))"

#: The last words of `ABOUT`, and "of".
LAST_OF_ABOUT = (
    r"of|only|just|still|now|already|about|around|almost|nearly|even|yet|barely|maybe|roughly"
    r"|perhaps|possibly|probably|like|over|past|approaching|pushing|nearing|hitting|turning|rising|actually|finally"
    r"|officially|basically|be|turn|least|really|most|also|too|than"
)
