"""Condenses long tickets for a model, and marks what was left out.

Of a text over the limit the beginning is kept (half of the room) and the end (a quarter).
The rest of the room goes to sentences between them: first those with words of harm, then
those with a number (identifiers, amounts, codes, dates), each in the order of the text, no
sentence twice. What is left out is marked `[… 12,345 characters left out …]`. The local
engine and the rules still read the whole text.
"""

import re
from collections.abc import Iterator

from contracts.values import Value

_HARM = """
outage|down|offline|lost|delet|breach|leak|stolen|hack|fraud|unauthor|nobody|everyone|everybody
|all users|all customers|cannot|can't|locked|legal|lawyer|police|deadline|injur|danger|fire|smoke
|crash|error|fail|refund|charged
"""
HARM_WORDS = tuple(word.strip() for word in _HARM.split("|"))
"""Words that severity may depend on, or their beginnings, in lower case."""

OMISSION_MARK = "\n[… {:,} characters left out …]\n"
MAX_MARK_LENGTH = 45
"""The longest omission mark."""

MIN_CONDENSE_LIMIT = 600
"""Under this limit only the beginning is kept."""

CONTEXT_CHARACTERS = 150
"""Characters of a sentence kept on each side of a find."""

MATCH_STRIDE = 40
"""Finds of one kind closer than this count as one, so that the work stays linear."""

LONGEST_WORD = 80
"""Characters that a cut may move to fall between two words."""

_ENDS = (". ", "! ", "? ", "\n")
_DIGIT = re.compile(r"\d")

Span = tuple[int, int]
"""Where something begins and ends in a text."""


class CondensedText(Value):
    """A text within its limit, and how many characters of the original it leaves out."""

    text: str
    omitted_characters: int


def condense_text(text: str, limit: int) -> CondensedText:
    """The text in at most `limit` characters, marks included. Linear in the text's length."""
    if len(text) <= limit:
        return CondensedText(text=text, omitted_characters=0)
    if limit < MIN_CONDENSE_LIMIT:
        return CondensedText(
            text=text[: max(limit, 0)], omitted_characters=len(text) - max(limit, 0)
        )
    head = _word_boundary(text, limit // 2 - LONGEST_WORD, limit // 2)
    tail = len(text) - limit // 4
    tail = _word_boundary(text, tail, tail + LONGEST_WORD)
    kept = _select_sentences(
        text, head, tail, limit - limit // 2 - limit // 4 - MAX_MARK_LENGTH
    )
    return _join_spans(text, [(0, head), *kept, (tail, len(text))])


def _select_sentences(text: str, start: int, stop: int, room: int) -> list[Span]:
    """The sentences between two places that fit into `room`, in the order of the text."""
    kept: list[Span] = []
    seen: set[str] = set()
    for places in (
        _find_harm_words(text, start, stop),
        _find_digits(text, start, stop),
    ):
        end = start
        for place in places:
            if place < end:
                continue
            begin, end = _sentence_around(text, place, start, stop)
            cost = end - begin + MAX_MARK_LENGTH
            if cost <= room and text[begin:end] not in seen:
                seen.add(text[begin:end])
                kept.append((begin, end))
                room -= cost
            if room <= MAX_MARK_LENGTH:
                return sorted(kept)
    return sorted(kept)


def _find_harm_words(text: str, start: int, stop: int) -> list[int]:
    low = text.lower()
    # A few letters grow in lower case, which would move every place after them.
    if len(low) != len(text):
        low = text
    found: list[int] = []
    for word in HARM_WORDS:
        place = low.find(word, start, stop)
        while place >= 0:
            found.append(place)
            place = low.find(word, place + MATCH_STRIDE, stop)
    return sorted(found)


def _find_digits(text: str, start: int, stop: int) -> Iterator[int]:
    found = _DIGIT.search(text, start, stop)
    while found:
        yield found.start()
        found = _DIGIT.search(text, found.start() + MATCH_STRIDE, stop)


def _sentence_around(text: str, place: int, start: int, stop: int) -> Span:
    """The sentence around a place, or the part of it that is kept."""
    first, last = (
        max(start, place - CONTEXT_CHARACTERS),
        min(stop, place + CONTEXT_CHARACTERS),
    )
    begins = [
        found + len(end)
        for end in _ENDS
        if (found := text.rfind(end, first, place)) >= 0
    ]
    ends = [found + 1 for end in _ENDS if (found := text.find(end, place, last)) >= 0]
    begin = (
        max(begins)
        if begins
        else _word_boundary(text, first, min(first + LONGEST_WORD, place))
    )
    return begin, min(ends) if ends else max(
        _word_boundary(text, last - LONGEST_WORD, last), place + 1
    )


def _word_boundary(text: str, first: int, last: int) -> int:
    """The last place from `first` to `last` where a word begins; `last` when none does."""
    found = max(text.rfind(" ", first, last), text.rfind("\n", first, last))
    return found + 1 if found >= 0 else last


def _join_spans(text: str, spans: list[Span]) -> CondensedText:
    """The spans, with a mark in every gap that is longer than its mark."""
    parts: list[str] = []
    end = cut = 0
    for begin, stop in spans:
        gap = text[end:begin]
        mark = OMISSION_MARK.format(len(gap))
        cut += len(gap) if len(gap) > len(mark) else 0
        parts += [mark if len(gap) > len(mark) else gap, text[max(begin, end) : stop]]
        end = max(end, stop)
    return CondensedText(text="".join(parts), omitted_characters=cut)
