"""The desks' articles, as a ticket finds them."""

import asyncio
from collections.abc import Iterable, Sequence

import numpy as np

from contracts.retrieval import Source
from contracts.ticket import CleanTicket
from engines.embedding.batching_embedder import BatchingEmbedder
from engines.embedding.embedder import DIMENSIONS, TextEmbedder
from engines.local.answers.asides import Asides, examples
from engines.local.answers.choose_article import Articles, Reading, Vectors, faces, read
from nodes.long_texts import by_size
from policies.desk.model import Desk
from policies.severity.obstacles import obstacles


class Knowledge:
    """Every desk's articles and what they are compared by, read once."""

    def __init__(
        self, embedder: TextEmbedder, batching: BatchingEmbedder, desks: Iterable[Desk]
    ) -> None:
        """Read the articles with `embedder`; tickets are read with `batching`."""
        self.batching = batching
        asides = Asides(*[embedder.embed(texts) for texts in examples()])
        self.articles: dict[str, Articles] = {}
        for desk in desks:
            texts = [text for article in desk.articles for text in faces(article)]
            vectors = (
                embedder.embed(texts)
                if texts
                else np.zeros((0, DIMENSIONS), np.float32)
            )
            self.articles[desk.id] = Articles(desk.articles, vectors, asides)

    async def nearest(
        self, desk_id: str, clean: CleanTicket, limit: int
    ) -> list[Source]:
        """The articles nearest to a ticket, best first.

        Sentence by sentence only where an article might be sent alone: that reading costs
        several times the other. A ticket that is read as a whole leaves something open, for
        all that is known.
        """
        articles = self.articles[desk_id]
        if clean.injection_flags or await by_size(
            len(clean.text), obstacles, clean.text
        ):
            return [
                article.model_copy(update={"leaves_open": True})
                for article in await self.found(
                    articles, Reading((clean.text,), (), ()), limit
                )
            ]
        return await self.found(articles, read(clean), limit)

    async def found(
        self, articles: Articles, reading: Reading, limit: int
    ) -> list[Source]:
        """The articles nearest to what was read."""
        views, points, asides = await asyncio.gather(*map(self.embedded, reading))
        return articles.nearest(views, points, asides, limit)

    async def embedded(self, texts: Sequence[str]) -> Vectors:
        """One vector a text, [n, d]."""
        vectors = await asyncio.gather(*(self.batching.embed(text) for text in texts))
        return np.stack(vectors) if vectors else np.zeros((0, DIMENSIONS), np.float32)
