"""Which sentences of a model's reply stand on a source, and which on nothing.

A sentence names its source at its end, as [S1], or is copied from one. It is believed only when the source says so
too: every number and every telling word must be in what the source says. Citing alone proves nothing: models cite what
they made up.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from contracts.retrieval import Source

_MARK: Final = re.compile(r"\s*[\[(]\s*(S\d{1,3}(?:\s*[,;]\s*S\d{1,3})*)\s*[\])]")
_MARKS_FIRST: Final = re.compile(r"(?:\s*[\[(]\s*S\d[^\])]{0,20}[\])])+[.!?]?")
_END: Final = re.compile(r"(?<=[.!?…])(?=\s)|\n+")
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_COURTESY: Final = re.compile(
    r"\s*(?:thank(?:s| you)|(?:we(?: are|'re)|i am|i'm) (?:very |so |really )?sorry|sorry|we apologi[sz]e|apologies"
    r"|we understand|i understand|please let us know|hello|hi|dear)\b[^.!?:]{0,120}[.!?]?\s*",
    re.IGNORECASE,
)
_DENIES: Final = re.compile(r"\b(?:no|not|never|without|cannot|nothing|none)\b|n['’]t\b", re.IGNORECASE)
_SUPPORTED_FROM: Final = 0.6
"""Share of a sentence's telling words that its source must have."""

_COPIED_FROM: Final = 0.95
"""The same for a sentence that names no source: then it must be the source's own."""

_STEM: Final = 5
_LITTLE_WORDS: Final = """
    the and for are was were with you your our this that these those from have has had can will would could should may
    not but all any please then than also just more most some such into onto over under about after before when where
    which who whom whose how why what there here they them their its his her out off per via let get see use
"""
_LITTLE: Final = frozenset(_LITTLE_WORDS.split())


class Grounded(NamedTuple):
    """A text without its marks, the ids of the sources it stands on, and its sentences that stand on none."""

    text: str
    sources: tuple[str, ...]
    unsupported: tuple[str, ...]


def grounded(text: str, sources: Sequence[Source]) -> Grounded:
    """Judge a text whose sentences cite `sources` by their number from one."""
    used: list[str] = []
    unsupported: list[str] = []
    for sentence in cited_sentences(text):
        plain = without_marks(sentence)
        named = [sources[i] for i in cited(sentence) if i < len(sources)]
        supporting = [source for source in named if supports(source, plain)]
        if not _MARK.search(sentence):  # small models copy a source and forget its mark
            supporting = [source for source in sources if supports(source, plain, _COPIED_FROM)][:1]
        used += [source.id for source in supporting if source.id not in used]
        if not supporting and not courtesy(plain):
            unsupported.append(plain)
    return Grounded(without_marks(text), tuple(used), tuple(unsupported))


def cited_sentences(text: str) -> list[str]:
    """The sentences, each with the marks that follow its full stop."""
    pieces: list[str] = []
    for piece in _END.split(text):
        marks = _MARKS_FIRST.match(piece)
        if marks and pieces:
            pieces[-1] += marks.group()
        rest = piece[marks.end() :] if marks and pieces else piece
        if rest.strip():
            pieces.append(rest.strip())
    return pieces


def cited(sentence: str) -> list[int]:
    """The indexes of the sources that a sentence names."""
    return [int(number) - 1 for mark in _MARK.findall(sentence) for number in re.findall(r"\d+", mark) if int(number)]


def without_marks(text: str) -> str:
    """The text as the customer reads it."""
    return _MARK.sub("", text).strip()


def supports(source: Source, sentence: str, share: float = _SUPPORTED_FROM) -> bool:
    """Whether a source says what the sentence says: all of its numbers, most of its telling words, no new denial."""
    said = " ".join((source.title, source.excerpt, *source.steps))
    if not set(_NUMBER.findall(sentence)) <= set(_NUMBER.findall(said)):
        return False
    if _DENIES.search(sentence) and not _DENIES.search(said):
        return False
    words, known = telling(sentence), telling(said)
    return len(words & known) >= share * len(words) if words else bool(_NUMBER.search(sentence))


def telling(text: str) -> set[str]:
    """The stems of the words that carry meaning."""
    return {word[:_STEM] for word in _WORD.findall(text.casefold()) if word not in _LITTLE}


def courtesy(sentence: str) -> bool:
    """Whether a sentence states and promises nothing."""
    return not telling(sentence) or bool(_COURTESY.fullmatch(sentence) and not _NUMBER.search(sentence))
