"""E-mail addresses, web addresses and user names."""

from __future__ import annotations

from worker.anonymizer.patterns.gates import (
    any_part,
    any_word,
    either,
    every,
    has_digit,
    matching,
)
from worker.anonymizer.patterns.rules import Group, Rule
from worker.anonymizer.taggers import lexicon

EMAILS = Group(
    "EMAIL_ADDRESS",
    any_part("@", "(at)", "[at]"),
    (
        Rule(
            "address",
            r"\b[a-z0-9][a-z0-9._%+'-]{0,63}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}\b",
            0.9,
        ),
        Rule(
            "spelt out",
            r"\b[\w.+-]{1,64} ?(?:\(at\)|\[at\]) ?[\w-]{1,63}"
            r" ?(?:\.|\(dot\)|\[dot\]) ?[a-z]{2,10}\b",
            0.8,
        ),
        Rule(
            "without a dot",
            r"\b[\w.+-]{1,64}@(?:gmail|gmial|yahoo|hotmail|outlook|icloud|aol|proton\w{0,4})\b",
            0.8,
        ),
    ),
)
_URL_REST = r"[^\s<>\"')\]]{2,2000}(?<![.,!?;:])"
URLS = Group(
    "URL",
    either(any_part("://", "www."), matching(r"\.[a-z]{2}|[a-z]/[\w-]")),
    (
        Rule("with scheme", rf"\b(?:https?|ftp)://{_URL_REST}", 0.9),
        Rule("www", rf"\bwww\.[a-z0-9-]{{1,63}}\.{_URL_REST}", 0.9),
        # Without a scheme the ending must be a known one in lower case, so that "sad.So" stays.
        Rule(
            "bare domain",
            r"(?-i:(?<![\w@.])[A-Za-z0-9-]{2,63}(?:\.[a-z0-9-]{2,63}){0,3}\.(?:(?:com|org|net|edu"
            r"|gov|io|co\.uk|de|fr|ca|info|me|app|dev|blog|xyz|tv|uk|eu|nl|au|ie|biz|us|nz|ch|se|pl"
            r"|pt|es|jp|br|mx|za|ai|gg|ly|fm|club|shop|online|website|site|community|tech|cloud"
            r"|wiki|social|chat|network)\b(?!\.\w)"
            r"|[a-z]{2,12}(?=/[\w-]))(?:/[^\s<>\"')\]]{0,2000}(?<![.,!?;:]))?)",
            0.7,
        ),
    ),
)
#: Words behind "my username is" that are no user name.
_NO_USERNAME = (
    r"not|no|the|a|an|so|too|my|his|her|your|our|their|just|really|very|still|always|never|also|and"
    r"|or|but|that|this|it|in|on|for|with|from|is|was|private|public|gone|broken|dead|down|full"
    r"|hacked|taken|already|now|what|which|because|all|only|something|stupid|embarrassing|boring"
    r"|like|literally|basically|about|thing|stuff|story|stories|post|posts|people"
)
_USER_CUES = "username user name handle insta instagram snap snapchat tiktok discord ig"
HANDLES = Group(
    "HANDLE",
    either(any_part("@", "u/"), any_word(_USER_CUES)),
    (
        # "@3pm" and "@ 8:30" tell the time.
        Rule(
            "handle",
            r"(?<![\w@./])@(?!\d{1,2}(?:[:.]?\d\d)?\s?(?:[ap]\.?m\.?|ish|h)?(?![\w.]*\w))"
            r"[a-z0-9_](?:[\w.]{0,29}\w)?",
            0.8,
        ),
        Rule("user", r"(?<![\w/])/?u/[\w-]{3,30}", 0.8),
        Rule(
            "named",
            r"\b(?:user ?name|handle|insta(?:gram)?|snap(?:chat)?|tiktok|discord|ig)"
            rf"(?: (?:is|was)|:| =) ?@?\K(?!(?:{_NO_USERNAME})\b)[\w.#-]{{2,29}}\w",
            0.7,
        ),
        Rule("username", rf"\buser ?name \K(?!(?:{_NO_USERNAME})\b)[\w.#-]{{2,29}}\w", 0.7),
    ),
)
#: A user name by its shape: with an underscore, or with letters and then digits.
_SHAPED = r"(?=[a-z])(?:[a-z\d.-]{1,24}_[\w.-]{0,24}\w|[a-z][a-z.]{3,20}\d{2,5})(?![\w@/-])"
#: The same, or at least two names with dots between them.
_DOTTED = rf"(?:{_SHAPED}|[a-z][a-z\d]{{1,15}}(?:\.[a-z\d]{{2,15}}){{2,4}}(?![\w@/-]))"
_NO_HANDLE = r"(?!covid|gpt|node_|snake_|camel_|test_|my_|foo_|max_|min_|num_|get_|set_|is_)"
_SITES = (
    r"(?:insta(?:gram)?|snap(?:chat)?|tiktok|discord|twitter|x|reddit|tumblr|twitch|steam|xbox|psn"
    r"|bluesky|mastodon|threads|telegram|youtube|facebook|fb|kik|ao3|wattpad|strava|vinted|depop"
    r"|etsy|goodreads|letterboxd|pinterest|the forum)"
)
_SITE_WORDS = (
    "insta instagram snap snapchat tiktok discord twitter x reddit tumblr twitch steam xbox psn "
    "bluesky mastodon threads telegram youtube facebook fb kik ao wattpad strava vinted depop etsy "
    "goodreads letterboxd pinterest forum"
)
_CUED = (
    r"\b(?:dm(?:['\u2019]?e?d|s|ing)?|messag(?:ed|ing|e)|follow(?:ed|ing|s)?(?: back)?(?: by)?"
    r"|unfollow(?:ed|ing)?|block(?:ed|ing)?|unblocked|tagg(?:ed|ing)(?: by)?|add(?:ed|ing)"
    r"|subscribed to|mutuals? with|ghosted by|known (?:online )?as|go(?:es)? by|log(?:ged)? in as"
    r"|post(?:ed|ing|s)?(?: it| this| that)? as|as|find me (?:at|as|under)|name is|account is"
    r"|it['\u2019]?s) "
)
_DID = (
    r"(?= (?:liked|loved|followed|unfollowed|commented|replied|dm['\u2019]?e?d|messaged|reposted"
    r"|retweeted|blocked|tagged|subscribed|went live|is live|posted|poked|streamed|sent me|wrote"
    r"|added me|asked me|raided|hosted|donated|says|said|joined|left|banned|kicked|muted)\b)"
)
_NAMES_FOR = (
    r"(?:gamer ?tag|screen ?name|user ?name|nick(?:name)?|alias|login|handle|psn|xbox|steam|twitch"
    r"|reddit|tumblr|bluesky|mastodon|kik|venmo|cash ?app|discord|insta(?:gram)?|snap(?:chat)?"
    r"|tiktok)"
)
SHAPED_HANDLES = Group(
    "HANDLE",
    either(
        any_part("_"),
        every(has_digit, matching(r"[^\W\d_.]\.?\d\d|\w#\d")),
        every(any_part("."), matching(r"\.[^\W_]{2,15}\.[^\W_]{2}|[dgmDGM] \w+\.\w")),
    ),
    (
        Rule("behind a cue", rf"{_CUED}\K{_NO_HANDLE}{_DOTTED}", 0.6),
        Rule(
            "dotted, behind a sure cue",
            r"\b(?:dm['\u2019]?e?d|messag(?:ed|ing)) \K(?-i:(?!(?:him|her|them|me|us|you|it|my|back"
            r"|mum|dad|everyone|nobody|people|again|each)\b)[a-z][a-z\d]{2,15}\.[a-z\d]{3,15}\b)",
            0.6,
        ),
        Rule("did something", rf"(?<![\w@./-]){_NO_HANDLE}{_DOTTED}{_DID}", 0.6),
        Rule("on a site", rf"(?<![\w@./-]){_NO_HANDLE}{_DOTTED}(?= on {_SITES}\b)", 0.6),
        Rule(
            "with several underscores",
            rf"(?<![\w@./-]){_NO_HANDLE}[a-z\d]{{1,20}}(?:_\d{{0,9}}[a-z][a-z\d]{{0,20}}){{2,6}}(?![\w@/-])",
            0.6,
        ),
        Rule("with a number", r"(?<![\w#])[a-z][\w.]{2,30}#\d{4}(?!\w)", 0.7),
    ),
)
NAMED_HANDLES = Group(
    "HANDLE",
    any_word(
        "gamertag tag screenname screen username user nick nickname alias login handle psn xbox "
        "steam",
        "twitch reddit tumblr bluesky mastodon kik venmo cashapp app discord insta instagram snap",
        "snapchat tiktok",
    ),
    (
        Rule(
            "named, by its shape",
            rf"\b{_NAMES_FOR}\b[^.!?\n]{{0,28}}?(?: (?:is|was|as|its|it['\u2019]s)|:) @?\K"
            rf"(?:{_DOTTED}|[a-z][a-z\d]{{1,15}}\.[a-z\d]{{3,15}}(?![\w@/-])|(?-i:[A-Za-z]{{2,}}[a-z][A-Z][A-Za-z]*\d*|[A-Z][a-z]+[A-Z]\w+))",
            0.7,
        ),
        Rule(
            "named",
            r"\b(?:gamer ?tag|screen ?name|user ?name)(?: (?:is|was)|:)? "
            rf"\K(?!(?:{_NO_USERNAME})\b)[\w.#-]{{3,29}}\w",
            0.6,
        ),
    ),
)


def _is_no_word(text: str, start: int, end: int) -> bool:
    return lexicon.kind(text[start:end]) == 0


CALLED = Group(
    "HANDLE",
    any_word("called named going goes go"),
    (
        Rule(
            "called",
            r"\b(?:called|named|going by|goes by|go by) \K(?-i:[a-z][a-z\d]{9,25})"
            r"(?= (?:messaged|dm|told|said|says|commented|replied|liked|followed|posted|wrote"
            r"|added|on|who)\b)",
            0.6,
            _is_no_word,
        ),
    ),
)
EXTENSIONS = Group(
    "PHONE_NUMBER",
    every(has_digit, any_word("ext extension")),
    (
        Rule(
            "extension",
            r"\b(?:ext\.?:?|(?:on|at|dial|call|ring) extension|extension (?:no\.?|number))"
            r" \K\d{3,6}\b",
            0.6,
        ),
    ),
)
GROUPS = (EXTENSIONS, EMAILS, URLS, HANDLES, SHAPED_HANDLES, NAMED_HANDLES, CALLED)
