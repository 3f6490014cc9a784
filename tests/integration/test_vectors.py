"""The vectors, in memory on SQLite and in PostgreSQL: one contract for both."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from contracts.ticket import Ticket
from storage.database.address import PostgresAddress, database_address_of
from storage.database.database import Database
from storage.database.postgres import PostgresDatabase
from storage.database.sqlite import SqliteDatabase
from storage.migrations.migrate import migrate_sqlite
from storage.queries import tickets
from storage.tables import FINGERPRINT_DIMENSIONS
from storage.tables import fingerprints as prints
from storage.tables import tickets as rows
from storage.vectors import fingerprints
from storage.vectors.brute_force import BruteForceVectors
from storage.vectors.pgvector import PgVectors
from storage.vectors.port import MAX_EARLIER, Vectors
from tests.postgres import PostgresServer

MODEL = "a-model"
NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
COUNTER = itertools.count()


def unit(*values: float) -> np.ndarray:
    """A unit vector of a fingerprint's length, with these numbers first."""
    vector = np.zeros(FINGERPRINT_DIMENSIONS, np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


@dataclass
class House:
    """A database and the vectors in it, as one process has them."""

    database: Database
    vectors: Vectors

    async def again(self, model: str = MODEL) -> Vectors:
        """As another process has them, or this one after a restart."""
        kind = (
            PgVectors
            if isinstance(self.database, PostgresDatabase)
            else BruteForceVectors
        )
        vectors = kind(self.database, model)
        await vectors.load_index()
        return vectors

    async def stored(
        self, desk: str = "a", customer: str | None = None, solution: str | None = None
    ) -> str:
        """A new ticket's id."""
        number = next(COUNTER)
        received = NOW + timedelta(minutes=number)
        ticket = Ticket(
            id=f"TKT-{number}",
            desk=desk,
            subject="s",
            body="b",
            customer_id=customer,
            received_at=received,
        )
        async with self.database.open_write() as connection:
            await tickets.insert_ticket(
                connection,
                ticket,
                "closed" if solution else "assigned",
                solution=solution,
            )
        return ticket.id

    async def told(
        self, vector: np.ndarray, desk: str = "a", customer: str | None = None
    ) -> str:
        """A new ticket's id, remembered."""
        ticket_id = await self.stored(desk, customer)
        await self.vectors.store_fingerprint(ticket_id, "digest", vector)
        return ticket_id

    async def near(
        self,
        vector: np.ndarray,
        desk: str = "a",
        *,
        but: str = "",
        only_solved: bool = False,
    ) -> list[str]:
        """The ids of the three nearest."""
        found = await self.vectors.find_nearest(
            vector, desk, 3, but=but, only_solved=only_solved
        )
        return [near.ticket_id for near in found]


@pytest.fixture(params=["sqlite", "postgresql"])
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer
) -> AsyncIterator[House]:
    if request.param == "sqlite":
        await asyncio.to_thread(migrate_sqlite, tmp_path / "vectors.db")
        database: Database = SqliteDatabase(tmp_path / "vectors.db")
        vectors: Vectors = BruteForceVectors(database, MODEL)
    else:
        database = on_postgres(postgres.fresh())
        vectors = PgVectors(database, MODEL)
    await vectors.load_index()
    yield House(database, vectors)
    await database.close()


def on_postgres(url: str) -> PostgresDatabase:
    address = database_address_of(url, Path())
    assert isinstance(address, PostgresAddress)
    return PostgresDatabase(address)


def ids(found: Sequence[object]) -> list[str]:
    return [one.ticket_id for one in found]  # type: ignore[attr-defined]


async def test_a_customers_earlier_tickets_are_found_newest_first(house: House) -> None:
    first = await house.told(unit(1), customer="ann")
    second = await house.told(unit(1, 1), customer="ann")
    await house.told(unit(1), customer="bob")
    await house.told(unit(1), "b", customer="ann")
    third = await house.stored(customer="ann")
    found = await house.vectors.store_fingerprint(third, "another", unit(1))
    assert ids(found) == [second, first]
    assert [one.digest for one in found] == ["digest", "digest"]
    assert [one.similarity for one in found] == pytest.approx([0.5**0.5, 1], abs=1e-3)
    assert found[0].received_at - found[1].received_at == timedelta(minutes=1)


