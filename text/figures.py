"""Every number in a text that a reply may have to answer for: sums, dates, phone numbers.

Extraction (text/patterns) reads a value only when it is sure of it. The guard of replies has
to see whatever could be one, so each reader here finds all that extraction finds and looser
forms besides. `tests/unit/text/test_one_reader.py` holds the two to it.
"""

import re
from collections.abc import Iterator
from math import inf, isfinite
from typing import NamedTuple

from text.currencies import CODES, FIGURE, RARE_CODES, RARE_WORDS, SIGNS, WORDS
from text.letter_folding import fold_letters
from text.patterns.amounts import find_amounts, parse_amount
from text.patterns.blanked_text import MaskedText
from text.patterns.dates import INITIALS, MONTH_NUMBER
from text.patterns.found_value import FoundValue
from text.patterns.phones import EXTENSION_START, find_phones

_CODES = rf"(?:{CODES}|{RARE_CODES}|usd|eur|gbp|chf|btc|usdt)"
_WORDS = rf"(?i:{WORDS}|{RARE_WORDS})"
_LOOSE_SUM = re.compile(
    rf"(?:(?:{SIGNS}|\b(?=[A-Za-z]{{3,4}} ?-?\d){_CODES}) ?-?(?P<after>{FIGURE})"
    r"(?P<thousand> ?[kK]\b)?"
    rf"|(?<![\w.,])(?P<before>{FIGURE})(?P<thousands> ?[kK])? ?(?:{SIGNS}|(?:{_CODES}"
    rf"|{_WORDS})\b))"
)
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
_MONTH = "|".join(
    sorted({*MONTH_NUMBER, *(fold_letters(name, ()) for name in MONTH_NUMBER)}, key=len)
)
"""The months that extraction reads, also without accents: checks compare folded sentences."""

DATE = re.compile(
    rf"\b(?=[\d{INITIALS}])"
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
    r"|\d{1,2}(?:st|nd|rd|th|er|\.|[ºo])? (?:of |de )?"
    rf"(?:{_ENGLISH_MONTH}\.?(?:,? \d{{4}})?|(?:{_MONTH})\.?(?:(?: de| del)?,? (?:19|20)\d\d)?)"
    rf"|(?:{_ENGLISH_MONTH}|{_MONTH})\.? \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?)"
    r"(?!\w(?<!t))",
    re.IGNORECASE,
)
"""A date as somebody would write it, even one that does not exist: "5 May", "5. März 2026",
"5 de mayo de 2026", "May 5th", "2026-05-05", "2026-05-05T09:00", "5/5/26"."""

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
    loose = [
        MoneySum(
            match[0],
            match.span(),
            parse_figure(match["after"] or match["before"])
            * (1000 if match["thousand"] or match["thousands"] else 1),
        )
        for match in _LOOSE_SUM.finditer(text)
    ]
    yield from loose
    for amount in find_amounts(MaskedText(text)):
        found = MoneySum(
            text[amount.start : amount.end],
            (amount.start, amount.end),
            float(amount.value),
        )
        if not any(_is_same_sum(found, other) for other in loose):
            yield found


def _is_same_sum(one: MoneySum, other: MoneySum) -> bool:
    overlap = one.span[0] < other.span[1] and other.span[0] < one.span[1]
    return overlap and abs(one.value - other.value) < _SMALLEST_COIN


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


def find_phone_numbers(text: str) -> Iterator[tuple[str, int]]:
    """Numbers that somebody can call, as written and where they stand.

    By their form, or after a word for calling.
    """
    loose = list(_find_loose_phones(text))
    yield from loose
    for found in find_phones(MaskedText(text)):
        if isinstance(found, FoundValue):
            number = EXTENSION_START.split(text[found.start : found.end])[0]
            end = found.start + len(number)
            if not any(
                start <= found.start and end <= start + len(written)
                for written, start in loose
            ):
                yield number, found.start


def _find_loose_phones(text: str) -> Iterator[tuple[str, int]]:
    dates = {match.start() for match in DATE.finditer(text)}
    for match in _LOOSE_PHONE.finditer(text):
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
