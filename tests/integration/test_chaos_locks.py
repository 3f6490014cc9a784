"""Locks of a process that froze: others get them."""

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest

from storage.database.address import PostgresAddress, database_address_of
from storage.database.postgres import APPLICATION_NAME, PostgresDatabase
from storage.jobs.port import LEASE
from storage.jobs.procrastinate_jobs import ProcrastinateJobs
from tests.postgres import PostgresServer


@pytest.mark.parametrize("counted_as", ["active", "idle in transaction"])
async def test_who_freezes_in_a_pipeline_loses_its_locks(
    counted_as: str, postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.fresh()
    address = database_address_of(url, tmp_path)
    assert isinstance(address, PostgresAddress)
    database = PostgresDatabase(address)
    await database.pool.open()
    jobs = ProcrastinateJobs(database)
    await jobs.app.open_async(database.pool)
    waits = await psycopg.AsyncConnection.connect(url)
    await waits.execute("CREATE TABLE held AS SELECT 1 AS id")
    await waits.commit()
    frozen = await psycopg.AsyncConnection.connect(
        url, autocommit=True, application_name=APPLICATION_NAME
    )
    with pytest.raises(psycopg.OperationalError):
        await silent_in_a_pipeline(frozen, counted_as, waits, jobs)
    await waits.commit()
    assert await (await waits.execute("SELECT id FROM held")).fetchall() == [(2,)]
    await waits.close()
    await frozen.close()
    await database.close()


STATE = "SELECT state FROM pg_stat_activity WHERE pid = %s"


async def silent_in_a_pipeline(
    frozen: "psycopg.AsyncConnection[Any]",
    counted_as: str,
    waits: "psycopg.AsyncConnection[Any]",
    jobs: ProcrastinateJobs,
) -> None:
    """One has locked a row and says nothing more, until the other, who waits for the row,
    has got it."""
    async with (
        frozen.pipeline() as pipeline,
        frozen.transaction(),
        frozen.cursor() as cursor,
    ):
        await (await cursor.execute("SELECT id FROM held FOR SHARE")).fetchone()
        if counted_as == "idle in transaction":
            await pipeline.sync()
            frozen.pgconn.send_flush_request()
            frozen.pgconn.flush()
        known = await waits.execute(STATE, (frozen.info.backend_pid,))
        assert await known.fetchone() == (counted_as,)
        changing = asyncio.create_task(waits.execute("UPDATE held SET id = 2"))
        async with asyncio.timeout(2 * LEASE.total_seconds()):
            while not changing.done():
                await jobs.manager.free_expired_jobs()
                await asyncio.wait([changing], timeout=0.5)