async def test_nobody_has_earlier_tickets(house: House) -> None:
    await house.told(unit(1))
    assert (
        await house.vectors.store_fingerprint(await house.stored(), "digest", unit(1))
        == []
    )
    assert len(await house.near(unit(1))) == 2


async def test_remembered_again_a_ticket_finds_what_it_found_and_never_itself(
    house: House,
) -> None:
    first = await house.told(unit(1), customer="ann")
    second = await house.told(unit(1), customer="ann")
    for vectors in (house.vectors, await house.again()):
        assert await vectors.store_fingerprint(first, "digest", unit(1)) == []
        assert ids(await vectors.store_fingerprint(second, "digest", unit(1))) == [
            first
        ]
    assert sorted(await house.near(unit(1))) == sorted([first, second])


async def test_no_more_than_the_newest_are_compared(house: House) -> None:
    told = [await house.told(unit(1), customer="ann") for _ in range(MAX_EARLIER + 5)]
    found = await house.vectors.store_fingerprint(
        await house.stored(customer="ann"), "digest", unit(1)
    )
    assert ids(found) == told[:4:-1]


async def test_a_ticket_that_is_not_stored_is_not_remembered(house: House) -> None:
    assert await house.vectors.store_fingerprint("TKT-NOWHERE", "digest", unit(1)) == []
    assert await house.near(unit(1)) == []


async def test_the_nearest_come_first_without_the_ticket_itself_and_other_desks(
    house: House,
) -> None:
    far, near, same = [
        await house.told(vector) for vector in (unit(0, 0, 1), unit(1, 1), unit(1))
    ]
    await house.told(unit(1), "b")
    assert await house.near(unit(1)) == [same, near, far]
    assert await house.near(unit(1), but=same) == [near, far]
    found = await house.vectors.find_nearest(unit(1), "a", 2, but="")
    assert [one.score for one in found] == pytest.approx([1, 0.5**0.5], abs=1e-3)
    assert await house.near(unit(1), "nowhere") == []


async def test_only_solved_tickets_when_asked(house: House) -> None:
    await house.told(unit(1))
    solved = await house.stored(solution="Restart it.")
    await house.vectors.store_fingerprint(solved, "digest", unit(1, 1))
    assert await house.near(unit(1), only_solved=True) == [solved]
    found = await house.vectors.find_nearest(unit(1), "a", 3, but="")
    assert [one.solved for one in found] == [False, True]


async def test_a_ticket_that_is_solved_later_is_found_as_solved_when_it_is_remembered_again(
    house: House,
) -> None:
    ticket_id = await house.told(unit(1))
    async with house.database.open_write() as connection:
        await connection.execute(
            update(rows).where(rows.c.id == ticket_id).values(solution="Restart it.")
        )
    await house.vectors.store_fingerprint(ticket_id, "digest", unit(1))
    assert await house.near(unit(1), only_solved=True) == [ticket_id]
    assert await house.near(unit(1)) == [ticket_id]


async def test_what_is_forgotten_or_deleted_is_not_found(house: House) -> None:
    forgotten, deleted, kept = [
        await house.told(unit(1), customer="ann") for _ in range(3)
    ]
    await house.vectors.delete_fingerprints([forgotten, "TKT-NOWHERE"])
    async with house.database.open_write() as connection:
        await connection.execute(delete(rows).where(rows.c.id == deleted))
    assert await house.near(unit(1)) == [kept]
    assert ids(
        await house.vectors.store_fingerprint(
            await house.stored(customer="ann"), "digest", unit(1)
        )
    ) == [kept]


