"""Long numbers that nothing else explains: phones and cards of odd shapes.

A number is left only when it is a date, a version, a sum, a hash or the like, or when the
desk's patterns read it as an identifier that the policy keeps. Those patterns read the
neighbourhood of such numbers only: they are slow.
"""

import re
from collections.abc import Iterator

from engines.masking.kept_fields import find_kept
from engines.masking.spans import Span
from engines.masking.zones import moved, zones
from policies.desk.model import Desk
from text.blanking import (
    ADDRESSES,
    CODES,
    MACHINE,
    MONEY,
    STACK_PLACE,
    Mask,
    blank,
    blank_spans,
)
from text.patterns.finding import Finding
from text.patterns.page import Page
from text.patterns.phones import find_phones

ENOUGH = re.compile(r"\d(?:[ \xa0.()/\u2010-\u2015-]{0,3}\d){5}")
POSSIBLE = re.compile(
    r"\+[(\d]|(?!\d{6}(?!\d))\d(?:[ \xa0.()/\u2010-\u2015-]{0,5}\d){5}"
)
"""Six digits in one piece are no phone number, unless a plus sign stands before them.

They need no close reading.
"""
LONG = re.compile(
    r"(?<![^\W\d])(?<![#$€£,])(?<![A-Z0-9][-_])\(?\d++(?:[ \xa0.()/\u2010-\u2015-]{1,3}+\d++)*+"
    r"(?![^\W\d])"
)
DECIMALS = re.compile(r"[1-9]?\d{0,5}\.\d{1,8}(?:[ \xa0]+\d{1,6}\.\d{1,8})*")
MONEY_SIGNS = (
    *"$€£¥₹%",
    "usd",
    "eur",
    "gbp",
    "chf",
    "cad",
    "aud",
    "inr",
    "jpy",
    "dollar",
    "pound",
)
EXPLAINED = (
    *ADDRESSES,
    # A telephone line has a number as well as a line of code.
    *(mask for mask in MACHINE if mask.pattern is not STACK_PLACE),
    Mask(MONEY, signs=MONEY_SIGNS),
    *CODES,
)
NEAR = 120
"""Characters on each side of a number that say what it is."""
GROUPED_DIGITS, BARE_DIGITS, CARD_DIGITS = 7, 9, 12
"""The fewest digits of a phone number in groups and in one piece, and of a card."""


def find_numbers(text: str, desk: Desk) -> Iterator[Span]:
    """Numbers of seven and more digits, and shorter ones beside a word for calling."""
    for start, zone in zones(text, ENOUGH, NEAR):
        if not POSSIBLE.search(zone):
            continue
        unkept = blank_spans(zone, find_kept(zone, desk))
        if ENOUGH.search(unkept):
            yield from moved(_called(unkept), start)
            yield from moved(_long(unkept), start)


def _called(window: str) -> Iterator[Span]:
    for found in find_phones(Page(window)):
        if isinstance(found, Finding):
            yield Span(found.start, found.end, "PHONE")


def _long(window: str) -> Iterator[Span]:
    for match in LONG.finditer(blank(window, EXPLAINED)):
        groups = re.findall(r"\d+", match[0])
        digits = sum(map(len, groups))
        fewest = BARE_DIGITS if len(groups) == 1 else GROUPED_DIGITS
        if digits >= fewest and not DECIMALS.fullmatch(match[0]):
            yield Span(
                *match.span(),
                "CARD" if digits >= CARD_DIGITS and len(groups) != 2 else "PHONE",
            )
