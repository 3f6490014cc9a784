"""The memory on a real database: what repeats, what is merely alike, and what answers."""

import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.errors import NotFoundError
from contracts.ticket import CleanTicket, Ticket
from engines.embedding.batching_embedder import BatchingEmbedder
from engines.embedding.embedder import MODEL_NAME, Embedder
from engines.local.answers.knowledge import KnowledgeBase
from policies.loading.load import load_desk
from storage.database.sqlite import SqliteDatabase
from storage.migrations.migrate import migrate_sqlite
from storage.queries import tickets
from storage.vectors.brute_force import BruteForceVectors
from tests.paths import DESKS
from text.cleaning import TextCleaner
from ticketgraph.similar.similar_tickets import StoredTicketSearch, repetition_score

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
DESK = "customer_support"
OPEN_DESKS = {DESK: load_desk(DESKS / DESK)}
STORY = (
    "My parcel has been standing at the depot since last week although somebody was at "
    "home all day."
)


@pytest.fixture(scope="module")
def knowledge(embedder: Embedder) -> Iterator[KnowledgeBase]:
    """The desk's articles, which take seconds to read."""
    batching = BatchingEmbedder(embedder)
    yield KnowledgeBase(embedder, batching, OPEN_DESKS.values())
    batching.close()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "memory.db"
    migrate_sqlite(path)
    return path


@pytest.fixture
async def memory(
    tmp_path: Path, migrated: Path, knowledge: KnowledgeBase
) -> AsyncIterator[StoredTicketSearch]:
    database = SqliteDatabase(shutil.copy(migrated, tmp_path / "memory.db"))
    vectors, cleaners = (
        BruteForceVectors(database, MODEL_NAME),
        {DESK: TextCleaner(("en",))},
    )
    yield StoredTicketSearch(
        knowledge.batching_embedder, database, vectors, knowledge, cleaners
    )
    await database.close()


def ticket(
    number: int, body: str, customer: str | None = "ann", *, hours: float = 0
) -> Ticket:
    return Ticket(
        id=f"TKT-{number}",
        desk=DESK,
        subject="Parcel",
        body=body,
        customer_id=customer,
        received_at=NOW + timedelta(hours=hours),
    )


def cleaned(memory: StoredTicketSearch, one: Ticket) -> CleanTicket:
    return memory.cleaners[DESK].clean(one.subject, one.body)


async def restarted(memory: StoredTicketSearch) -> StoredTicketSearch:
    """The memory as a new process has it."""
    vectors = BruteForceVectors(memory.database, MODEL_NAME)
    await vectors.load_index()
    return StoredTicketSearch(
        memory.embedder, memory.database, vectors, memory.knowledge, memory.cleaners
    )


async def told(
    memory: StoredTicketSearch, one: Ticket, status: str = "assigned", **known: object
) -> str | None:
    """Store a ticket and ask what it repeats."""
    async with memory.database.open_write() as connection:
        await tickets.insert_ticket(connection, one, status, **known)
    found = await memory.find_duplicate(one, cleaned(memory, one), 72)
    return found.ticket_id if found else None


@pytest.mark.parametrize(
    "status",
    ["received", "waiting", "processed", "assigned", "awaiting_customer", "resolved"],
)
async def test_a_message_sent_again_joins_its_original(
    memory: StoredTicketSearch, status: str
) -> None:
    assert await told(memory, ticket(1, STORY), status) is None
    assert await told(memory, ticket(2, STORY)) == "TKT-1"


@pytest.mark.parametrize("status", ["closed", "failed"])
async def test_what_is_over_is_not_joined(
    memory: StoredTicketSearch, status: str
) -> None:
    await told(memory, ticket(1, STORY), status)
    assert await told(memory, ticket(2, STORY)) is None


async def test_a_few_other_words_join_too(memory: StoredTicketSearch) -> None:
    await told(memory, ticket(1, STORY))
    assert (
        await told(
            memory,
            ticket(2, f"Second try. {STORY.replace('all day', 'the whole day')}"),
        )
        == "TKT-1"
    )


async def test_another_number_another_customer_and_nobody_do_not(
    memory: StoredTicketSearch,
) -> None:
    await told(memory, ticket(1, f"{STORY} Order ORD-111."))
    await told(memory, ticket(2, f"{STORY} Order ORD-111.", None))
    assert await told(memory, ticket(3, f"{STORY} Order ORD-112.")) is None
    assert await told(memory, ticket(4, f"{STORY} Order ORD-111.", "bob")) is None
    assert await told(memory, ticket(5, f"{STORY} Order ORD-111.", None)) is None


