"""Patterns that need a certain word: tried only on texts that have it, or where it stands.

Most texts have none of a pattern's words, and a set of words is looked up faster than a
pattern is searched for.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

LETTERS = re.compile(r"[^\W\d_]+")
LOWER_CASE_TABLE = "".join(
    char.lower() if char.isalpha() else " " for char in map(chr, range(128))
)
"""What stands for each ASCII character when only words count."""
LETTER_VARIANTS = str.maketrans("İı\u0345", "ii ")
"""Characters that patterns which ignore case read in another way than `casefold` does.

The Turkish İ and ı are an "i" to them; U+0345 is no letter to them until it is casefolded.
"""
NON_LETTER = re.compile(r"[\W\d_]")

WordPositions = Mapping[str, Sequence[int]]
"""Where each word of a text, casefolded, stands."""


class CuedPattern(NamedTuple):
    """A pattern and its cues: casefolded words, one of which every match holds."""

    cue_words: frozenset[str]
    pattern: re.Pattern[str]

    def find_matches(
        self, text: str, words: Collection[str]
    ) -> Iterator[re.Match[str]]:
        """Its matches in a text that has these words."""
        return (
            iter(())
            if self.cue_words.isdisjoint(words)
            else self.pattern.finditer(text)
        )


class LedPattern(NamedTuple):
    """A pattern and its leads: casefolded words, one of which every match begins with."""

    lead_words: frozenset[str]
    pattern: re.Pattern[str]

    def find_matches(self, text: str, words: WordPositions) -> Iterator[re.Match[str]]:
        """Its matches in a text whose words stand at these places."""
        starts = [
            start for word in self.lead_words & words.keys() for start in words[word]
        ]
        return find_at_starts(self.pattern, text, sorted(starts))


def split_words(words: str) -> frozenset[str]:
    """Words written one after the other."""
    return frozenset(words.split())


def cued_pattern(
    cues: str, pattern: str, flags: re.RegexFlag = re.NOFLAG
) -> CuedPattern:
    """A pattern with its cues, given as words in small letters."""
    return CuedPattern(split_words(cues), re.compile(pattern, flags))


def led_pattern(
    leads: str, pattern: str, flags: re.RegexFlag = re.NOFLAG
) -> LedPattern:
    """A pattern with the words that it begins with, in small letters."""
    return LedPattern(split_words(leads), re.compile(pattern, flags))


def find_at_starts(
    pattern: re.Pattern[str], text: str, starts: Iterable[int]
) -> Iterator[re.Match[str]]:
    """What `finditer` finds of a pattern that can begin at these places only.

    The places are in rising order.
    """
    end = 0
    for start in starts:
        match = pattern.match(text, start) if start >= end else None
        if match:
            yield match
            end = match.end()


def casefolded_words(text: str) -> frozenset[str]:
    """The words of a text, casefolded, without digits and punctuation."""
    return frozenset(_blank_non_letters(text).casefold().split())


def word_positions(text: str) -> WordPositions:
    """The words of a text, as `casefolded_words` gives them, and where each stands."""
    places: dict[str, list[int]] = {}
    start = 0
    for word in _blank_non_letters(text).split(" "):
        if word:
            places.setdefault(word.casefold(), []).append(start)
        start += len(word) + 1
    return places


def _blank_non_letters(text: str) -> str:
    """As long as the text, with a space for each character that is no letter."""
    return (
        text.translate(LOWER_CASE_TABLE)
        if text.isascii()
        else NON_LETTER.sub(" ", text.translate(LETTER_VARIANTS))
    )
