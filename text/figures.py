"""Every number in a text that a reply may have to answer for: sums, dates, phone numbers.

Extraction (text/patterns) reads a value only when it is sure of it. The guard of replies has
to see whatever could be one, so each reader here finds all that extraction finds and looser
forms besides. `tests/unit/text/test_one_reader.py` holds the two to it.
"""

import re
from collections.abc import Iterator
from math import inf, isfinite
from typing import NamedTuple

from text.currencies import (
    CODES,
    FIGURE,
    FIGURE_TAIL,
    RARE_CODES,
    RARE_WORDS,
    SIGNS,
    WORDS,
)
from text.letter_folding import fold_letters
from text.patterns.amounts import find_amounts, parse_amount
from text.patterns.blanked_text import MaskedText
from text.patterns.dates import MONTH_NUMBER
from text.patterns.found_value import FoundValue
from text.patterns.phones import EXTENSION_START, find_phones

_CODES = rf"(?:{CODES}|{RARE_CODES}|usd|eur|gbp|chf|btc|usdt)"
_FIGURE_BEFORE = re.compile(
    rf"(?P<figure>\d(?<![\w.,]\d){FIGURE_TAIL})(?P<thousands> ?[kK])? ?"
    rf"(?:{SIGNS}|(?:{_CODES}|(?i:{WORDS}|{RARE_WORDS}))\b)"
)
_FIGURE_AFTER = re.compile(
    rf"(?P<figure>\d(?<![\d.,'\u2019]\d){FIGURE_TAIL})(?P<thousands> ?[kK]\b)?"
)
_CURRENCY_BEFORE = re.compile(rf"(?:{SIGNS}|\b{_CODES}) ?-?\Z")
_LONGEST_CURRENCY = len("USDT -")
"""A figure beside a currency, whatever stands around the two: "#12 EUR", "5kUSD", "50 cents"."""

_SPELLED_CURRENCY = (
    r"(?i:dollars?|bucks|euros?|pounds?|quid|cents?|pence|francs?|franken|pesos?|rupees?"
    r"|yen|yuan|zloty|bitcoins?|usd|eur|gbp|chf|btc|usdt)"
)
_COUNT = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty"
    r"|forty|fifty|sixty"
    r"|seventy"
    r"|eighty|ninety|(?:a |several |many )?hundreds?|(?:a |several |many )?thousands?"
    r"|(?:a )?millions?)"
)
SPELLED_SUM = re.compile(
    rf"\b(?=[aefhmnost]){_COUNT}(?:[ -](?:and )?{_COUNT}){{0,6}} {_SPELLED_CURRENCY}\b"
)
"""A sum in words, over folded text."""

_NUMBER = re.compile(FIGURE)
_ENGLISH_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_OTHER_MONTH = "|".join(
    sorted(
        name
        for name in {*MONTH_NUMBER, *(fold_letters(name, ()) for name in MONTH_NUMBER)}
        if not re.fullmatch(_ENGLISH_MONTH, name)
    )
)
"""The months that extraction reads, also without accents: checks compare folded sentences."""

_DATE_END = r"(?:(?!\w)|(?<=\d)(?=t))"
"""A date ends where its word ends, or before the T of a time ("2026-05-05T09:00")."""
_DAY_FIRST = re.compile(
    r"\d(?<!\w\d)(?:\d{3}[-/.]\d{1,2}[-/.]\d{1,2}|\d?[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
    r"|\d?(?:st|nd|rd|th|er|\.|[ºo])? (?:of |de )?"
    rf"(?:{_ENGLISH_MONTH}\.?(?:,? \d{{4}})?"
    rf"|(?:{_OTHER_MONTH})\.?(?:(?: de| del)?,? (?:19|20)\d\d)?)){_DATE_END}",
    re.IGNORECASE,
)
"""2026-05-05, 5/5/26, 5 May, 5th of May 2026, 5. März, 5 de mayo de 2026."""
_DAY_AFTER_MONTH = re.compile(
    r"\d(?:(?<=[^\W\d_] \d)|(?<=[^\W\d_]\. \d))\d?(?:st|nd|rd|th)?(?:,? \d{4})?"
    rf"{_DATE_END}",
    re.IGNORECASE,
)
"""What stands behind the month in "May 5th, 2026". It begins with the digit, because the
engine skips fast to that."""
_MONTH_BEFORE = re.compile(
    rf"\b(?:{_ENGLISH_MONTH}|{_OTHER_MONTH})\.? \Z", re.IGNORECASE
)
_LONGEST_MONTH = len("septiembre. ")

