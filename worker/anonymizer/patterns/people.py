"""Words for people who have ages, as parts of expressions and as words for gates."""

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
SOMEBODY = (
    r"(?:man|woman|boy|girl|lad|lass|child|kid|person|someone|somebody|lady|gentleman|guy|bloke"
    r"|chap|teenager|teen|toddler|baby|widow|widower|pensioner|patient|fella|dude|youth|youngster"
    r"|student)"
)
