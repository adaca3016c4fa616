"""Words for people and for how their age is told: parts of expressions, and words for gates."""

from __future__ import annotations

KIN_WORDS = (
    "mum mom mam mommy mummy mama mother dad daddy papa father son daughter brother sister boy "
    "girl kid baby toddler child niece nephew cousin aunt auntie uncle wife husband hubby partner "
    "girlfriend boyfriend gf bf ex gran granny grandma nan nana grandpa grandad granddad "
    "grandmother grandfather grandson granddaughter oldest eldest youngest friend roommate "
    "flatmate neighbour neighbor stepson stepdaughter stepdad stepmum stepmom twin godson "
    "goddaughter fiance fiancee"
)
MANY_KIN_WORDS = (
    "twins kids children boys girls sons daughters siblings brothers sisters grandkids "
    "grandchildren nieces nephews cousins parents grandparents triplets"
)
KIN = rf"(?:{'|'.join(KIN_WORDS.split())})"
MANY_KIN = rf"(?:{'|'.join(MANY_KIN_WORDS.split())})"
SOMEBODY_WORDS = (
    "man woman boy girl lad lass child kid person someone somebody lady gentleman guy bloke chap "
    "teenager teen toddler baby widow widower pensioner patient fella dude youth youngster student"
)
SOMEBODY = rf"(?:{'|'.join(SOMEBODY_WORDS.split())})"
#: People told by what they do: "the teacher is 23".
ROLE_WORDS = (
    "teacher tutor instructor coach trainer nurse doctor dentist midwife barista waiter waitress "
    "boss manager colleague lodger landlord landlady carer babysitter nanny driver apprentice "
    "trainee volunteer singer drummer guitarist groom bride client housemate"
)
ROLE = rf"(?:{'|'.join(ROLE_WORDS.split())})"
#: Relatives and others who are respected, in many languages, as they stand before a name.
RESPECT_WORDS = (
    "tita tito kuya lola lolo nanay tatay ninang ninong manang manong aling aunty oga alhaji "
    "alhaja mallam ustaz ustadh sheikh hajji hajja abuela abuelo tia tio oma opa tante tannie "
    "oom babcia ciocia wujek dziadek tetka babushka dedushka nonna nonno zia zio yiayia "
    "pappou halmoni bhaiya bhabhi chacha chachi mausi dadi akka thatha paati ajji amma appa "
    "periamma khala phuppo bibi babu mzee cucu shosho guka bwana mwalimu gogo mkhulu malume "
    "bhuti kakak abang mbak bapak ibu nenek whaea matua taid mamgu mamo daideo kokum papi"
)
#: What makes an age of the number behind it, after somebody.
IS = (
    r"(?:['\u2019]?(?:s|m|re)| is| am| are| was| were| isn['\u2019]?t| wasn['\u2019]?t"
    r"|(?:['\u2019](?:ll|d)| will| would| must| might| may| could| should| can['\u2019]?t| gonna"
    r"| going to) (?:be|have been|turn)| (?:looks?|looked|seems?|seemed|became|becomes)"
    r"|(?: has| had)? turn(?:s|ed|ing)?)"
)
#: How near the age is told.
ABOUT = (
    r"(?: (?:only|just|still|now|already|about|around|almost|nearly|not even|not yet|barely|maybe"
    r"|roughly|probably|perhaps|possibly|like|well over|well past|past|approaching|pushing"
    r"|nearing|hitting|turning|rising|actually|finally|officially|basically|at least"
    r"|all of|gonna be|going to be|about to be|about to turn|really|at most|also|too"
    r"|more than|less than|older than|younger than)){0,2}"
)
#: What happens at an age: "widowed at 58", "learnt to swim at 41".
LIFE_EVENT = (
    r"(?:pregnant|diagnosed|orphaned|widowed|divorced|retired?|retiring|left (?:home|school)"
    r"|dropped out|emigrated|moved out|a (?:mother|father|mum|mom|dad|parent|grandma|grandmother"
    r"|grandfather|widow|widower|virgin))"
)
EVENT = r"(?:died|passed(?: away)?|married|wed|engaged|lost (?:my|his|her) \w{2,12}|single|sober)"
BEGUN = (
    r"(?:learn\w{0,5}|start\w{0,3}(?: \w{2,12}){0,2}|beg[aiu]n\w{0,4}(?: \w{2,12}){0,2}"
    r"|career|still (?:here|alive|alone|going|standing|dancing|working))"
)
