"""Finds the desks' articles for a ticket."""

import asyncio
from collections.abc import Iterable, Sequence

import numpy as np

from contracts.retrieval import Source
from contracts.ticket import CleanTicket
from engines.embedding.batching_embedder import BatchingEmbedder
from engines.embedding.embedder import DIMENSIONS, TextEmbedder
from engines.local.answers.asides import GravityClassifier, load_examples
from engines.local.answers.choose_article import (
    ArticleIndex,
    TicketTexts,
    Vectors,
    build_ticket_texts,
    list_article_texts,
)
from nodes.long_texts import run_by_size
from policies.desk.model import Desk
from policies.severity.obstacles import find_obstacles


class KnowledgeBase:
    """Every desk's articles and their vectors, embedded once."""

    def __init__(
        self, embedder: TextEmbedder, batching: BatchingEmbedder, desks: Iterable[Desk]
    ) -> None:
        """Embed the articles with `embedder`; tickets are embedded with `batching`."""
        self.batching_embedder = batching
        asides = GravityClassifier(
            *[embedder.embed(texts) for texts in load_examples()]
        )
        self.articles: dict[str, ArticleIndex] = {}
        for desk in desks:
            texts = [
                text
                for article in desk.articles
                for text in list_article_texts(article)
            ]
            vectors = (
                embedder.embed(texts)
                if texts
                else np.zeros((0, DIMENSIONS), np.float32)
            )
            self.articles[desk.id] = ArticleIndex(desk.articles, vectors, asides)

    async def find_nearest_articles(
        self, desk_id: str, clean: CleanTicket, limit: int
    ) -> list[Source]:
        """The articles nearest to a ticket, best first.

        Sentence by sentence only where an article might be sent alone, which costs several times as
        much. A ticket compared as a whole is marked as leaving something open.
        """
        articles = self.articles[desk_id]
        if clean.injection_flags or await run_by_size(
            len(clean.text), find_obstacles, clean.text
        ):
            return [
                article.model_copy(update={"leaves_open": True})
                for article in await self.rank_articles(
                    articles, TicketTexts((clean.text,), (), ()), limit
                )
            ]
        return await self.rank_articles(articles, build_ticket_texts(clean), limit)

    async def rank_articles(
        self, articles: ArticleIndex, reading: TicketTexts, limit: int
    ) -> list[Source]:
        """The articles nearest to a ticket's texts."""
        views, points, asides = await asyncio.gather(*map(self.embed_texts, reading))
        return articles.find_nearest(views, points, asides, limit)

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """One vector a text, [n, d]."""
        vectors = await asyncio.gather(
            *(self.batching_embedder.embed(text) for text in texts)
        )
        return np.stack(vectors) if vectors else np.zeros((0, DIMENSIONS), np.float32)