async def test_another_process_finds_what_was_remembered(house: House) -> None:
    solved = await house.stored(solution="Restart it.")
    await house.vectors.store_fingerprint(solved, "digest", unit(1))
    other = await house.told(unit(0, 1))
    found = await (await house.again()).find_nearest(unit(1), "a", 3, but="")
    assert [(one.ticket_id, one.solved) for one in found] == [
        (solved, True),
        (other, False),
    ]


async def test_fingerprints_of_another_model_are_lacking_until_they_are_made_anew(
    house: House,
) -> None:
    first, second = [await house.told(unit(1), customer="ann") for _ in range(2)]
    newer = await house.again("a-newer-model")
    assert await newer.find_nearest(unit(1), "a", 3, but="") == []

    async def lacking(connection: object) -> list[str]:
        return [
            row["id"]
            for row in await fingerprints.list_unindexed_tickets(
                connection, "a-newer-model", ["a"], 10
            )
        ]  # type: ignore[arg-type]

    assert await house.database.run_read(lacking) == [first, second]
    (earlier,) = await newer.store_fingerprint(second, "digest", unit(1))
    assert (earlier.ticket_id, earlier.similarity) == (first, 0)
    assert ids(await newer.find_nearest(unit(1), "a", 3, but="")) == [second]
    assert await newer.store_fingerprint(first, "digest", unit(1)) == []
    assert await house.database.run_read(lacking) == []


async def test_of_any_that_are_remembered_at_once_exactly_one_was_first(
    house: House,
) -> None:
    told = [await house.stored(customer="ann") for _ in range(16)]
    workers = [house.vectors, house.vectors]
    if isinstance(house.database, PostgresDatabase):
        other = PostgresDatabase(house.database.address)
        workers[1] = PgVectors(other, MODEL)
    found = await asyncio.gather(
        *(
            workers[number % 2].store_fingerprint(ticket_id, "digest", unit(1))
            for number, ticket_id in enumerate(told)
        ),
        *(
            workers[number % 2].store_fingerprint(ticket_id, "digest", unit(1))
            for number, ticket_id in enumerate(told, 1)
        ),
    )
    assert sorted(len(earlier) for earlier in found) == sorted([*range(16)] * 2)
    assert found[:16] == found[16:]
    async with house.database.open_read() as connection:
        assert await connection.scalar(select(func.count()).select_from(prints)) == 16
    if isinstance(house.database, PostgresDatabase):
        await other.close()


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.one_of(
            st.tuples(
                st.just("tell"),
                st.sampled_from(("ann", "bob", None)),
                st.integers(0, 3),
            ),
            st.tuples(st.just("again"), st.integers(0, 9), st.just(0)),
            st.tuples(st.just("forget"), st.integers(0, 9), st.just(0)),
        ),
        max_size=15,
    )
)
async def test_whatever_happens_earlier_means_remembered_before(
    house: House, steps: list[tuple]
) -> None:
    desk = f"desk{next(COUNTER)}"
    known: list[tuple[str, str | None, int]] = []
    for step, what, axis in steps:
        if step == "tell":
            ticket_id = await house.stored(desk, what)
            found = await house.vectors.store_fingerprint(
                ticket_id, "digest", unit(*[0] * axis, 1)
            )
            assert ids(found) == [
                one for one, customer, _ in reversed(known) if what and customer == what
            ]
            known.append((ticket_id, what, axis))
        elif what < len(known) and step == "forget":
            await house.vectors.delete_fingerprints([known.pop(what)[0]])
        elif what < len(known):
            ticket_id, customer, known_axis = known[what]
            found = await house.vectors.store_fingerprint(
                ticket_id, "digest", unit(*[0] * known_axis, 1)
            )
            assert ids(found) == [
                one
                for one, other, _ in reversed(known[:what])
                if customer and other == customer
            ]
    for axis in range(4):
        expected = {one for one, _, other in known if other == axis}
        found = await house.vectors.find_nearest(unit(*[0] * axis, 1), desk, 15, but="")
        assert {one.ticket_id for one in found if one.score > 0.5} == expected
