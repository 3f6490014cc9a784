"""A plain spelling in which look-alike letters, accents and digits for letters disappear.

For looking at text only.

Linear in the length of the text; raises nothing.
"""

import re
import unicodedata
from collections.abc import Collection

_LOOK_ALIKES = str.maketrans(
    dict(
        zip(
            "аеорсухіјѕԁһԛԝкмнтвгѵαοεικνρτυχηγɪɢɴʀʟᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢʏʙʜıłøđ",
            "aeopcyxijsdhqwkmhtbrvaoeiknptuxnyignrlacdejkmoptuvwzybhilod",
            strict=True,
        )
    )
    | {
        "æ": "ae",
        "œ": "oe",
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "—": "-",
        "‐": "-",
    }
)
_ACCENTS = re.compile("[\u0300-\u036f]")
_DIGITS = str.maketrans("013457", "oieast")
_MIXED = re.compile(r"(?<![a-z0-9])(?:[a-z]++[0-9]|[0-9]++[a-z])[a-z0-9]*+")
"""Tokens of both letters and digits."""
_TOUCHING = re.compile(r"[0-9](?:[a-z]|(?<=[a-z].))")
"""What each of them has, found sooner."""
_LONGEST_WORD = 20
_MAX_MARKS = 30
"""In a row, as Unicode's Stream-Safe Text Format (UAX #15, section 13) allows.

Without a limit the canonical ordering inside `unicodedata.normalize` is quadratic in the
length of the run.
"""


def fold_letters(text: str, vocabulary: Collection[str]) -> str:
    """Normalised text in lower-case Latin letters without accents; lines are kept.

    Digits stand for letters only where that makes a word of the vocabulary.
    """
    folded = text.casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFD", folded.translate(_LOOK_ALIKES))
        folded = _ACCENTS.sub("", folded).translate(_LOOK_ALIKES)
    if not vocabulary or not _TOUCHING.search(folded):
        return folded

    def digits_to_letters(token: re.Match[str]) -> str:
        word = token[0]
        if len(word) > _LONGEST_WORD:
            return word
        guess = word.translate(_DIGITS)
        return guess if guess in vocabulary else word

    return _MIXED.sub(digits_to_letters, folded)


def limit_combining_marks(text: str) -> str:
    """Drop the combining marks that no script writes: those after the thirtieth on one letter."""
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MAX_MARKS:
            kept.append(char)
    return "".join(kept)
