"""Sentences in the one spelling that severity patterns are written against."""

import re
from functools import lru_cache

MAX_WORDS = 120
"""A longer run of words without a full stop is cut, so that looking at one sentence has a
bounded cost."""

_WRAPPED_LINE = re.compile(r"\n(?=[a-z])")
_SPELLINGS = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"[’‘`´]", "'"),
        # `e-mail(?<!\we-mail)` is `\be-mail`: "an e-mail", "e-mails", not "the-mail". The
        # literal comes first and the word's beginning is asked afterwards, because the engine
        # skips fast to a literal.
        (r"e-mail(?<!\we-mail)", "email"),
        (r"won't(?<!\wwon't)\b", "will not"),
        (r"can(?<!\wcan)(?:not|'t|t)\b", "can not"),
        (
            r"\b(?=[acdhisw])(do|does|did|is|was|were|has|have|would|could|should|are)n'?t\b",
            r"\1 not",
        ),
        (r"n't\b", " not"),
        (r"'re\b", " are"),
        (r"'ve\b", " have"),
        (r"'m\b", " am"),
        (r"'(s|d|ll)\b", r" \1"),
    )
)
_TOKEN = re.compile(
    r"""\d+(?:[.,:/]\d+)*|[^\W\d_][^\W_]*|[,;:()–—]|[.!?…]+(?=[\s"')\]]|$)|[$€£]|\n"""
)
_STOPS = frozenset(",;:()–—")


@lru_cache(maxsize=64)
def normalise_sentences(text: str) -> tuple[str, ...]:
    """The text as sentences of casefolded words, each with one space around every word.

    "can't" is spelled "can not" and so on; every comma, bracket and dash becomes " , "; a
    question keeps a final " ? "; any other mark is dropped. A line break inside a sentence
    is a space, a blank line ends a sentence. Linear in the length of the text. Several
    judgements read the same ticket, so the last texts are remembered.
    """
    plain = _WRAPPED_LINE.sub(" ", text).casefold()
    for pattern, replacement in _SPELLINGS:
        plain = pattern.sub(replacement, plain)
    found: list[str] = []
    words: list[str] = []
    for token in _TOKEN.findall(plain):
        ends = token[0] in ".!?…\n"
        if not ends:
            words.append("," if token in _STOPS else token[:40])
        elif "?" in token:
            words.append("?")
        if words and (ends or len(words) >= MAX_WORDS):
            found.append(f" {' '.join(words)} ")
            words = []
    return (*found, f" {' '.join(words)} ") if words else tuple(found)
