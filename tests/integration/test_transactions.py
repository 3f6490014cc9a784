"""Transactions done in groups: all of one or nothing of it, and nothing is awaited inside."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.database import Database, Transaction
from storage.database.sqlite import SqliteDatabase
from storage.queries import runs, tickets


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = SqliteDatabase(tmp_path / "test.db")
    async with opened.open_write() as connection:
        await connection.execute(text("CREATE TABLE kept (number INTEGER PRIMARY KEY)"))
    yield opened
    await opened.close()


def inserting(*numbers: int) -> Transaction[int]:
    async def insert(connection: AsyncConnection) -> int:
        for number in numbers:
            await connection.execute(
                text("INSERT INTO kept VALUES (:number)"), {"number": number}
            )
        return sum(numbers)

    return insert


async def kept(connection: AsyncConnection) -> list[int]:
    return list(
        (await connection.scalars(text("SELECT number FROM kept ORDER BY 1"))).all()
    )


async def test_one_that_fails_leaves_nothing_and_the_others_whole(
    database: Database,
) -> None:
    works = [inserting(1, 2), inserting(3, 1), inserting(4)]
    results = await asyncio.gather(
        *(database.run_transaction(work) for work in works), return_exceptions=True
    )
    assert [results[0], results[2]] == [3, 4]
    assert type(results[1]).__name__ == "IntegrityError"
    assert await database.run_read(kept) == [1, 2, 4]


async def test_what_is_told_is_seen_by_every_other_connection(
    database: Database,
) -> None:
    await database.run_transaction(inserting(7))
    async with database.open_read() as connection:
        assert await kept(connection) == [7]


async def test_it_takes_turns_with_the_other_way_to_write(database: Database) -> None:
    async def other(number: int) -> None:
        async with database.open_write() as connection:
            await inserting(number)(connection)

    await asyncio.gather(
        *(
            database.run_transaction(inserting(n)) if n % 2 else other(n)
            for n in range(20)
        )
    )
    assert await database.run_read(kept) == list(range(20))


async def test_waiting_for_anything_else_inside_is_refused(database: Database) -> None:
    async def dawdle(connection: AsyncConnection) -> None:
        await inserting(1)(connection)
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError):
        await database.run_transaction(dawdle)
    assert await database.run_read(kept) == []


async def test_a_closed_database_opens_again(database: Database) -> None:
    await database.run_transaction(inserting(1))
    await database.close()
    assert await database.run_transaction(inserting(2)) == 2


@pytest.mark.parametrize("change", [runs.update_run, tickets.update_ticket])
async def test_a_column_that_there_is_not_is_refused(
    database: Database, change: Callable[..., Any]
) -> None:
    with pytest.raises(LookupError, match="statuss"):
        await database.run_transaction(
            lambda connection: change(
                connection, "id", datetime.now(UTC), statuss="finished"
            )
        )
