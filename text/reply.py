"""A reply in the spellings that checks are written against. Linear in the length of the text.

Raises nothing.
"""

import re
import unicodedata
from html import unescape
from urllib.parse import unquote

from text.letter_folding import fold_letters, limit_combining_marks
from text.patterns.dates import MONTH_NAMES

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef]"
)
_PUNCTUATION = str.maketrans(
    {
        "。": ".",
        "｡": ".",
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "\u00a0": " ",
        "\u202f": " ",
    }
)
_TOP = (
    r"(?=(?:com|net|org|info|biz|io|co|ru|cn|xyz|top|site|online|app|dev|me|de|uk|eu|us"
    r"|example|test)\b)"
)
_OPENING = ("[", "(", "{")
_DISGUISES = tuple(
    (signs, re.compile(pattern, re.IGNORECASE), plain)
    for signs, pattern, plain in (
        (("/",), r"\bh(?:tt|xx|\*\*)p(s?)(?:\[:\]| ?:) ?/ ?/ ?", r"http\1://"),
        (_OPENING, r"[ ]?[\[({] ?(?:\.|dot|punkt) ?[\])}][ ]?", "."),
        (_OPENING, r"[ ]?[\[({] ?(?:@|at) ?[\])}][ ]?", "@"),
        ((" dot ",), rf"(?<=\w) {{1,3}}dot {{1,3}}{_TOP}", "."),
        (
            (" com", " net", " org", " .com", " .net", " .org"),
            r"(?<=\w)(?: {1,3}\. {0,3}|\. {1,3})(?=(?:com|net|org)\b)",
            ".",
        ),
    )
)
"""What every match has one of, casefolded; the disguise; and what it stands for."""

_SPACED = re.compile(r"(?<!\w)(?:\w ){3,40}\. ?(?:\w ){1,10}\w(?!\w)")
"""An address written letter by letter."""

_ENCODED = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)
_SENTENCE_END = re.compile(
    rf"(?<=[.!?…])(?!(?<=\d\.) (?:of |de )?(?:{MONTH_NAMES})\b)[\"')\]]*\s+|\n+",
    re.IGNORECASE,
)
"""Not behind the day of "5. März 2026"."""
_NUMBERED = re.compile(r"^\W*(?:\d{1,2}[.)] )?")
_WORD = re.compile(r"[^\W_]+")
_VOCABULARY = frozenset(
    re.findall(
        r"\w+",
        "password passwords passcode refund refunds refunded credit credits compensation"
        " compensate discount voucher reimburse guarantee liable pin code codes otp send "
        "confirm credentials",
    )
)


def to_plain_text(text: str) -> str:
    """The text as a reader's program would see it.

    Composed, nothing invisible, addresses undisguised.
    """
    text = unescape(text)
    if not text.isascii():
        text = unicodedata.normalize(
            "NFKC", limit_combining_marks(_INVISIBLE.sub("", text))
        ).translate(_PUNCTUATION)
    if _ENCODED.search(text):
        text = unquote(text)
    if " ." in text:
        text = _SPACED.sub(lambda spaced: spaced[0].replace(" ", ""), text)
    for signs, pattern, replacement in _DISGUISES:
        folded = text.casefold()
        if any(sign in folded for sign in signs):
            text = pattern.sub(replacement, text)
    return text


def split_sentences(text: str) -> list[str]:
    """The sentences and lines of a text, without list numbers."""
    return [
        bare
        for piece in _SENTENCE_END.split(text)
        if (bare := _NUMBERED.sub("", piece).strip())
    ]


def fold_sentence(sentence: str) -> str:
    """A sentence for looking at its words: folded, single spaces."""
    return " ".join(fold_letters(sentence, _VOCABULARY).split())


def comparison_key(sentence: str) -> str:
    """What two sentences share that are the same word for word, whatever their punctuation."""
    return " ".join(_WORD.findall(sentence.casefold()))


def distinct_words(text: str) -> frozenset[str]:
    """The different words of a text, folded."""
    return frozenset(_WORD.findall(fold_letters(text, ())))


def quote_values(values: list[str], limit: int = 3) -> str:
    """The first different values, as a reviewer's sentence names them."""
    distinct = list(dict.fromkeys(" ".join(value.split())[:80] for value in values))
    more = f" and {len(distinct) - limit} more" if len(distinct) > limit else ""
    return ", ".join(f"“{value}”" for value in distinct[:limit]) + more