_LONG_RUN = (
    r"[+(\d](?<![\w.,/-].)(?:(?<=\+) ?\(?\d|(?<=\()\d|(?<=\d))(?:[ ()./-]{0,3}\d)"
)
"""A run of digits in groups. Its first character stands before what is asked of the one
behind it ("x5550123", "4.5550123" are none): the engine skips fast to that."""
_LOOSE_PHONE = re.compile(_LONG_RUN + r"{6,16}(?!\w)")
"""Seven digits and more: "+44 20 7946 0018", "(900) 555-0147", "09005550147"."""
_DIGIT_RUN = re.compile(_LONG_RUN + r"{5,16}(?!\w)")
"""The same from six digits on, the fewest that extraction calls a phone number."""
_CALLED = re.compile(
    r"\b(?:call|calls|calling|phone|telephone|tel|dial|ring|whatsapp|telegram|signal|hotline"
    r"|text|sms|fax|mobile|cell"
    r"|reach|landline|helpline|telefon\w*|anrufen|appele[rz]|llam\w+|chiam\w+)\b[^.!?\n]{0,40}$",
    re.IGNORECASE,
)
_NO_DIGIT = re.compile(r"\D+")
_LOOK_BACK = 60
_GROUP = 3
_SMALLEST_COIN = 0.01
_MAX_FIGURE = 24


class MoneySum(NamedTuple):
    """A sum of money as written, where it stands, and its value; the currency does not count."""

    written: str
    span: tuple[int, int]
    value: float


def find_sums(text: str) -> Iterator[MoneySum]:
    """Every sum of money in a text: beside a currency, or beside a word about money."""
    read: dict[int, float] = {}
    for found in _find_loose_sums(text):
        read |= dict.fromkeys(range(*found.span), found.value)
        yield found
    for amount in find_amounts(MaskedText(text)):
        span, value = (amount.start, amount.end), float(amount.value)
        if all(abs(read.get(at, inf) - value) >= _SMALLEST_COIN for at in range(*span)):
            yield MoneySum(text[amount.start : amount.end], span, value)


def _find_loose_sums(text: str) -> Iterator[MoneySum]:
    for match in _FIGURE_BEFORE.finditer(text):
        yield _read_sum(text, match.start(), match)
    for match in _FIGURE_AFTER.finditer(text):
        begin = max(0, match.start() - _LONGEST_CURRENCY)
        if currency := _CURRENCY_BEFORE.search(text, begin, match.start()):
            yield _read_sum(text, currency.start(), match)


def _read_sum(text: str, start: int, match: re.Match[str]) -> MoneySum:
    value = parse_figure(match["figure"]) * (1000 if match["thousands"] else 1)
    return MoneySum(text[start : match.end()], (start, match.end()), value)


def find_number_values(text: str) -> Iterator[float]:
    """The value of every figure in a text, and of every sum."""
    values = (
        *(parse_figure(figure) for figure in _NUMBER.findall(text)),
        *(found.value for found in find_sums(text)),
    )
    yield from (value for value in values if isfinite(value))


def parse_figure(figure: str) -> float:
    """The number that a figure stands for, as extraction reads it.

    A figure that is written in no country's way ("12,34,5") has a value too, so that it can be
    compared: its last separator is the decimal one unless three digits follow it. Infinite
    when it is too long.
    """
    if len(figure) > _MAX_FIGURE:
        return inf
    value = parse_amount(figure)
    if value is not None:
        return value
    digits = re.findall(r"\d+", figure)
    if len(digits) > 1 and len(digits[-1]) != _GROUP:
        return float(f"{''.join(digits[:-1])}.{digits[-1]}")
    return float("".join(digits))


def digits_of(text: str) -> str:
    """Only the digits."""
    return _NO_DIGIT.sub("", text)


def find_digit_runs(text: str) -> Iterator[str]:
    """The digits of everything in a text that could be a phone number, however grouped."""
    return (digits_of(run) for run in _DIGIT_RUN.findall(text))


def find_written_dates(text: str) -> Iterator[tuple[int, int]]:
    """Where dates stand, in the order of the text: also those that do not exist."""
    found = [match.span() for match in _DAY_FIRST.finditer(text)]
    for match in _DAY_AFTER_MONTH.finditer(text):
        begin = max(0, match.start() - _LONGEST_MONTH)
        if month := _MONTH_BEFORE.search(text, begin, match.start()):
            found.append((month.start(), match.end()))
    last = 0
    for start, end in sorted(found):
        if start >= last:
            yield start, end
            last = end


def find_phone_numbers(text: str) -> Iterator[tuple[str, int]]:
    """Numbers that somebody can call, as written and where they stand.

    By their form, or after a word for calling.
    """
    ends: dict[int, int] = {}
    for written, start in _find_loose_phones(text):
        end = start + len(written)
        ends |= dict.fromkeys(range(start, end), end)
        yield written, start
    for found in find_phones(MaskedText(text)):
        if isinstance(found, FoundValue):
            number = EXTENSION_START.split(text[found.start : found.end])[0]
            if ends.get(found.start, 0) < found.start + len(number):
                yield number, found.start


def _find_loose_phones(text: str) -> Iterator[tuple[str, int]]:
    matches = list(_LOOSE_PHONE.finditer(text))
    dates = {start for start, _ in find_written_dates(text)} if matches else set[int]()
    for match in matches:
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
