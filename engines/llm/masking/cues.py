"""Patterns that need a certain word, and are tried only on texts that have it: most texts lack most words."""

import re
from collections.abc import Iterator
from typing import NamedTuple

LETTERS = re.compile(r"[^\W\d_]+")


class Cued(NamedTuple):
    """A pattern and the words, casefolded, one of which any match holds."""

    cues: frozenset[str]
    pattern: re.Pattern[str]

    def matches(self, text: str, words: frozenset[str]) -> Iterator[re.Match[str]]:
        """Its matches in a text that has these words."""
        return iter(()) if self.cues.isdisjoint(words) else self.pattern.finditer(text)


def listed(words: str) -> frozenset[str]:
    """Words written one after the other."""
    return frozenset(words.split())


def cued(cues: str, pattern: str, flags: re.RegexFlag = re.NOFLAG) -> Cued:
    """A pattern with its cues, given as words in small letters."""
    return Cued(listed(cues), re.compile(pattern, flags))


def words_of(text: str) -> frozenset[str]:
    """The words of a text, casefolded, without digits and punctuation."""
    return frozenset(LETTERS.findall(text.casefold()))
