"""Two workers on one PostgreSQL are told the same at the same moment.

One ticket is the original.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.ticket import Ticket
from engines.embedding.batching_embedder import BatchingEmbedder
from engines.embedding.embedder import MODEL_NAME, Embedder
from engines.local.answers.knowledge import KnowledgeBase
from storage.database.address import PostgresAddress, database_address_of
from storage.database.postgres import PostgresDatabase
from storage.queries import tickets
from storage.vectors.pgvector import PgVectors
from tests.postgres import PostgresServer
from text.cleaning import TextCleaner
from ticketgraph.similar.similar_tickets import StoredTicketSearch

DESK = "customer_support"
NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
STORY = (
    "My parcel {} has been standing at the depot since last week although somebody was at "
    "home all day."
)
PAIRS = 12


@pytest.fixture
async def workers(postgres: PostgresServer) -> AsyncIterator[list[StoredTicketSearch]]:
    """The memories of two processes."""
    address = database_address_of(postgres.fresh(), Path())
    assert isinstance(address, PostgresAddress)
    embedder, cleaners = Embedder.load(), {DESK: TextCleaner(("en",))}
    batching = BatchingEmbedder(embedder)
    databases = [PostgresDatabase(address) for _ in range(2)]
    yield [
        StoredTicketSearch(
            batching,
            database,
            PgVectors(database, MODEL_NAME),
            KnowledgeBase(embedder, batching, ()),
            cleaners,
        )
        for database in databases
    ]
    for database in databases:
        await database.close()


def ticket(pair: int, which: int) -> Ticket:
    return Ticket(
        id=f"TKT-{pair}-{which}",
        desk=DESK,
        subject="Parcel",
        body=STORY.format(f"ORD-{1000 + pair}"),
        customer_id=f"customer{pair % 3}",
        received_at=NOW,
    )


async def repeated(memory: StoredTicketSearch, one: Ticket) -> str | None:
    found = await memory.find_duplicate(
        one, memory.cleaners[DESK].clean(one.subject, one.body), 72
    )
    return found.ticket_id if found else None


async def test_of_two_equal_tickets_at_once_exactly_one_repeats_the_other(
    workers: list[StoredTicketSearch],
) -> None:
    pairs = [(ticket(pair, 0), ticket(pair, 1)) for pair in range(PAIRS)]
    async with workers[0].database.open_write() as connection:
        for pair in pairs:
            for one in pair:
                await tickets.insert_ticket(connection, one, "received")
    every = [
        (worker, one)
        for pair in pairs
        for worker, one in zip(workers, pair, strict=True)
    ]
    for _ in range(2):  # and again, as after a crash
        found = await asyncio.gather(*(repeated(worker, one) for worker, one in every))
        for pair, links in zip(
            pairs, zip(found[::2], found[1::2], strict=True), strict=True
        ):
            assert links in ((None, pair[0].id), (pair[1].id, None))


async def test_one_worker_finds_what_another_has_remembered(
    workers: list[StoredTicketSearch],
) -> None:
    here, there = workers
    first, second = ticket(1, 0), ticket(1, 1)
    async with here.database.open_write() as connection:
        await tickets.insert_ticket(
            connection, first, "assigned", solution="It was delivered."
        )
    await repeated(here, first)
    clean = there.cleaners[DESK].clean(second.subject, second.body)
    (similar,) = await there.find_similar(second, clean, 5)
    assert (similar.ticket_id, similar.status) == (first.id, "solved")
    (source,) = await there.find_solved(second, clean, 3)
    assert source.excerpt == "It was delivered."
