"""Ledgers to be tried on.

Either database with an effect in it, and somebody who does as a job's worker does.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.effect import Action, Effect
from storage.database.address import PostgresAddress, database_address_of
from storage.database.database import Database
from storage.database.postgres import PostgresDatabase
from storage.database.sqlite import SqliteDatabase
from storage.jobs.port import Handler, Job, RetryLaterError
from storage.queries import outbox
from storage.tables import metadata
from tests.postgres import PostgresServer
from ticketgraph.effects.outbox import StoredOutbox


@dataclass
class KeptJobs:
    """storage.jobs.port.Jobs that keeps what is put down in memory, whether it is committed
    or not."""

    tasks: list[Job] = field(default_factory=list)
    woken: int = 0

    async def enqueue_job(self, connection: AsyncConnection, task: Job) -> None:  # noqa: ARG002
        self.tasks.append(task)

    def wake_worker(self) -> None:
        self.woken += 1

    async def run_jobs(self, handlers: Mapping[str, Handler], concurrency: int) -> None:
        raise NotImplementedError

    async def drain_jobs(self, seconds: float) -> None:
        raise NotImplementedError

    async def open_subjects(self, connection: AsyncConnection, kind: str) -> set[str]:  # noqa: ARG002
        return {task.subject for task in self.tasks if task.kind == kind}

    async def delete_jobs(
        self,
        connection: AsyncConnection,  # noqa: ARG002
        subjects: set[str],
    ) -> None:
        self.tasks = [task for task in self.tasks if task.subject not in subjects]


class Clock:
    """The time of day, which can be moved on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def pass_by(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@dataclass
class Ledger:
    """A database with an outbox."""

    database: Database
    clock: Clock = field(default_factory=Clock)
    jobs: KeptJobs = field(default_factory=KeptJobs)
    real_time: bool = False

    @property
    def outbox(self) -> StoredOutbox:
        return StoredOutbox(self.database, self.clock.now, self.jobs)

    async def record(self, number: int = 1, action: Action = "reply") -> str:
        """A new effect. Its key."""
        effect = Effect(
            action=action,
            target="ada@example.com",
            payload={"text": "Grüße"},
            key=f"TKT-1:{action}:{number}",
        )
        async with self.database.open_write() as connection:
            await self.outbox.record_effects(
                connection, "TKT-1", "run-1", [effect], self.clock.now()
            )
        return effect.key

    async def entry(self, key: str) -> RowMapping:
        """An effect as it is now."""
        async with self.database.open_read() as connection:
            return await outbox.find_effect_row(connection, key)

    async def work(self, step: Callable[[], Awaitable[None]], most: int = 100) -> int:
        """Do a job until it is done.

        What a worker does, but for the pauses where time can be moved on. How often.
        """
        for times in range(1, most + 1):
            try:
                await step()
            except RetryLaterError as again:
                await self.pause(again.seconds)
            else:
                return times
        raise AssertionError("there is no end to it")

    async def pause(self, seconds: float) -> None:
        """As long as somebody wants. PostgreSQL's clock is the real one."""
        if self.real_time or isinstance(self.database, PostgresDatabase):
            await asyncio.sleep(seconds)
        else:
            self.clock.pass_by(seconds)


Place = Path | PostgresServer
"""Where a database is to be made: an SQLite file, or a server."""


def place_of(request: pytest.FixtureRequest, folder: Path) -> Place:
    """What the parameter of a fixture names. The server is started while no event loop runs."""
    return (
        folder / "ledger.db"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres")
    )


async def database_at(place: Place) -> Database:
    """An empty database with our tables."""
    return await empty_sqlite(place) if isinstance(place, Path) else on_postgres(place)


async def empty_sqlite(path: Path) -> SqliteDatabase:
    """A database with our tables."""
    database = SqliteDatabase(path)
    async with database.open_write() as connection:
        await connection.run_sync(metadata.create_all)
    return database


def on_postgres(server: PostgresServer) -> PostgresDatabase:
    """A new database on a server."""
    address = database_address_of(server.fresh(), Path())
    assert isinstance(address, PostgresAddress)
    return PostgresDatabase(address)


@asynccontextmanager
async def ledger_on(database: Database) -> AsyncIterator[Ledger]:
    """A ledger, closed at the end."""
    try:
        yield Ledger(database)
    finally:
        await database.close()
