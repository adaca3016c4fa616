"""Names in scripts that no capital marks.

Names in Chinese, Japanese, Korean and Arabic letters are found by the words around them, or stand
in a list: the tagger knows Latin letters only.
"""

from __future__ import annotations

from worker.anonymizer.patterns.gates import matching
from worker.anonymizer.patterns.rules import Group, Rule

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
