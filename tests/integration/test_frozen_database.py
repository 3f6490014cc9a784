"""A PostgreSQL server that keeps every connection and answers nothing, and sessions that it
has ended."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import UnavailableError
from storage.database.address import PostgresAddress, database_address_of
from storage.database.postgres import POOL_SIZE, PostgresDatabase
from storage.database.unavailable import UNAVAILABLE_ERRORS
from tests.conftest import serving, worker
from tests.postgres import PostgresServer, postgres_server
from ticketgraph.opening import migrate_database

HANGING = 60.0
"""Seconds that pass only when something waits for ever."""

TICKET = {
    "subject": "Charged twice",
    "body": "Order ORD-1 was charged twice.",
    "customer_email": "a@example.com",
}
KEYED = {"idempotency-key": "sent-while-frozen"}
INSIDE = (
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'ticketgraph' AND "
    "xact_start IS NOT NULL"
)
THERE = "SELECT pid FROM pg_stat_activity WHERE pid = {}"


@contextmanager
def frozen(server: PostgresServer) -> Iterator[None]:
    """No process of the server moves; their sockets stay."""
    postmaster = psutil.Process(
        int((server.folder / "postmaster.pid").read_text().split()[0])
    )
    postmaster.send_signal(signal.SIGSTOP)
    processes = [postmaster, *postmaster.children(recursive=True)]
    try:
        for process in processes[1:]:
            process.send_signal(signal.SIGSTOP)
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)


async def warm(client: httpx.AsyncClient) -> None:
    """Have the API open all its connections."""
    answers = await asyncio.gather(
        *(client.get("/api/v1/approvals") for _ in range(4 * POOL_SIZE))
    )
    assert {answer.status_code for answer in answers} == {200}


async def test_every_request_ends_with_503_and_all_goes_on_afterwards(
    tmp_path: Path,
) -> None:
    with postgres_server() as server:
        server.make_template()
        url = server.fresh()
        with (
            serving(tmp_path, command="api", DATABASE_URL=url) as api,
            worker(tmp_path, "worker", DATABASE_URL=url),
        ):
            async with httpx.AsyncClient(base_url=api.url, timeout=HANGING) as client:
                await warm(client)
                with frozen(server):
                    ended = await asyncio.gather(
                        client.post("/api/v1/tickets", json=TICKET, headers=KEYED),
                        client.get("/health"),
                        *(
                            client.get("/api/v1/approvals")
                            for _ in range(2 * POOL_SIZE)
                        ),
                    )
                assert [
                    (answer.status_code, answer.text)
                    for answer in ended
                    if answer.status_code != 503
                ] == []
                assert ended[1].json()["status"] == "unhealthy"
                assert ended[1].json()["dependencies"]["database"] == "unavailable"
                assert ended[0].headers["retry-after"]
                assert "may or may not be kept" in ended[0].json()["detail"]
                await works_again(client, url)


async def works_again(client: httpx.AsyncClient, url: str) -> None:
    """Nothing has to be started again, nothing is left in the middle, nothing is there twice."""
    await warm(client)
    assert (await client.get("/health")).status_code == 200
    for _ in range(2):
        await client.post("/api/v1/tickets", json=TICKET, headers=KEYED)
    done = await client.post(
        "/api/v1/workflow/process", json={**TICKET, "subject": "Another matter"}
    )
    assert (done.status_code, done.json()["status"]) == (200, "finished")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as looking:
        taken = await looking.execute("SELECT count(*) FROM tickets")
        assert await taken.fetchone() == (2,)
    await nobody(url, INSIDE)


async def nobody(url: str, query: str) -> None:
    """Return when no session is found any more."""
    async with (
        asyncio.timeout(HANGING),
        await psycopg.AsyncConnection.connect(url, autocommit=True) as looking,
    ):
        while await (await looking.execute(query)).fetchone():  # pyright: ignore[reportArgumentType, reportCallIssue]  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # between two looks at other processes


async def test_a_session_that_the_server_has_ended_counts_as_away(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    url = f"{postgres.fresh()}&options=-cidle_in_transaction_session_timeout%3D50"
    address = database_address_of(url, tmp_path)
    assert isinstance(address, PostgresAddress)
    database = PostgresDatabase(address)

    async def frozen_inside(connection: AsyncConnection) -> None:
        """Silent until the server has ended the session."""
        pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        await nobody(url, THERE.format(pid))
        await connection.execute(text("SELECT 1"))

    with pytest.raises(UNAVAILABLE_ERRORS):
        await database.run_transaction(frozen_inside)
    async with database.open_read() as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    await database.close()


async def test_who_listens_may_hear_nothing_for_long(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database.timeouts.TIMEOUT_SECONDS", 1.0)
    address = database_address_of(postgres.fresh(), tmp_path)
    assert isinstance(address, PostgresAddress)
    database = PostgresDatabase(address)
    async with await database.open_connection(autocommit=True) as listening:
        await listening.execute("LISTEN something")
        assert [notice async for notice in listening.notifies(timeout=2.0)] == []
        with pytest.raises(psycopg.OperationalError, match="does not answer"):
            await listening.execute("SELECT pg_sleep(60)")
        assert listening.closed
    await database.close()


async def test_a_schema_that_is_not_there_is_named_as_the_trouble(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    url = f"{postgres.fresh(migrated=False)}&options=-csearch_path%3Dfoo"
    with pytest.raises(UnavailableError, match="search_path"):
        await migrate_database(database_address_of(url, tmp_path), ())
