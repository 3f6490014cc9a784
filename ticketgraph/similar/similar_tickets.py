"""Searches earlier tickets and knowledge articles for the nodes."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray
from sqlalchemy import RowMapping

from contracts.errors import NotFoundError
from contracts.retrieval import Duplicate, Original, SimilarTicket, Source
from contracts.ticket import CleanTicket, Ticket
from engines.embedding.batching_embedder import BatchingEmbedder
from engines.embedding.embedder import MODEL_NAME
from engines.embedding.similarity import (
    build_fingerprint,
    near_exact_similarity,
    normalised_digest,
)
from engines.local.answers.knowledge import KnowledgeBase
from nodes.long_texts import run_by_size
from nodes.services import Cleaner
from policies.deciding.duplicates import is_repeat, shared_sentence_share
from storage.database.database import Database
from storage.queries import tickets
from storage.vectors import fingerprints
from storage.vectors.port import EarlierTicket, NearTicket, Vectors

COMPARE_LIKENESS = 0.7
"""Fingerprint likeness from which two texts are compared word by word."""

SUGGEST_LIKENESS = 0.35
"""Likeness from which an earlier ticket is shown as similar."""

CACHED_FINGERPRINTS = 256
"""Fingerprints cached for the runs in progress."""

REPAIR_BATCH = 100
"""Tickets loaded at a time while missing fingerprints are made."""


class StoredTicketSearch:
    """nodes.services.TicketSearch on our database."""

    def __init__(
        self,
        embedder: BatchingEmbedder,
        database: Database,
        vectors: Vectors,
        knowledge: KnowledgeBase,
        cleaners: Mapping[str, Cleaner],
    ) -> None:
        self.embedder = embedder
        self.database = database
        self.vectors = vectors
        self.knowledge = knowledge
        self.cleaners = cleaners
        self.fingerprint_cache: LRUCache[str, NDArray[np.float32]] = LRUCache(
            CACHED_FINGERPRINTS
        )

    async def fingerprint_of(self, clean: CleanTicket) -> NDArray[np.float32]:
        """The fingerprint of a text, cached: a run needs its own three times."""
        known = self.fingerprint_cache.get(clean.text)
        if known is None:
            embedding = await self.embedder.embed(clean.text)
            known = self.fingerprint_cache[clean.text] = await run_by_size(
                len(clean.text), build_fingerprint, clean.text, embedding
            )
        return known

    async def index_ticket(
        self, ticket_id: str, clean: CleanTicket
    ) -> Sequence[EarlierTicket]:
        """Store a ticket's fingerprint, so that searches find it.

        Returns the customer's earlier tickets.
        """
        return await self.vectors.store_fingerprint(
            ticket_id, normalised_digest(clean.text), await self.fingerprint_of(clean)
        )

    async def count_missing(self) -> int:
        """How many cleaned tickets have no fingerprint, or another model's."""
        return await self.database.run_read(
            partial(
                fingerprints.count_unindexed_tickets,
                model=MODEL_NAME,
                desks=[*self.cleaners],
            )
        )

    async def repair_fingerprints(self, limit: int) -> int:
        """Index up to `limit` tickets without a fingerprint of this model, newest first.

        Returns how many. One takes some 10 ms.
        """
        lacking = partial(
            fingerprints.list_unindexed_tickets,
            model=MODEL_NAME,
            desks=[*self.cleaners],
        )
        done = 0
        while done < limit and (
            rows := await self.database.run_read(
                partial(lacking, limit=min(limit - done, REPAIR_BATCH))
            )
        ):
            for row in rows:
                cleaner = self.cleaners[row["desk"]]
                await self.index_ticket(
                    row["id"],
                    await asyncio.to_thread(cleaner.clean, row["subject"], row["body"]),
                )
            done += len(rows)
        return done

    async def find_duplicate(
        self, ticket: Ticket, clean: CleanTicket, window_hours: float
    ) -> Duplicate | None:
        """See nodes.services.TicketSearch.

        Of two equal tickets, in one process or in two, exactly one is the duplicate.
        """
        window, digest = timedelta(hours=window_hours), normalised_digest(clean.text)
        for earlier in await self.index_ticket(ticket.id, clean):
            exact = earlier.digest == digest
            if abs(ticket.received_at - earlier.received_at) > window or not (
                exact or earlier.similarity >= COMPARE_LIKENESS
            ):
                continue
            if found := await self.compare_with_earlier(
                ticket, clean, earlier.ticket_id, exact=exact
            ):
                return found
        return None

    async def compare_with_earlier(
        self, ticket: Ticket, clean: CleanTicket, earlier_id: str, *, exact: bool
    ) -> Duplicate | None:
        """The earlier ticket as a duplicate's original, if it is older and still open."""
        try:
            row = await self.database.run_read(
                partial(tickets.find_ticket_row, ticket_id=earlier_id)
            )
        except NotFoundError:
            return None
        linked = row["duplicate_of"] or earlier_id
        if row["status"] not in tickets.OPEN_STATUSES or linked == ticket.id:
            return None
        if exact:
            return Duplicate(ticket_id=linked, score=1.0, kind="exact")
        earlier = self.cleaners[ticket.desk].clean(row["subject"], row["body"]).text
        score = await run_by_size(len(earlier), repetition_score, clean.text, earlier)
        return (
            None
            if score is None
            else Duplicate(ticket_id=linked, score=score, kind="near_exact")
        )

    async def find_similar(
        self, ticket: Ticket, clean: CleanTicket, limit: int
    ) -> list[SimilarTicket]:
        """See nodes.services.TicketSearch."""
        nearest = await self.vectors.find_nearest(
            await self.fingerprint_of(clean), ticket.desk, limit, but=ticket.id
        )
        return [
            SimilarTicket(
                ticket_id=near.ticket_id,
                subject=row["subject"],
                score=round(near.score, 4),
                status="solved" if near.solved else "open",
            )
            for near, row in await self.load_near_rows(
                [near for near in nearest if near.score >= SUGGEST_LIKENESS]
            )
        ]

    async def find_sources(
        self, ticket: Ticket, clean: CleanTicket, limit: int
    ) -> list[Source]:
        """See nodes.services.TicketSearch."""
        articles = await self.knowledge.find_nearest_articles(ticket.desk, clean, limit)
        solved = await self.find_solved(ticket, clean, limit)
        return sorted((*articles, *solved), key=lambda source: -source.score)[:limit]

    async def find_solved(
        self, ticket: Ticket, clean: CleanTicket, limit: int
    ) -> list[Source]:
        """The nearest tickets whose solution is known."""
        vector = await self.fingerprint_of(clean)
        nearest = await self.vectors.find_nearest(
            vector, ticket.desk, limit, but=ticket.id, only_solved=True
        )
        return [
            Source(
                id=near.ticket_id,
                kind="solved_ticket",
                title=row["subject"],
                score=round(near.score, 4),
                category=row["category"],
                excerpt=row["solution"] or "",
            )
            for near, row in await self.load_near_rows(nearest)
        ]

    async def load_near_rows(
        self, nearest: Sequence[NearTicket]
    ) -> list[tuple[NearTicket, RowMapping]]:
        """The tickets that still exist, with their rows."""
        if not nearest:
            return []
        rows = await self.database.run_read(
            partial(
                tickets.find_ticket_rows,
                ticket_ids=[near.ticket_id for near in nearest],
            )
        )
        return [
            (near, rows[near.ticket_id]) for near in nearest if near.ticket_id in rows
        ]

    async def load_original(self, ticket_id: str) -> Original:
        """See nodes.services.TicketSearch."""
        row = await self.database.run_read(
            partial(tickets.find_ticket_row, ticket_id=ticket_id)
        )
        answered = row["status"] in tickets.ANSWERED_STATUSES
        return Original(
            ticket_id=ticket_id,
            severity=row["severity"],
            team=row["assigned_team"],
            answered=answered,
        )


def repetition_score(text: str, earlier: str) -> float | None:
    """How far a text says what an earlier one said, in [0, 1]; None when it does not repeat it."""
    score = near_exact_similarity(text, earlier)
    return (
        max(score, shared_sentence_share(text, earlier))
        if is_repeat(text, earlier, score)
        else None
    )
