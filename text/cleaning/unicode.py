"""One spelling for every character: NFKC, nothing invisible, tidy white space.

Control, zero-width and direction characters are dropped.
Every function is linear in the length of its text and raises nothing.
"""

import re
import unicodedata

from text.letter_folding import limit_combining_marks

_LINE_ENDS = re.compile("[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029](?:(?<=\r)\n)?")
_SURROGATES = re.compile("[\ud800-\udfff]")
# Whatever is not already a single plain space.
_SPACES = re.compile(r"[^\S\n](?:[^\S\n]+|(?<! ))")
_BLANK_LINES = re.compile(r"\n\n\n+")

# Letters of width zero that are not in the category "format": fillers and variation selectors.
_BLANK_LETTERS = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef"
)
_FORMAT = "\u00ad\u0600-\u0605\u061c\u06dd\u070f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
_FORMAT_TAGS = "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
_CONTROLS = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
_INVISIBLE = re.compile(f"[{_CONTROLS}{_FORMAT}{_FORMAT_TAGS}{_BLANK_LETTERS}]")


def normalise_text(text: str) -> str:
    """The text with one spelling per character.

    Lines and paragraphs are kept, at most one blank line in a row.
    """
    text = _LINE_ENDS.sub("\n", text)
    if not text.isascii():
        text = _compose_unicode(_SURROGATES.sub("\ufffd", text))
    return tidy_whitespace(_INVISIBLE.sub("", text))


def tidy_whitespace(text: str) -> str:
    """One space between words, none at the edges of a line, at most one blank line in a row."""
    lines = _SPACES.sub(" ", text).replace(" \n", "\n").replace("\n ", "\n")
    return _BLANK_LINES.sub("\n\n", lines).strip()


def _compose_unicode(text: str) -> str:
    """NFKC; NFC when that would blow the text up: some ligatures stand for eighteen letters."""
    text = limit_combining_marks(_INVISIBLE.sub("", text))
    composed = unicodedata.normalize("NFKC", text)
    return (
        composed
        if len(composed) <= 2 * len(text)
        else unicodedata.normalize("NFC", text)
    )
