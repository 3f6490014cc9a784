"""What Chinese text says about a person.

No spaces part its words, so the patterns for other scripts miss them.

Names are told by what stands before or behind them, with a surname of the most common;
mistaking a word for a name costs little, as everywhere here.
"""

import re
from collections.abc import Iterator

from engines.masking.spans import PersonalSpan
from text.blanking import FILLER

HAN_CHARACTER = re.compile(r"[\u4e00-\u9fff]")
UNSPACED_SCRIPT = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
"""Characters of scripts without spaces: Thai, Japanese, Chinese."""
SURNAMES = (
    "(?:欧阳|司马|上官|诸葛|司徒|东方|[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾萧田董潘袁蔡蒋余于"
    "杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫"
    "孔向汤張劉陳楊黃趙吳孫馬羅鄭謝許韓鄧馮蕭葉蘇呂盧鍾陸賈鄒錢嚴龔顧賀])"
)
GIVEN_NAME = r"(?:(?![我你您他她是的在有想要和与叫先女小老经客])[\u4e00-\u9fff])"
COPULA = r"[ ]?(?:是|为|為|叫|[:：])?[ ]?"
CHINESE_NAMES = re.compile(
    rf"(?:我叫|我叫做|名叫|名字|姓名|联系人|聯絡人|收件人|收货人|寄件人|持卡人){COPULA}"
    r"(?P<told>[\u4e00-\u9fff][·•\u4e00-\u9fff]{1,11})"
    rf"|我是(?P<am>{SURNAMES}{GIVEN_NAME}{{1,2}})(?![\u4e00-\u9fff])"
    rf"|(?P<titled>{SURNAMES}{GIVEN_NAME}{{0,2}})(?=先生|女士|小姐|太太|经理|老师|医生)"
)
NAME_STOP = re.compile(r"[我你您他她是的在有想要和与從从，。]")
MAX_NAME_LENGTH = 4
"""Characters of a name; with a dot in it, as foreign ones have, it may be longer."""
LABELLED_PLACE = re.compile(
    r"(?:(?<!IP)(?<!ip)(?<!邮箱)(?<!邮件)(?<!网)(?<!网络)地址|住址|住在|家住|寄到|寄往|送到|收货地)"
    r"[ ]?(?:是|为|為|在|[:：])?[ ]?"
    r"(?P<place>(?=[^，。；！？,;!?\n]{0,60}[省市区區县縣镇鎮乡鄉村路街道巷弄号號楼樓室栋棟])[^，。；！？,;!?\n]{2,60})"
)
CHINESE_STREET = re.compile(
    r"(?:(?![到往在是寄送])[\u4e00-\u9fff]){2,30}?[路街道巷弄][\u4e00-\u9fff]{0,4}\d{1,5}[号號弄]"
    r"(?:[\u4e00-\u9fff\w-]{0,20}[室楼樓栋棟元])?"
)
CHINESE_SECRET = re.compile(
    r"(?:密码|密碼|口令|验证码|驗證碼)[ ]?(?:是|为|為|[:：])?[ ]?(?P<secret>[!-~]{3,60})"
)


def isolate_latin_text(text: str) -> str:
    """The text, as long as before, with a filler for each character of a script without spaces.

    What is written in Latin letters and digits beside them ("电话13812345678") then stands alone.
    """
    return text if text.isascii() else UNSPACED_SCRIPT.sub(FILLER, text)


def find_chinese(text: str) -> Iterator[PersonalSpan]:
    """Names, addresses and passwords in Chinese text.

    Nothing in a text without Chinese characters.
    """
    if text.isascii() or not HAN_CHARACTER.search(text):
        return
    for match in CHINESE_NAMES.finditer(text):
        kind = match.lastgroup or "told"
        yield PersonalSpan(
            match.start(kind), match.start(kind) + _measure_name(match[kind]), "NAME"
        )
    yield from (
        PersonalSpan(*match.span("place"), "ADDRESS")
        for match in LABELLED_PLACE.finditer(text)
    )
    yield from (
        PersonalSpan(*match.span(), "ADDRESS")
        for match in CHINESE_STREET.finditer(text)
    )
    yield from (
        PersonalSpan(*match.span("secret"), "SECRET")
        for match in CHINESE_SECRET.finditer(text)
    )


def _measure_name(written: str) -> int:
    """Up to the first character that no name has, and no longer than names are."""
    stop = NAME_STOP.search(written, 1)
    whole = written[: stop.start()] if stop else written
    return (
        len(whole) if "·" in whole or "•" in whole else min(len(whole), MAX_NAME_LENGTH)
    )
