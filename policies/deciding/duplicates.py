"""Whether a message repeats an earlier one of the same customer. Pure.

Similarity alone never links two tickets: at 95 % precision every known method finds next to
nothing. Only nearly the same text with the same identifiers does. "ORD-111 is missing" and
"ORD-112 is missing" are two tickets, and so are the same request for Anna and for Peter,
and the same lamp on the second and on the third floor.
"""

import re

from text.sentences import normalise_sentences

MIN_NEAR_EXACT_SHARE = 0.88
"""Similarity from which two texts are the same, as `near_exact_similarity` measures it."""

MIN_SHARED_SHARE = 0.7
"""Share of the shorter text that must stand in shared sentences when the rest differs."""

LONGEST_NUMBER = 60
"""Characters compared of a word with digits: a log can be one word of any length."""

_WITH_DIGITS = re.compile(r"[^\s,;:!?()\"']*\d[^\s,;:!?()\"']*")
_ATTEMPT = re.compile(
    r"\b\d+(?:st|nd|rd|th) (?:time|try|attempt|mail|e-mail|message|sending|reminder|request)\b",
    re.I,
)
_TELLING_WORD = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|third|fourth|fifth|sixth"
    r"|seventh|eighth|ninth|tenth"
    r"|(?:first|second|ground|top) (?:floor|door|room|row|gate|line|page)"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|april|june|july|august"
    r"|september|october|november"
    r"|december|left|right|north\w*|south\w*|east\w*|west\w*|red|blue|green|yellow|black|white)\b"
)
_NAME = re.compile(r"(?<=[a-z0-9,;] )[A-Z][^\W\d_]+")
_LONG_SENTENCE = 6


def find_identifiers(text: str) -> frozenset[str]:
    """Every word with a digit in it, casefolded, without trailing punctuation.

    Order ids, codes, amounts and dates are; "2nd try" is not.
    """
    words = _WITH_DIGITS.findall(_ATTEMPT.sub(" ", text))
    return frozenset(word[:LONGEST_NUMBER].strip(".#").casefold() for word in words)


def find_distinguishing_words(text: str) -> frozenset[str]:
    """Words without a digit that tell two matters apart, casefolded.

    Capitalised words inside a sentence, numbers, weekdays, months, directions and colours.
    """
    spelled = _NAME.findall(text)
    return frozenset(word.casefold() for word in spelled) | frozenset(
        _TELLING_WORD.findall(text.casefold())
    )


def shared_sentence_share(text: str, earlier: str) -> float:
    """How much of the shorter text both texts share in whole sentences, in [0, 1].

    Measured in words, over long sentences; 0 unless they share two.
    """
    new, old = normalise_sentences(text), normalise_sentences(earlier)
    same = {
        sentence
        for sentence in set(new) & set(old)
        if _count_words(sentence) >= _LONG_SENTENCE
    }
    shorter = min(sum(map(_count_words, new)), sum(map(_count_words, old)))
    return min(sum(map(_count_words, same)) / shorter, 1.0) if len(same) > 1 else 0.0


def is_repeat(text: str, earlier: str, likeness: float) -> bool:
    """Whether `text` repeats `earlier`.

    `likeness` in [0, 1] is as `near_exact_similarity` or `shared_sentence_share` measures it.
    """
    if find_identifiers(text) != find_identifiers(earlier):
        return False
    new, old = find_distinguishing_words(text), find_distinguishing_words(earlier)
    if new - old and old - new:
        return False
    return (
        likeness >= MIN_NEAR_EXACT_SHARE
        or shared_sentence_share(text, earlier) >= MIN_SHARED_SHARE
    )


def _count_words(sentence: str) -> int:
    return len(sentence.split())