async def test_the_window_ends(memory: StoredTicketSearch) -> None:
    await told(memory, ticket(1, STORY))
    assert await told(memory, ticket(2, STORY, hours=73)) is None


async def test_a_ticket_that_was_never_stored_is_not_joined(
    memory: StoredTicketSearch,
) -> None:
    one = ticket(1, STORY)
    await memory.find_duplicate(one, cleaned(memory, one), 72)
    assert await told(memory, ticket(2, STORY)) is None


async def test_similar_tickets_are_suggested(memory: StoredTicketSearch) -> None:
    await told(memory, ticket(1, STORY))
    await told(memory, ticket(2, "Where can I read your privacy policy?"))
    one = ticket(3, "The parcel stands at your depot and nobody brings it.")
    similar = await memory.find_similar(one, cleaned(memory, one), 5)
    assert (similar[0].ticket_id, similar[0].status) == ("TKT-1", "open")


async def test_an_article_answers(memory: StoredTicketSearch) -> None:
    one = ticket(1, "I forgot my password. How do I set a new one?")
    sources = await memory.find_sources(one, cleaned(memory, one), 3)
    assert len(sources) == 3
    assert sources[0].id == "reset-password"
    assert not sources[0].leaves_open
    assert sources[0].score >= sources[1].score


async def test_a_solved_ticket_answers_and_is_known_after_a_restart(
    memory: StoredTicketSearch,
) -> None:
    solved = ticket(1, "The lid of the blue kettle squeaks when it opens.")
    await told(
        memory,
        solved,
        "closed",
        solution="Put a drop of oil on the hinge.",
        category="technical",
    )
    again = await restarted(memory)
    one = ticket(2, "The lid of my kettle squeaks.")
    best = (await again.find_sources(one, cleaned(again, one), 3))[0]
    assert (best.id, best.kind, best.excerpt) == (
        "TKT-1",
        "solved_ticket",
        "Put a drop of oil on the hinge.",
    )


async def test_what_comes_again_after_a_crash_repeats_what_it_repeated(
    memory: StoredTicketSearch,
) -> None:
    first, second = (
        ticket(1, STORY, hours=1),
        ticket(2, STORY),
    )  # by the clocks the second one was earlier
    assert await told(memory, first) is None
    assert await told(memory, second) == "TKT-1"
    again = await restarted(memory)
    assert await again.find_duplicate(first, cleaned(again, first), 72) is None
    found = await again.find_duplicate(second, cleaned(again, second), 72)
    assert found is not None
    assert (found.ticket_id, found.kind) == ("TKT-1", "exact")


async def test_a_ticket_is_never_its_own_duplicate(memory: StoredTicketSearch) -> None:
    first, second = ticket(1, STORY), ticket(2, STORY)
    await told(memory, first)
    await told(memory, second, duplicate_of="TKT-1")
    await memory.vectors.delete_fingerprints(["TKT-1"])
    assert await memory.find_duplicate(first, cleaned(memory, first), 72) is None


async def test_fingerprints_that_are_missing_are_made_the_newest_first(
    memory: StoredTicketSearch,
) -> None:
    async with memory.database.open_write() as connection:
        for number in range(5):
            await tickets.insert_ticket(
                connection,
                ticket(number, f"{STORY} {number}", hours=number),
                "assigned",
            )
        await tickets.insert_ticket(
            connection, ticket(5, STORY), "received"
        )  # its run will remember it
        await tickets.insert_ticket(
            connection,
            ticket(6, STORY).model_copy(update={"desk": "another"}),
            "assigned",
        )
    assert await memory.count_missing() == 5
    assert await memory.repair_fingerprints(2) == 2
    assert await memory.count_missing() == 3
    one = ticket(9, STORY)
    similar = await memory.find_similar(one, cleaned(memory, one), 5)
    assert {near.ticket_id for near in similar} == {"TKT-3", "TKT-4"}
    assert await memory.repair_fingerprints(100) == 3
    assert await memory.repair_fingerprints(100) == await memory.count_missing() == 0


async def test_the_original_is_what_its_row_says(memory: StoredTicketSearch) -> None:
    await told(memory, ticket(1, STORY), severity="high", assigned_team="product_team")
    original = await memory.load_original("TKT-1")
    assert (original.severity, original.team) == ("high", "product_team")
    with pytest.raises(NotFoundError):
        await memory.load_original("TKT-9")


def test_how_far_a_text_repeats_another() -> None:
    assert repetition_score(STORY, STORY) == 1.0
    assert repetition_score(STORY, "When are you open?") is None
