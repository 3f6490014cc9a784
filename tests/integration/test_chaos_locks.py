"""Locks of a process that froze: others get them."""

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest

from storage.address import PostgresAddress, address_of
from storage.jobs.port import LEASE
from storage.jobs.procrastinated import ProcrastinateJobs
from storage.postgres import APPLICATION, PostgresDatabase
from tests.postgres import PostgresServer


async def test_who_freezes_in_a_pipeline_loses_its_locks(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.fresh()
    address = address_of(url, tmp_path)
    assert isinstance(address, PostgresAddress)
    database = PostgresDatabase(address)
    await database.pool.open()
    jobs = ProcrastinateJobs(database)
    await jobs.app.open_async(database.pool)
    waits = await psycopg.AsyncConnection.connect(url)
    await waits.execute("CREATE TABLE held AS SELECT 1 AS id")
    await waits.commit()
    frozen = await psycopg.AsyncConnection.connect(url, autocommit=True, application_name=APPLICATION)
    with pytest.raises(psycopg.OperationalError):
        await silent_in_a_pipeline(frozen, waits, jobs)
    await waits.commit()
    assert await (await waits.execute("SELECT id FROM held")).fetchall() == [(2,)]
    await waits.close()
    await frozen.close()
    await database.close()


async def silent_in_a_pipeline(
    frozen: "psycopg.AsyncConnection[Any]", waits: "psycopg.AsyncConnection[Any]", jobs: ProcrastinateJobs
) -> None:
    """One has locked a row and says nothing more, until the other, who waits for the row, has got it."""
    async with frozen.pipeline(), frozen.transaction(), frozen.cursor() as cursor:
        await (await cursor.execute("SELECT id FROM held FOR SHARE")).fetchone()
        changing = asyncio.create_task(waits.execute("UPDATE held SET id = 2"))
        async with asyncio.timeout(2 * LEASE.total_seconds()):
            while not changing.done():
                await jobs.manager.take_from_the_silent()
                await asyncio.wait([changing], timeout=0.5)
