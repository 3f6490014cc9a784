"""Pages of tickets with their runs, on both databases, in two statements whatever their size."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert

from storage.database.database import Database
from storage.queries.runs import find_ticket_run
from storage.queries.tickets import list_tickets_page
from storage.tables import runs, tickets
from tests.integration.stored import NOON, address_in, opened
from tests.postgres import PostgresServer

PAGE = 200


@pytest.fixture(params=["sqlite", "postgres"])
async def database(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer
) -> AsyncIterator[Database]:
    url = await asyncio.to_thread(address_in, request.param, tmp_path, postgres)
    async with opened(url) as holding:
        yield holding


def ticket_row(number: int) -> dict[str, Any]:
    at = NOON - timedelta(minutes=number)
    texts = {"desk": "support", "subject": "Help", "body": "Stuck.", "source": "api"}
    state = {"status": "resolved" if number % 2 else "received", "metadata": {}}
    return {
        "id": ticket_id(number),
        "received_at": at,
        "updated_at": at,
        **texts,
        **state,
    }


def run_row(run_id: str, number: int, minutes: int, **columns: Any) -> dict[str, Any]:
    at = NOON + timedelta(minutes=minutes)
    fixed = {"flow_version": 1, "options": {}, "forked_from": None, "result": None}
    times = {"created_at": at, "updated_at": at}
    whose = {"id": run_id, "ticket_id": ticket_id(number), "status": "finished"}
    return {**whose, **fixed, **times, **columns}


def ticket_id(number: int) -> str:
    return f"TKT-{number:04}"


async def fill_tickets(database: Database) -> None:
    """210 tickets, the newest first: every third without a run, the others with two and a fork."""
    made: list[dict[str, Any]] = []
    for number in range(210):
        if number % 3:
            old, new, fork = (f"{name}-{number}" for name in ("old", "new", "fork"))
            made.append(run_row(old, number, 1, result={"is": old}))
            made.append(run_row(new, number, 2, result={"is": new}))
            made.append(run_row(fork, number, 3, forked_from=new, result={"is": fork}))
    async with database.open_write() as connection:
        await connection.execute(insert(tickets), [ticket_row(n) for n in range(210)])
        await connection.execute(insert(runs), made)


@contextmanager
def counting_statements(database: Any) -> Iterator[list[str]]:
    """The statements that the database's engine executes meanwhile."""
    seen: list[str] = []

    def note_statement(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note_statement)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note_statement)


@pytest.mark.parametrize("with_results", [False, True])
async def test_a_page_of_200_tickets_with_their_runs_takes_two_statements(
    database: Database, with_results: bool
) -> None:
    await fill_tickets(database)
    async with database.open_read() as connection:
        with counting_statements(database) as seen:
            page, total = await list_tickets_page(
                connection, {}, PAGE, 5, with_results=with_results
            )
    assert len(seen) == 2, seen
    assert total == 210
    numbers = range(5, 5 + PAGE)
    assert [row["id"] for row in page] == [ticket_id(number) for number in numbers]
    expected = [f"new-{number}" if number % 3 else None for number in numbers]
    assert [row["run_id"] for row in page] == expected
    assert [row["run_status"] for row in page] == [
        run and "finished" for run in expected
    ]
    if with_results:
        results = [run and {"is": run} for run in expected]
        assert [row["run_result"] for row in page] == results
    else:
        assert "run_result" not in page[0]


async def test_filters_hold_for_the_page_and_for_the_count(database: Database) -> None:
    await fill_tickets(database)
    async with database.open_read() as connection:
        page, total = await list_tickets_page(connection, {"status": "resolved"}, 3, 1)
    assert [row["id"] for row in page] == [ticket_id(number) for number in (3, 5, 7)]
    assert total == 105


async def test_two_runs_of_the_same_moment_are_the_same_run_everywhere(
    database: Database,
) -> None:
    async with database.open_write() as connection:
        await connection.execute(insert(tickets), [ticket_row(0)])
        twins = [run_row("b", 0, 1), run_row("a", 0, 1)]
        await connection.execute(insert(runs), twins)
        page, _ = await list_tickets_page(connection, {}, 1, 0)
        alone = await find_ticket_run(connection, ticket_id(0))
    assert alone is not None
    assert page[0]["run_id"] == alone["id"] == "a"
