"""Numbers in a text: sums of money, dates, phone numbers and the numbers of orders and accounts."""

import re
from collections.abc import Iterator
from math import inf, isfinite
from typing import NamedTuple

_SIGNS = r"(?:US|[RAC])?\$|[€£¥₹₩₽₺₪₴]"
_CODES = (
    r"(?:(?:USD|EUR|GBP|CHF|CAD|AUD|NZD|JPY|CNY|INR|BRL|MXN|SEK|NOK|DKK|PLN|CZK|HUF|TRY|ZAR|SGD"
    r"|HKD|KRW|BTC|ETH|USDT)"
    r"|usd|eur|gbp|chf|btc|usdt)"
)
_NAMES = (
    r"(?i:dollars?|bucks|euros?|pounds?|quid|cents?|pence|francs?|franken|pesos?|rupees?"
    r"|yen|yuan|zloty|bitcoins?)"
)
_FIGURE = r"\d[\d.,'\u2019]*+(?: \d{3}(?!\d))*+(?:,\d{2}(?!\d))?"
_SUM = re.compile(
    rf"(?=[\dA-Zbcegu$€£¥₹₩₽₺₪₴])(?:(?:{_SIGNS}|\b{_CODES}) ?-?(?P<after>{_FIGURE})"
    r"(?P<thousand> ?[kK]\b)?"
    rf"|(?<![\w.,])(?P<before>{_FIGURE})(?P<thousands> ?[kK])? ?(?:{_SIGNS}|(?:{_CODES}"
    rf"|{_NAMES})\b))"
)
_COUNT = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty"
    r"|forty|fifty|sixty"
    r"|seventy"
    r"|eighty|ninety|(?:a |several |many )?hundreds?|(?:a |several |many )?thousands?"
    r"|(?:a )?millions?)"
)
SPELLED_SUM = re.compile(
    rf"\b(?=[aefhmnost]){_COUNT}(?:[ -](?:and )?{_COUNT}){{0,6}} (?:{_NAMES}|{_CODES})\b"
)
"""A sum in words, over folded text."""

_NUMBER = re.compile(_FIGURE)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
DATE = re.compile(
    r"\b(?=[\djfmasond])(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)? (?:of )?{_MONTH}\.?(?:,? \d{{4}})?"
    rf"|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd"
    rf"|th)?(?:,? \d{{4}})?)(?!\w)",
    re.IGNORECASE,
)
PHONE = re.compile(
    # Its first character stands before what is asked of the one behind it: the engine skips
    # fast to that.
    r"[+(\d](?<![\w.,/-].)(?:(?<=\+) ?\(?\d|(?<=\()\d|(?<=\d))(?:[ ()./-]{0,3}\d){6,16}(?![\w])"
)
_CALLED = re.compile(
    r"\b(?:call|calls|calling|phone|telephone|tel|dial|ring|whatsapp|telegram|signal|hotline"
    r"|text|sms|fax|mobile|cell"
    r"|reach|landline|helpline|telefon\w*|anrufen|appele[rz]|llam\w+|chiam\w+)\b[^.!?\n]{0,40}$",
    re.IGNORECASE,
)
_NO_DIGIT = re.compile(r"\D+")
_LOOK_BACK = 60
_SHORTEST_DECIMALS, _GROUP = 2, 3
_MAX_FIGURE = 24


class MoneySum(NamedTuple):
    """A sum of money as written, where it stands, and its value; the currency does not count."""

    written: str
    span: tuple[int, int]
    value: float


def find_sums(text: str) -> Iterator[MoneySum]:
    """Every sum of money in a text."""
    for match in _SUM.finditer(text):
        scale = 1000 if match["thousand"] or match["thousands"] else 1
        yield MoneySum(
            match[0],
            match.span(),
            parse_figure(match["after"] or match["before"]) * scale,
        )


def find_number_values(text: str) -> Iterator[float]:
    """The value of every figure in a text, and of every sum."""
    values = (
        *(parse_figure(figure) for figure in _NUMBER.findall(text)),
        *(found.value for found in find_sums(text)),
    )
    yield from (value for value in values if isfinite(value))


def parse_figure(figure: str) -> float:
    """A figure; its last separator is the decimal one unless three digits follow it.

    Infinite when it is too long.
    """
    if len(figure) > _MAX_FIGURE:
        return inf
    digits = re.findall(r"\d+", figure)
    if len(digits) > 1 and len(digits[-1]) != _GROUP:
        return float(f"{''.join(digits[:-1])}.{digits[-1]}")
    return float("".join(digits))


def digits_of(text: str) -> str:
    """Only the digits."""
    return _NO_DIGIT.sub("", text)


def find_phone_numbers(text: str) -> Iterator[tuple[str, int]]:
    """Numbers that somebody can call, as written and where they stand.

    By their form, or after a word for calling.
    """
    dates = {match.start() for match in DATE.finditer(text)}
    for match in PHONE.finditer(text):
        if match.start() in dates:
            continue
        number = match[0]
        groups = len(re.findall(r"\d+", number))
        if (
            number.startswith(("+", "(", "00"))
            or groups >= _GROUP
            or _CALLED.search(text[max(0, match.start() - _LOOK_BACK) : match.start()])
        ):
            yield number, match.start()
