"""People: who has an age and how that is told, and names in scripts that no capital marks.

The first are parts of expressions, and words for gates. Names in Chinese, Japanese, Korean and
Arabic letters are found by the words around them, or stand in a list: the tagger knows Latin
letters only.
"""

from __future__ import annotations

from worker.anonymizer.patterns.gates import matching
from worker.anonymizer.patterns.rules import Group, Rule

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
    r"|roughly|probably|like|well over|well past|approaching|pushing|nearing|hitting|turning|rising"
    r"|actually|finally|officially|basically|at least|all of|gonna be|going to be|about to be"
    r"|about to turn|really|at most|also|too|more than|less than|older than|younger than)){0,2}"
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
#: Surnames that no word for people or things begins with after "with", "to" or "saw".
_CHINESE_SURNAME = (
    "["
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余"
    "杜叶程苏魏吕丁沈姚卢姜崔钟谭陆汪范廖贾夏韦方邹孟熊秦邱尹薛段雷侯龙陶黎贺顾郝龚邵"
    "戴汤張劉陳楊黃趙吳孫馬羅鄭謝許韓馮鄧蕭葉"
    "]"
)
_JAPANESE_KIN = "母|父|兄|姉|弟|妹|皆|赤|客|店員|医者|看護師|奥|娘|息子|祖母|祖父|運転手"
_ARABIC_NAMES = (
    "ليلى|محمد|أحمد|احمد|فاطمة|خديجة|عائشة|مريم|زينب|يوسف|إبراهيم|ابراهيم"
    "|علي|حسن|حسين|عمر|عثمان|خالد|مصطفى|محمود|طارق|كريم|رامي|سامي|سمير|ياسر"
    "|ياسمين|نورا|رنا|هدى|سلمى|سارة|دينا|ريم|منى|نادية|سعاد|عبد الله|عبدالله"
    "|عبد الرحمن|مروان|عماد|هشام|وليد|بلال"
)
SCRIPTS = Group(
    "PERSON",
    matching("[\u0600-\u06ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"),
    (
        Rule(
            "Chinese, with somebody",
            rf"(?:和|跟|与|與|同|给|給|找|叫|陪|见|見|问|問|告诉|遇到|认识|想念)"
            rf"(?P<it>{_CHINESE_SURNAME}[\u4e00-\u9fff]{{1,2}})"
            r"(?=一|去|说|說|来|來|在|的|聊|吃|打|见|見|玩|都|也|很|了|讲|吵|[\uff0c\u3002\uff01\uff1f\u3001,.!?\s]|$)",
            0.6,
        ),
        Rule(
            "Japanese, with an honorific",
            rf"(?<![\u4e00-\u9fffお])(?!(?:{_JAPANESE_KIN})(?:さ|く|ち))"
            r"(?P<it>[\u4e00-\u9fff]{1,3}|(?<![\u30a1-\u30fc])[\u30a1-\u30fc]{2,6})"
            r"(?=さん|くん|ちゃん)",
            0.6,
        ),
        Rule(
            "Korean, with an honorific",
            r"(?<![\uac00-\ud7af])(?!아저|마음)(?P<it>[\uac00-\ud7af]{2,4})"
            r"(?= ?씨(?:가|는|를|와|랑|하고|에게|한테|도|의)?(?![\uac00-\ud7af]))",
            0.6,
        ),
        Rule("Arabic", rf"\b[وفلبك]?(?P<it>{_ARABIC_NAMES})\b", 0.6),
    ),
)
GROUPS = (SCRIPTS,)
