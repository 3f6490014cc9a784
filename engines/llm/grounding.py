"""Which sentences of a model's reply a source supports.

A sentence cites its source at its end, as [S1], or is copied from one. It counts as
supported only when the source says the same: every number and every meaningful word must
stand there. A citation alone proves nothing: models cite what they made up.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from contracts.retrieval import Source
from engines.llm.courtesy import is_courtesy

_CITATION_MARK: Final = re.compile(
    r"\s*[\[(]\s*(S\d{1,3}(?:\s*[,;]\s*S\d{1,3})*)\s*[\])]"
)
_LEADING_MARKS: Final = re.compile(r"(?:\s*[\[(]\s*S\d[^\])]{0,20}[\])])+[.!?]?")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])(?=\s)|\n+")
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_NEGATION: Final = re.compile(
    r"\b(?:no|not|never|without|cannot|nothing|none|neither|nor|nobody)\b|n['’]t\b",
    re.IGNORECASE,
)
_STEM: Final = 5
_STOP_WORDS: Final = """
    the and for are was were with you your our this that these those from have has had can will
    would could should may but please then than also such into onto over under about when where
    which who whom whose how why what there here they them their its his her via let get see use
    click select choose press tap find want need able simply help
"""
_STOP_STEMS: Final = frozenset(_STOP_WORDS.split())


class GroundedText(NamedTuple):
    """A text without citation marks, the sources that support it, its unsupported sentences."""

    text: str
    source_ids: tuple[str, ...]
    unsupported: tuple[str, ...]


def ground_text(text: str, sources: Sequence[Source]) -> GroundedText:
    """Check a text whose sentences cite `sources` by their number, counted from one."""
    used: dict[str, None] = {}
    unsupported: list[str] = []
    for sentence in split_cited_sentences(text):
        plain = strip_citation_marks(sentence)
        candidates = cited_sources(sentence, sources)
        supporting = [s.id for s in candidates if source_supports(s, plain)]
        used.update(dict.fromkeys(supporting))
        if not supporting and not is_courtesy(plain):
            unsupported.append(plain)
    return GroundedText(strip_citation_marks(text), tuple(used), tuple(unsupported))


def cited_sources(sentence: str, sources: Sequence[Source]) -> Sequence[Source]:
    """The sources that a sentence cites; all of them when it has no citation mark.

    Small models copy a source and forget its mark: then any source may support it.
    """
    if not _CITATION_MARK.search(sentence):
        return sources
    return [sources[i] for i in cited_indexes(sentence) if i < len(sources)]


def split_cited_sentences(text: str) -> list[str]:
    """The sentences, each with the citation marks after its full stop."""
    pieces: list[str] = []
    for piece in _SENTENCE_END.split(text):
        marks = _LEADING_MARKS.match(piece)
        if marks and pieces:
            pieces[-1] += marks.group()
        rest = piece[marks.end() :] if marks and pieces else piece
        if rest.strip():
            pieces.append(rest.strip())
    return pieces


def cited_indexes(sentence: str) -> list[int]:
    """The indexes, from zero, of the sources that a sentence cites."""
    return [
        int(number) - 1
        for mark in _CITATION_MARK.findall(sentence)
        for number in re.findall(r"\d+", mark)
        if int(number)
    ]


def strip_citation_marks(text: str) -> str:
    """The text without citation marks, as the customer reads it."""
    return _CITATION_MARK.sub("", text).strip()


def source_supports(source: Source, sentence: str) -> bool:
    """Whether one or two consecutive sentences of a source say what the sentence says.

    They must have all of its numbers and meaningful words, and a negation exactly if it has one.
    """
    words, numbers, denies = (
        meaningful_stems(sentence),
        set(_NUMBER.findall(sentence)),
        bool(_NEGATION.search(sentence)),
    )
    if not words:
        return False
    return any(
        words <= meaningful_stems(said)
        and numbers <= set(_NUMBER.findall(said))
        and denies == bool(_NEGATION.search(said))
        for said in split_passages(source)
    )


def split_passages(source: Source) -> list[str]:
    """The sentences of a source, and each pair of consecutive ones."""
    sentences = [
        part
        for text in (source.title, source.excerpt, *source.steps)
        for part in split_cited_sentences(text)
    ]
    return [*sentences, *(f"{first} {second}" for first, second in pairwise(sentences))]


def meaningful_stems(text: str) -> set[str]:
    """The stems of the words that carry meaning: the first letters of all but stop words."""
    return {
        word[:_STEM]
        for word in _WORD.findall(text.casefold())
        if word not in _STOP_STEMS
    }
