"""A plain spelling in which tricks with letters disappear, for looking at text, never for showing it.

Look-alike letters of other scripts, accents, digits for letters, and words written letter by letter.
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
    | {"æ": "ae", "œ": "oe", "’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‐": "-"}
)
_ACCENTS = re.compile("[\u0300-\u036f]")
_DIGITS = str.maketrans("013457", "oieast")
_MIXED = re.compile(r"(?<![a-z0-9])(?:[a-z]++[0-9]|[0-9]++[a-z])[a-z0-9]*+")
"""Tokens of both letters and digits."""
_LONGEST_WORD = 20
_BARE_TAG = re.compile(r"</?[a-z]{1,10}>")
_WRAP = re.compile(r"(?<!\n)\n(?!\n)")
_SPELLED_OUT = re.compile(r"(?<![a-z])(?:[a-z](?:[ .*_|/-]{1,2}+|(?![a-z]))){6,}+(?![a-z])")
_GLUE = re.compile(r"[^a-z]+")


def fold(text: str, vocabulary: Collection[str]) -> str:
    """Normalised text in lower-case Latin letters without accents; lines are kept.

    Digits stand for letters only where that makes a word of the vocabulary.
    """
    folded = text.casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFD", folded.translate(_LOOK_ALIKES))
        folded = _ACCENTS.sub("", folded).translate(_LOOK_ALIKES)

    def letters(token: re.Match[str]) -> str:
        word = token[0]
        if len(word) > _LONGEST_WORD:
            return word
        guess = word.translate(_DIGITS)
        return guess if guess in vocabulary else word

    return _MIXED.sub(letters, folded)


def unwrap(folded: str) -> str:
    """One line per paragraph, without formatting tags: a sentence is found however it is wrapped or styled."""
    return _BARE_TAG.sub("", _WRAP.sub(" ", folded)).replace("\n\n", "\n")


def spelled_out(folded: str) -> str:
    """The words written letter by letter ("i g n o r e"), glued together; empty when there are none."""
    return " ".join(_GLUE.sub("", run) for run in _SPELLED_OUT.findall(folded))
