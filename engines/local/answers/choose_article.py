"""Chooses the article that answers a ticket's question, and finds what it leaves open.

A ticket is compared in several views: whole, and each sentence that asks, wishes or thanks,
alone, with the subject, and with the sentence before it. An article is compared by its
title and by what people typically ask. The nearest pair counts, so that greetings and
stories around a plain question do not hide it.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.retrieval import Source
from contracts.ticket import CleanTicket
from engines.local.answers.asides import GravityClassifier
from policies.severity.obstacles import LONG_MESSAGE_WORDS, remove_denials
from text.sentences import normalise_sentences

_ASKS: Final = re.compile(
    r"\?|\b(?:how|where|which|when|what|until|can i|may i|(?:is|are) there|tell|explain"
    r"|wonder\w*|wish"
    r"|would (?:be|love|help)|idea|suggest\w*|add|miss|thank\w*|please)\b"
)
_MAX_ASKS: Final = 8
_SHORTEST_ASK, _SHORTEST_POINT = 3, 4

_SHORTEST_SUBJECT: Final = 6
"""Words from which a subject counts as a sentence rather than a heading."""
_PLAIN_QUESTION: Final = 7
"""Words from which a question counts as a point of its own, without its context."""

_GRAVE, _GRAVE_ON_TOPIC, _ON_TOPIC = 0.0, 0.25, 0.45
"""Gravity from which a statement is grave, off topic and on topic.

On topic means at least this similar to the article.
"""
_TROUBLE, _TROUBLE_MARGIN = 0.45, 0.1
_OTHER_QUESTION, _OTHER_MARGIN = 0.65, 0.25

Vectors = NDArray[np.float32]


class TicketTexts(NamedTuple):
    """The texts of a ticket that are embedded: its views, its sentences, its statements."""

    views: tuple[str, ...]
    points: tuple[str, ...]
    asides: tuple[str, ...]


def build_ticket_texts(clean: CleanTicket) -> TicketTexts:
    """The texts of a ticket to embed, at most 25 views.

    A long ticket has views only: it is never answered by an article alone.
    """
    said = [sentence.strip() for sentence in normalise_sentences(clean.text)]
    subject = next(iter(normalise_sentences(clean.subject)), "").strip()
    views = (clean.text, *_asking_views(said, subject))
    if len(clean.text.split()) > LONG_MESSAGE_WORDS:
        return TicketTexts(views, (), ())
    points = tuple(sentence for sentence in said if _is_point(sentence))
    is_heading = _count_words(subject) < _SHORTEST_SUBJECT
    stated = (
        " ".join(remove_denials(point).split())
        for point in points
        if "?" not in point and not (is_heading and point == subject)
    )
    asides = tuple(s for s in stated if _count_words(s) >= _SHORTEST_POINT)
    return TicketTexts(views, points, asides)


def _asking_views(said: Sequence[str], subject: str) -> Iterator[str]:
    """Each asking sentence alone, after the subject, and after the sentence before it."""
    asking = [i for i, sentence in enumerate(said) if _is_asking(sentence)]
    for i in asking[:_MAX_ASKS]:
        yield said[i]
        if subject and said[i] != subject:
            yield f"{subject}. {said[i]}"
        if i:
            yield f"{said[i - 1]} {said[i]}"


def _is_asking(sentence: str) -> bool:
    return _count_words(sentence) >= _SHORTEST_ASK and bool(_ASKS.search(sentence))


def _is_point(sentence: str) -> bool:
    shortest = _PLAIN_QUESTION if "?" in sentence else _SHORTEST_POINT
    return _count_words(sentence) >= shortest


def list_article_texts(article: Source) -> tuple[str, ...]:
    """The texts an article is compared by: its title, and what people ask.

    Its excerpt stands in where nobody wrote down what people ask.
    """
    return article.title, *(article.questions or (article.excerpt,))


class ArticleIndex:
    """A desk's articles with the vectors [n, d] of all their texts, in order."""

    def __init__(
        self, articles: Sequence[Source], vectors: Vectors, asides: GravityClassifier
    ) -> None:
        """Take the articles, and the vectors of what `list_article_texts` gives for each."""
        self.articles = tuple(articles)
        self._vectors = vectors
        self._asides = asides
        counts = [len(list_article_texts(article)) for article in articles]
        self._starts = np.cumsum([0, *counts[:-1]])
        self._may_be_sent = np.array(
            [article.self_service for article in articles], dtype=bool
        )

    def find_nearest(
        self, views: Vectors, points: Vectors, asides: Vectors, limit: int
    ) -> list[Source]:
        """The articles nearest to a ticket, best first.

        `views`, `points` and `asides` are the vectors [n, d] of the ticket's `TicketTexts`.
        """
        if not self.articles:
            return []
        likeness = self._article_similarity(views).max(axis=0)
        by_point = self._article_similarity(points)
        gravity, by_aside = (
            self._asides.score_gravity(asides),
            self._article_similarity(asides),
        )
        return [
            self.articles[i].model_copy(
                update={
                    "score": round(min(float(likeness[i]), 1.0), 4),
                    "leaves_open": self._has_open_concern(by_point, int(i))
                    or _has_grave_statement(gravity, by_aside[:, i]),
                    "questions": (),
                }
            )
            for i in np.argsort(-likeness, kind="stable")[:limit]
        ]

    def _article_similarity(self, vectors: Vectors) -> NDArray[np.float32]:
        """[n, articles]: each vector's similarity to the nearest text of each article."""
        return np.maximum.reduceat(vectors @ self._vectors.T, self._starts, axis=1)

    def _has_open_concern(self, by_point: NDArray[np.float32], chosen: int) -> bool:
        """Whether a sentence is about trouble that needs a person, or asks another question."""
        own = by_point[:, chosen]
        trouble = by_point[:, ~self._may_be_sent].max(axis=1, initial=0)
        others = self._may_be_sent.copy()
        others[chosen] = False
        other = by_point[:, others].max(axis=1, initial=0)
        open_points = (trouble >= _TROUBLE) & (trouble > own + _TROUBLE_MARGIN)
        open_points |= (other >= _OTHER_QUESTION) & (other > own + _OTHER_MARGIN)
        return bool(open_points.any())


def _has_grave_statement(
    gravity: NDArray[np.float64], likeness: NDArray[np.float32]
) -> bool:
    """Whether a statement is grave, given each one's similarity to the article."""
    return bool(
        (gravity >= np.where(likeness >= _ON_TOPIC, _GRAVE_ON_TOPIC, _GRAVE)).any()
    )


def _count_words(sentence: str) -> int:
    return sentence.count(" ") + 1
