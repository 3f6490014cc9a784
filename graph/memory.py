"""Earlier tickets and knowledge articles, as the nodes ask for them."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import partial

import numpy as np
from numpy.typing import NDArray

from contracts.errors import NotFoundError
from contracts.retrieval import Duplicate, Original, SimilarTicket, Source
from contracts.ticket import CleanTicket, Ticket
from engines.local.batching import BatchingEmbedder
from engines.local.embedder import MODEL_NAME
from engines.local.knowledge import Knowledge
from engines.local.similarity import fingerprint, near_exact, normalised_digest
from graph.index import CAPACITY, Entry, Index
from nodes.services import Cleaner
from nodes.threads import by_size
from policies.duplicates import repeats, shared
from storage import fingerprints, tickets
from storage.database import Database

NEWEST = 20
"""How many of a customer's tickets a new one is compared with word by word."""

WORTH_READING = 0.7
"""Fingerprint likeness from which two texts are compared word by word."""

SHOWN = 0.35
"""Likeness from which an earlier ticket is worth a look."""


class TicketMemory:
    """nodes.services.Memory on our database, with the vectors in memory."""

    def __init__(
        self, embedder: BatchingEmbedder, database: Database, knowledge: Knowledge, cleaners: Mapping[str, Cleaner]
    ) -> None:
        self.embedder = embedder
        self.database = database
        self.cleaners = cleaners
        self.index = Index()
        self.knowledge = knowledge
        self.forgotten: set[str] = set()

    async def load(self) -> None:
        """Read the fingerprints of the newest tickets, and make those that are missing."""
        async with self.database.read() as connection:
            rows = await fingerprints.newest(connection, MODEL_NAME, CAPACITY)
        for row in rows:
            ticket = tickets.as_ticket(row)
            if ticket.desk not in self.cleaners:
                continue
            clean = self.cleaners[ticket.desk].clean(ticket.subject, ticket.body)
            stored = row["vector"]
            vector = np.frombuffer(stored, np.float16) if stored else await self.read(ticket.id, clean)
            self.index.put(entry_of(ticket, clean, solved=bool(row["solution"])), vector.astype(np.float32))

    async def read(self, ticket_id: str, clean: CleanTicket) -> NDArray[np.float32]:
        """The ticket's fingerprint."""
        known = self.index.vector(ticket_id)
        if known is not None:
            return known
        embedding = await self.embedder.embed(clean.text)
        return await by_size(len(clean.text), fingerprint, clean.text, embedding)

    async def duplicate(self, ticket: Ticket, clean: CleanTicket, window_hours: float) -> Duplicate | None:
        """See nodes.services.Memory. Between looking and remembering nothing else gets a turn."""
        vector = await self.read(ticket.id, clean)
        entry = entry_of(ticket, clean)
        candidates = self.candidates(entry, vector, window_hours)
        if ticket.id not in self.forgotten:
            self.index.put(entry, vector)
        for candidate, exact in candidates:
            if found := await self.compare(clean, candidate, exact=exact):
                return found
        return None

    def candidates(self, new: Entry, vector: NDArray[np.float32], window_hours: float) -> list[tuple[Entry, bool]]:
        """The same customer's recent tickets that read alike; with each, whether word for word."""
        if new.customer is None:
            return []
        since = new.received_at - timedelta(hours=window_hours)
        recent = [
            entry
            for entry in self.index.of_customer(new.customer, NEWEST)
            if entry.desk == new.desk
            and entry.ticket_id != new.ticket_id
            and since <= entry.received_at <= new.received_at
        ]
        alike = zip(recent, self.index.likeness(vector, [entry.ticket_id for entry in recent]), strict=True)
        checked = [(entry, entry.digest == new.digest, score) for entry, score in alike]
        return [(entry, exact) for entry, exact, score in checked if exact or score >= WORTH_READING]

    async def compare(self, clean: CleanTicket, candidate: Entry, *, exact: bool) -> Duplicate | None:
        """The duplicate that a candidate is, if it is one and still open."""
        try:
            row = await self.database.look(partial(tickets.row, ticket_id=candidate.ticket_id))
        except NotFoundError:
            return None
        if row["status"] not in tickets.OPEN:
            return None
        linked = row["duplicate_of"] or candidate.ticket_id
        if exact:
            return Duplicate(ticket_id=linked, score=1.0, kind="exact")
        earlier = self.cleaners[candidate.desk].clean(row["subject"], row["body"]).text
        score = await by_size(len(earlier), repetition, clean.text, earlier)
        return None if score is None else Duplicate(ticket_id=linked, score=score, kind="near_exact")

    async def similar(self, ticket: Ticket, clean: CleanTicket, limit: int) -> list[SimilarTicket]:
        """See nodes.services.Memory."""
        nearest = self.index.nearest(await self.read(ticket.id, clean), ticket.desk, limit, but=ticket.id)
        shown = [(entry, score) for entry, score in nearest if score >= SHOWN]
        return [
            SimilarTicket(
                ticket_id=entry.ticket_id,
                subject=entry.subject,
                score=round(score, 4),
                status="solved" if entry.solved else "open",
            )
            for entry, score in shown
        ]

    async def sources(self, ticket: Ticket, clean: CleanTicket, limit: int) -> list[Source]:
        """See nodes.services.Memory."""
        articles = await self.knowledge.nearest(ticket.desk, clean, limit)
        solved = await self.solved(ticket, clean, limit)
        return sorted((*articles, *solved), key=lambda source: -source.score)[:limit]

    async def solved(self, ticket: Ticket, clean: CleanTicket, limit: int) -> list[Source]:
        """The nearest tickets whose solution is known."""
        nearest = self.index.nearest(
            await self.read(ticket.id, clean), ticket.desk, limit, but=ticket.id, only_solved=True
        )
        if not nearest:
            return []
        ids = [entry.ticket_id for entry, _ in nearest]
        rows = await self.database.look(partial(tickets.rows, ticket_ids=ids))
        return [
            Source(
                id=entry.ticket_id,
                kind="solved_ticket",
                title=entry.subject,
                score=round(score, 4),
                category=rows[entry.ticket_id]["category"],
                excerpt=rows[entry.ticket_id]["solution"] or "",
            )
            for entry, score in nearest
        ]

    async def original(self, ticket_id: str) -> Original:
        """See nodes.services.Memory."""
        row = await self.database.look(partial(tickets.row, ticket_id=ticket_id))
        answered = row["status"] in tickets.ANSWERED
        return Original(ticket_id=ticket_id, severity=row["severity"], team=row["assigned_team"], answered=answered)

    def forget(self, ticket_ids: Collection[str]) -> None:
        """Find these tickets no more, whatever a run of theirs that is under way still says of them."""
        self.forgotten.update(ticket_ids)
        for ticket_id in ticket_ids:
            self.index.remove(ticket_id)

    def stored(self, ticket_id: str) -> bytes | None:
        """A ticket's fingerprint as the database keeps it; None for a ticket that was never looked at."""
        vector = self.index.vector(ticket_id)
        return vector.astype(np.float16).tobytes() if vector is not None else None


def repetition(text: str, earlier: str) -> float | None:
    """How far a text says what an earlier one said, in [0, 1]; None when it does not repeat it."""
    score = near_exact(text, earlier)
    return max(score, shared(text, earlier)) if repeats(text, earlier, score) else None


def entry_of(ticket: Ticket, clean: CleanTicket, *, solved: bool = False) -> Entry:
    """What the index keeps of a ticket."""
    digest = normalised_digest(clean.text)
    return Entry(ticket.id, ticket.desk, ticket.customer, ticket.subject, digest, ticket.received_at, solved)
