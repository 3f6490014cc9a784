"""Reads regular expressions: their alternatives, and the words they cannot match without.

With an index of such words a sentence is tried only against the patterns whose words it has.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

_PLAIN_WORD = re.compile(
    r"(?P<number>\\d|\[\d-\d\]|\d)|(?P<word>\w+)(?:(?P<stem>(?:\[\^ \]|\\w)[*+])"
    r"|(?P<maybe>\?)?(?= |$|\(\?: ))"
    r"|(?P<beginning>\w{2,}(?![?*{]))"
)
_UNCLEAR = "\0"
_OPTIONAL_SPACE = re.compile(r" [?*{]|\[[^\]]* ")
_WORD_END = re.compile(r"$| |\\b|\(\?: ")
_OPTIONAL = ("?", "*", "{0")
_QUANTIFIER = re.compile(r"^(?:\?|\*|\{[^}]*\})")


def required_words(pattern: str) -> list[frozenset[str]]:
    """Sets of words; a sentence with no word of one of them cannot match.

    A final `*` stands for any ending, `#` for a number. Where an alternative does not begin
    with a plain word nothing is required: the answer may be incomplete but is never wrong.
    """
    if len(split_alternatives(pattern)) > 1:
        first = _first_words(pattern)
        return [first] if first else []
    needed: list[frozenset[str]] = []
    outside, end = "", 0
    for start, stop in _outer_groups(pattern):
        outside += _QUANTIFIER.sub("", pattern[end:start])
        inside, end = pattern[start + 3 : stop - 1], stop
        if not pattern.startswith("(?:", start) or outside[-1:] not in {"", " "}:
            outside += _UNCLEAR
            continue
        if not pattern.startswith(_OPTIONAL, stop) and _is_whole(pattern, start, stop):
            needed.append(_first_words(inside))
        outside += "" if _ends_word(inside) else _UNCLEAR
    return [
        *filter(None, needed),
        *_plain_words(outside + _QUANTIFIER.sub("", pattern[end:])),
    ]


def _first_words(pattern: str) -> frozenset[str]:
    """The words that a match can begin with; empty when that cannot be told."""
    words: set[str] = set()
    for branch in split_alternatives(pattern):
        rest = branch
        while rest:
            if plain := _PLAIN_WORD.match(rest):
                words |= _word_spellings(plain)
                break
            if not rest.startswith("(?:"):
                return frozenset()
            end = _closing_position(rest)
            inside = _first_words(rest[3:end])
            if not inside or not _is_whole(rest, 0, end + 1):
                return frozenset()
            words |= inside
            if not rest[end + 1 :].startswith(_OPTIONAL):
                break
            rest = _QUANTIFIER.sub("", rest[end + 1 :], count=1)
        else:
            return frozenset()
    return frozenset(words)


def _word_spellings(plain: re.Match[str]) -> set[str]:
    if plain["number"]:
        return {"#"}
    if plain["beginning"]:
        return {plain["beginning"] + "*"}
    word = plain["word"]
    return (
        {word, word[:-1]} if plain["maybe"] else {word + "*" if plain["stem"] else word}
    )


def _plain_words(outside: str) -> list[frozenset[str]]:
    """The words of a pattern's text outside of its groups."""
    text = outside.replace("[^ ]", r"\w")
    if _OPTIONAL_SPACE.search(text):
        return []
    return [
        frozenset(_word_spellings(plain))
        for word in text.split()
        if (plain := _PLAIN_WORD.fullmatch(word))
    ]


def _ends_word(inside: str) -> bool:
    """Whether all that a group can match is empty or ends in a space."""
    return all(
        branch.endswith(" ") or _is_spaced_group(branch)
        for branch in split_alternatives(inside)
    )


def _is_spaced_group(branch: str) -> bool:
    if not branch.startswith("(?:"):
        return False
    end = _closing_position(branch)
    return not _QUANTIFIER.sub("", branch[end + 1 :], count=1) and _ends_word(
        branch[3:end]
    )


def _outer_groups(pattern: str) -> list[tuple[int, int]]:
    """Where the outermost groups begin and end, in order."""
    found: list[tuple[int, int]] = []
    start = pattern.find("(")
    while start >= 0:
        stop = start + _closing_position(pattern[start:]) + 1
        found.append((start, stop))
        start = pattern.find("(", stop)
    return found


def _is_whole(pattern: str, start: int, stop: int) -> bool:
    """Whether a word ends where this group ends."""
    rest = _QUANTIFIER.sub("", pattern[stop:], count=1)
    return _WORD_END.match(rest) is not None or _ends_word(
        pattern[start + 3 : stop - 1]
    )


def split_alternatives(pattern: str) -> list[str]:
    """The alternatives of a pattern: split at every `|` outside of groups."""
    found, depth, start = list[str](), 0, 0
    for place, sign in enumerate(pattern):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth == 0:
            found.append(pattern[start:place])
            start = place + 1
    return [*found, pattern[start:]]


def group_by_initial(words: str) -> str:
    """The same alternatives, gathered by first letter.

    At each place in a text only those of one letter are tried.
    """
    gathered: dict[str, list[str]] = {}
    for word in split_alternatives(words):
        gathered.setdefault(word[0], []).append(word)
    return "|".join(f"(?:{'|'.join(group)})" for group in gathered.values())


def _closing_position(pattern: str) -> int:
    """Where the group closes that the pattern begins with. Raises ValueError when it does not."""
    depth = 0
    for place, sign in enumerate(pattern):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return place
    raise ValueError(f"unbalanced parentheses: {pattern}")


class WordIndex:
    """Gives every set of required words one bit.

    A sentence's bits are then found in one pass over its words.
    """

    def __init__(self) -> None:
        """An index of nothing yet."""
        self._bits: dict[frozenset[str], int] = {}
        self._words: dict[str, int] = {}
        self._stems: dict[str, int] = {}
        self._of_word = lru_cache(maxsize=4096)(self._word_bits)

    def index_words(self, needed: Iterable[frozenset[str]]) -> int:
        """The bits of some sets, added to the index when they are new."""
        bits = 0
        self._of_word.cache_clear()
        for words in needed:
            if words not in self._bits:
                self._bits[words] = 1 << len(self._bits)
                for word in words:
                    table = self._stems if word.endswith("*") else self._words
                    key = word.rstrip("*")
                    table[key] = table.get(key, 0) | self._bits[words]
            bits |= self._bits[words]
        return bits

    def find_bits(self, sentence: str) -> int:
        """The bits of all sets of which the sentence has a word."""
        bits = 0
        for word in sentence.split():
            bits |= self._of_word(word)
        return bits

    def _word_bits(self, word: str) -> int:
        bits = self._words.get("#" if word[0].isdigit() else word, 0)
        for end in range(2, len(word) + 1):
            bits |= self._stems.get(word[:end], 0)
        return bits
