"""Long numbers that nothing else explains: phones and cards of odd shapes.

A number is left only when it is a date, a version, a sum, a hash or the like, or when the
desk's patterns read it as an identifier that the policy keeps. Those patterns read the
neighbourhood of such numbers only: they are slow.
"""

import re
from collections.abc import Iterator

from engines.masking.kept_fields import find_kept_ranges
from engines.masking.spans import PersonalSpan
from engines.masking.zones import shift_spans, split_into_zones
from policies.desk.model import Desk
from text.blanking import (
    ADDRESSES,
    CODES,
    MACHINE,
    MONEY,
    STACK_PLACE,
    blank_masks,
    blank_spans,
)
from text.patterns.blanked_text import MaskedText
from text.patterns.found_value import FoundValue
from text.patterns.phones import find_phones

ENOUGH_DIGITS = re.compile(r"\d(?:[ \xa0.()/\u2010-\u2015-]{0,3}\d){5}")
POSSIBLE_NUMBER = re.compile(
    r"\+[(\d]|(?!\d{6}(?!\d))\d(?:[ \xa0.()/\u2010-\u2015-]{0,5}\d){5}"
)
"""Six digits in one piece are no phone number, unless a plus sign stands before them.

They need no close reading.
"""
LONG_NUMBER = re.compile(
    r"(?<![^\W\d])(?<![#$€£,])(?<![A-Z0-9][-_])\(?\d++(?:[ \xa0.()/\u2010-\u2015-]{1,3}+\d++)*+"
    r"(?![^\W\d])"
)
DECIMAL_COORDINATES = re.compile(r"[1-9]?\d{0,5}\.\d{1,8}(?:[ \xa0]+\d{1,6}\.\d{1,8})*")
EXPLAINED_NUMBERS = (
    *ADDRESSES,
    # A telephone line has a number as well as a line of code.
    *(mask for mask in MACHINE if mask.pattern is not STACK_PLACE),
    MONEY,
    *CODES,
)
WINDOW_MARGIN = 120
"""Characters on each side of a number that say what it is."""
GROUPED_DIGITS, BARE_DIGITS, CARD_DIGITS = 7, 9, 12
"""The fewest digits of a phone number in groups and in one piece, and of a card."""


def find_numbers(text: str, desk: Desk) -> Iterator[PersonalSpan]:
    """Numbers of seven and more digits, and shorter ones beside a word for calling."""
    for start, zone in split_into_zones(text, ENOUGH_DIGITS, WINDOW_MARGIN):
        if not POSSIBLE_NUMBER.search(zone):
            continue
        unkept = blank_spans(zone, find_kept_ranges(zone, desk))
        if ENOUGH_DIGITS.search(unkept):
            yield from shift_spans(_find_called_numbers(unkept), start)
            yield from shift_spans(_find_long_numbers(unkept), start)


def _find_called_numbers(window: str) -> Iterator[PersonalSpan]:
    for found in find_phones(MaskedText(window)):
        if isinstance(found, FoundValue):
            yield PersonalSpan(found.start, found.end, "PHONE")


def _find_long_numbers(window: str) -> Iterator[PersonalSpan]:
    for match in LONG_NUMBER.finditer(blank_masks(window, EXPLAINED_NUMBERS)):
        groups = re.findall(r"\d+", match[0])
        digits = sum(map(len, groups))
        fewest = BARE_DIGITS if len(groups) == 1 else GROUPED_DIGITS
        if digits >= fewest and not DECIMAL_COORDINATES.fullmatch(match[0]):
            yield PersonalSpan(
                *match.span(),
                "CARD" if digits >= CARD_DIGITS and len(groups) != 2 else "PHONE",
            )
