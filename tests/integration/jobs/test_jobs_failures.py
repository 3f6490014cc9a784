"""Jobs when workers stop, die, freeze or lose their database.

The rest of the contract, kept by both.
"""

import asyncio
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from tests.integration.jobs.bench import (
    KIND,
    Bench,
    begun,
    held_until,
    process,
    task,
    told,
)
from tests.postgres import PostgresServer

Outage = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def outage(request: pytest.FixtureRequest, url: str) -> Outage:
    """Inside, the database refuses everything.

    PostgreSQL ends every connection, SQLite finds no table.
    """
    name = str(make_url(url).database)

    @contextmanager
    def without_table() -> Iterator[None]:
        with sqlite3.connect(name) as connection:
            connection.execute("ALTER TABLE jobs RENAME TO hidden")
        yield
        with sqlite3.connect(name) as connection:
            connection.execute("ALTER TABLE hidden RENAME TO jobs")
        connection.close()

    @contextmanager
    def without_connections() -> Iterator[None]:
        server: PostgresServer = request.getfixturevalue("postgres")
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        server.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
        )
        yield
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    return without_table if url.startswith("sqlite") else without_connections


async def test_drain_finishes_what_was_begun_and_begins_nothing(
    one: Bench, other: Bench
) -> None:
    go = asyncio.Event()
    one.handler = held_until(go)
    work = asyncio.create_task(one.jobs.run_jobs({KIND: one.do}, 1))
    await one.put(task("a"), task("b"))
    await one.until(lambda: begun(one) == ["a"])
    draining = asyncio.create_task(one.jobs.drain_jobs(5))
    go.set()
    await draining
    await work
    assert one.seen == ["begin a", "end a"]
    assert await one.open_subjects() == {"b"}
    async with other.working():
        await other.until_nothing_is_open()
    assert begun(other) == ["b"]


TAKEN = {
    "sqlite": "SELECT count(*) FROM jobs WHERE leased_until IS NOT NULL",
    "postgresql": "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'",
}


async def taken(worker: Bench, url: str) -> int:
    """Tasks that somebody does, or has died with."""
    async with worker.database.open_read() as connection:
        return (
            await connection.execute(text(TAKEN[make_url(url).get_backend_name()]))
        ).scalar_one()


async def test_drain_gives_back_what_does_not_end(
    one: Bench, other: Bench, url: str
) -> None:
    one.handler = held_until(asyncio.Event())
    async with one.working(patience=0.1):
        await one.put(task("a"))
        await one.until(lambda: begun(one) == ["a"])
    assert await taken(one, url) == 0
    async with other.working():
        await other.until(lambda: begun(other) == ["a"])
        await other.until_nothing_is_open()


async def test_a_drain_that_lasts_longer_than_a_lease_loses_nothing_to_others(
    one: Bench, other: Bench
) -> None:
    async def long(_subject: str) -> None:
        await asyncio.sleep(8)  # longer than the lease and a heartbeat

    one.handler = long
    work = asyncio.create_task(one.jobs.run_jobs({KIND: one.do}, 1))
    await one.put(task("a"))
    await one.until(lambda: begun(one) == ["a"])
    async with other.working():
        await one.jobs.drain_jobs(15)
        await work
        await other.until_nothing_is_open()
    assert one.seen == ["begin a", "end a"]
    assert other.seen == []


async def test_a_cancelled_worker_gives_its_tasks_back(
    one: Bench, other: Bench, url: str
) -> None:
    one.handler = held_until(asyncio.Event())
    await one.put(task("a"))
    work = asyncio.create_task(one.jobs.run_jobs({KIND: one.do}, 1))
    await one.until(lambda: begun(one) == ["a"])
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert await taken(one, url) == 0
    async with other.working():
        await other.until(lambda: begun(other) == ["a"])


async def test_tasks_of_a_killed_process_are_done_by_another_one(
    url: str, one: Bench
) -> None:
    with process(url) as killed:
        await one.put(task("a"))
        assert await told(killed) == "begin a"
        async with one.working():
            killed.send_signal(signal.SIGKILL)
            killed.wait()
            await one.until(lambda: "end a" in one.seen)
            await one.until_nothing_is_open()
    assert begun(one) == ["a"]


async def test_a_process_that_was_frozen_finishes_nothing_that_is_not_its_own(
    url: str, one: Bench
) -> None:
    go = asyncio.Event()
    one.handler = held_until(go)
    with process(url) as frozen:
        assert frozen.stdin
        await one.put(task("a", lock="same"))
        assert await told(frozen) == "begin a"
        await one.put(task("b", lock="same"))
        frozen.send_signal(signal.SIGSTOP)
        async with one.working():
            await one.until(lambda: begun(one) == ["a"])
            frozen.send_signal(signal.SIGCONT)
            frozen.stdin.write(
                "\n"
            )  # its handler ends, and so it would finish the task
            frozen.stdin.close()
            assert await asyncio.to_thread(frozen.wait) == 0
            assert await one.open_subjects() == {"a", "b"}
            assert begun(one) == ["a"]
            go.set()
            await one.until_nothing_is_open()
    assert begun(one) == ["a", "b"]


async def test_work_goes_on_when_the_database_is_back(
    one: Bench, other: Bench, outage: Outage
) -> None:
    go = asyncio.Event()
    one.handler = held_until(go)
    async with one.working():
        await one.put(task("a"))
        await one.until(lambda: begun(one) == ["a"])
        async with other.working():
            with outage():
                go.set()
                await one.until(lambda: "end a" in one.seen)
                await asyncio.sleep(
                    2
                )  # long enough for heartbeats, fetches and the end of the task to fail
            await one.put(task("b"))
            await one.until_nothing_is_open()
    assert sorted(begun(one, other)) == ["a", "b"]
