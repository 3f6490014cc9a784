"""Patterns that need a certain word.

They are tried only on texts that have it, or only where it stands.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

LETTERS = re.compile(r"[^\W\d_]+")
SMALL = "".join(
    char.lower() if char.isalpha() else " " for char in map(chr, range(128))
)
"""What stands for each ASCII character when only words count."""
ALIKE = str.maketrans("İı\u0345", "ii ")
"""An "i" to patterns that ignore case, but not when casefolded.

And a mark that is a letter only when casefolded.
"""
NO_LETTER = re.compile(r"[\W\d_]")

Places = Mapping[str, Sequence[int]]
"""Where each word of a text, casefolded, stands."""


class Cued(NamedTuple):
    """A pattern and the words, casefolded, one of which any match holds."""

    cues: frozenset[str]
    pattern: re.Pattern[str]

    def matches(self, text: str, words: Collection[str]) -> Iterator[re.Match[str]]:
        """Its matches in a text that has these words."""
        return iter(()) if self.cues.isdisjoint(words) else self.pattern.finditer(text)


class Led(NamedTuple):
    """A pattern and the words, casefolded, one of which any match begins with."""

    leads: frozenset[str]
    pattern: re.Pattern[str]

    def matches(self, text: str, words: Places) -> Iterator[re.Match[str]]:
        """Its matches in a text whose words stand at these places."""
        starts = [start for word in self.leads & words.keys() for start in words[word]]
        return begun(self.pattern, text, sorted(starts))


def listed(words: str) -> frozenset[str]:
    """Words written one after the other."""
    return frozenset(words.split())


def cued(cues: str, pattern: str, flags: re.RegexFlag = re.NOFLAG) -> Cued:
    """A pattern with its cues, given as words in small letters."""
    return Cued(listed(cues), re.compile(pattern, flags))


def led(leads: str, pattern: str, flags: re.RegexFlag = re.NOFLAG) -> Led:
    """A pattern with the words that it begins with, in small letters."""
    return Led(listed(leads), re.compile(pattern, flags))


def begun(
    pattern: re.Pattern[str], text: str, starts: Iterable[int]
) -> Iterator[re.Match[str]]:
    """What `finditer` finds of a pattern that can begin at these places only, given in
    rising order.
    """
    end = 0
    for start in starts:
        match = pattern.match(text, start) if start >= end else None
        if match:
            yield match
            end = match.end()


def words_of(text: str) -> frozenset[str]:
    """The words of a text, casefolded, without digits and punctuation."""
    return frozenset(_words_alone(text).casefold().split())


def places_of(text: str) -> Places:
    """The words of a text, as `words_of` tells them, and where each begins, in rising order."""
    places: dict[str, list[int]] = {}
    start = 0
    for word in _words_alone(text).split(" "):
        if word:
            places.setdefault(word.casefold(), []).append(start)
        start += len(word) + 1
    return places


def _words_alone(text: str) -> str:
    """As long as the text, with a space for each character that is no letter."""
    return (
        text.translate(SMALL)
        if text.isascii()
        else NO_LETTER.sub(" ", text.translate(ALIKE))
    )
