"""The memory on a real database: what repeats, what is merely alike, and what answers."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from contracts.errors import NotFoundError
from contracts.ticket import CleanTicket, Ticket
from engines.local.batching import BatchingEmbedder
from engines.local.cleaning import TextCleaner
from engines.local.embedder import MODEL_NAME, Embedder
from engines.local.knowledge import Knowledge
from graph.memory import TicketMemory, repetition
from policies.loading import load_desk
from storage import fingerprints, tickets
from storage.migrate import migrate
from storage.sqlite import SqliteDatabase

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
DESK = "customer_support"
DESKS = {DESK: load_desk(Path(__file__).parents[3] / "policies" / "desks" / DESK)}
STORY = "My parcel has been standing at the depot since last week although somebody was at home all day."


@pytest.fixture(scope="module")
def embedder() -> BatchingEmbedder:
    return BatchingEmbedder(Embedder.load())


@pytest.fixture
async def memory(tmp_path: Path, embedder: BatchingEmbedder) -> AsyncIterator[TicketMemory]:
    path = tmp_path / "memory.db"
    migrate(path)
    database = SqliteDatabase(path)
    memory = TicketMemory(
        embedder, database, Knowledge(Embedder.load(), embedder, DESKS.values()), {DESK: TextCleaner(("en",))}
    )
    await memory.load()
    yield memory
    await database.close()


def ticket(number: int, body: str, customer: str | None = "ann", *, hours: float = 0) -> Ticket:
    return Ticket(
        id=f"TKT-{number}",
        desk=DESK,
        subject="Parcel",
        body=body,
        customer_id=customer,
        received_at=NOW + timedelta(hours=hours),
    )


def cleaned(memory: TicketMemory, one: Ticket) -> CleanTicket:
    return memory.cleaners[DESK].clean(one.subject, one.body)


async def told(memory: TicketMemory, one: Ticket, status: str = "assigned", **known: object) -> str | None:
    """Store a ticket and ask what it repeats."""
    async with memory.database.write() as connection:
        await tickets.add(connection, one, status, **known)
    found = await memory.duplicate(one, cleaned(memory, one), 72)
    return found.ticket_id if found else None


@pytest.mark.parametrize("status", ["received", "waiting", "processed", "assigned", "awaiting_customer", "resolved"])
async def test_a_message_sent_again_joins_its_original(memory: TicketMemory, status: str) -> None:
    assert await told(memory, ticket(1, STORY), status) is None
    assert await told(memory, ticket(2, STORY)) == "TKT-1"


@pytest.mark.parametrize("status", ["closed", "failed"])
async def test_what_is_over_is_not_joined(memory: TicketMemory, status: str) -> None:
    await told(memory, ticket(1, STORY), status)
    assert await told(memory, ticket(2, STORY)) is None


async def test_a_few_other_words_join_too(memory: TicketMemory) -> None:
    await told(memory, ticket(1, STORY))
    assert await told(memory, ticket(2, f"Second try. {STORY.replace('all day', 'the whole day')}")) == "TKT-1"


async def test_another_number_another_customer_and_nobody_do_not(memory: TicketMemory) -> None:
    await told(memory, ticket(1, f"{STORY} Order ORD-111."))
    await told(memory, ticket(2, f"{STORY} Order ORD-111.", None))
    assert await told(memory, ticket(3, f"{STORY} Order ORD-112.")) is None
    assert await told(memory, ticket(4, f"{STORY} Order ORD-111.", "bob")) is None
    assert await told(memory, ticket(5, f"{STORY} Order ORD-111.", None)) is None


async def test_the_window_ends(memory: TicketMemory) -> None:
    await told(memory, ticket(1, STORY))
    assert await told(memory, ticket(2, STORY, hours=73)) is None


async def test_a_ticket_that_was_never_stored_is_not_joined(memory: TicketMemory) -> None:
    one = ticket(1, STORY)
    await memory.duplicate(one, cleaned(memory, one), 72)
    assert await told(memory, ticket(2, STORY)) is None


async def test_similar_tickets_are_suggested(memory: TicketMemory) -> None:
    await told(memory, ticket(1, STORY))
    await told(memory, ticket(2, "Where can I read your privacy policy?"))
    one = ticket(3, "The parcel stands at your depot and nobody brings it.")
    similar = await memory.similar(one, cleaned(memory, one), 5)
    assert (similar[0].ticket_id, similar[0].status) == ("TKT-1", "open")


async def test_an_article_answers(memory: TicketMemory) -> None:
    one = ticket(1, "I forgot my password. How do I set a new one?")
    sources = await memory.sources(one, cleaned(memory, one), 3)
    assert len(sources) == 3
    assert sources[0].id == "reset-password"
    assert not sources[0].leaves_open
    assert sources[0].score >= sources[1].score


async def test_a_solved_ticket_answers_and_is_known_after_a_restart(memory: TicketMemory) -> None:
    solved = ticket(1, "The lid of the blue kettle squeaks when it opens.")
    await told(memory, solved, "closed", solution="Put a drop of oil on the hinge.", category="technical")
    stored = memory.stored(solved.id)
    assert stored is not None
    async with memory.database.write() as connection:
        await fingerprints.put(connection, solved.id, MODEL_NAME, stored)
    again = TicketMemory(memory.embedder, memory.database, memory.knowledge, memory.cleaners)
    await again.load()
    one = ticket(2, "The lid of my kettle squeaks.")
    best = (await again.sources(one, cleaned(again, one), 3))[0]
    assert (best.id, best.kind, best.excerpt) == ("TKT-1", "solved_ticket", "Put a drop of oil on the hinge.")


async def test_a_fingerprint_that_is_missing_is_made(memory: TicketMemory) -> None:
    async with memory.database.write() as connection:
        await tickets.add(connection, ticket(1, STORY))
    again = TicketMemory(memory.embedder, memory.database, memory.knowledge, memory.cleaners)
    await again.load()
    made = again.index.vector("TKT-1")
    assert made is not None
    assert np.linalg.norm(made) == pytest.approx(1, abs=1e-3)
    assert again.stored("TKT-9") is None


async def test_the_original_is_what_its_row_says(memory: TicketMemory) -> None:
    await told(memory, ticket(1, STORY), severity="high", assigned_team="product_team")
    original = await memory.original("TKT-1")
    assert (original.severity, original.team) == ("high", "product_team")
    with pytest.raises(NotFoundError):
        await memory.original("TKT-9")


def test_how_far_a_text_repeats_another() -> None:
    assert repetition(STORY, STORY) == 1.0
    assert repetition(STORY, "When are you open?") is None
