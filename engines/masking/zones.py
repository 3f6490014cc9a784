"""The parts of a text that are worth reading closely: those around its digits."""

import re
from collections.abc import Iterable, Iterator

from engines.masking.spans import PersonalSpan


def split_into_zones(
    text: str, sign: re.Pattern[str], near: int
) -> Iterator[tuple[int, str]]:
    """Where each zone starts, and its text.

    What lies within `near` characters of a sign, cut at white space.

    Zones that touch are one, so no character is read twice.
    """
    start = end = 0
    for match in sign.finditer(text):
        if not end or match.start() - near > end:
            if end:
                yield start, text[start:end]
            start = _find_cut_position(
                text, max(0, match.start() - near), match.start()
            )
        end = min(len(text), match.end() + near)
    if end:
        yield start, text[start:end]


def shift_spans(spans: Iterable[PersonalSpan], by: int) -> Iterator[PersonalSpan]:
    """The spans of a zone as spans of the text."""
    return (PersonalSpan(start + by, end + by, label) for start, end, label in spans)


def _find_cut_position(text: str, start: int, sign: int) -> int:
    """A place at white space, if there is one: half a word has another meaning."""
    space = text.find(" ", start, sign)
    return start if space < 0 or not start else space
