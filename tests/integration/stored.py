"""Tickets, runs and questions put straight into a database, where a test is not about how
they came there."""

import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.approval import ApprovalRequest
from contracts.result import PendingApproval, Run
from contracts.ticket import Ticket
from graph.build import FLOW_VERSION
from policies.desk.model import Desk
from storage.database.address import PostgresAddress, SqliteAddress, database_address_of
from storage.database.database import Database
from storage.database.postgres import PostgresDatabase
from storage.database.sqlite import SqliteDatabase
from storage.jobs.port import Job
from storage.migrations.migrate import migrate_sqlite
from storage.queries import approvals, runs, tickets
from storage.tables import jobs
from tests.postgres import PostgresServer

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""When everything comes in."""


@dataclass(frozen=True)
class TableJobs:
    """Tasks as rows of the caller's transaction, which nobody does.

    `woken` is called where somebody would begin.
    """

    woken: Callable[[], None] = lambda: None

    async def enqueue_job(self, connection: AsyncConnection, task: Job) -> None:
        """See storage.jobs.port.Jobs."""
        row = {
            "kind": task.kind,
            "subject": task.subject,
            "lock": task.lock,
            "priority": task.priority,
        }
        await connection.execute(
            insert(jobs), {**row, "ready_at": NOON, "created_at": NOON}
        )

    def wake_worker(self) -> None:
        """See storage.jobs.port.Jobs."""
        self.woken()

    async def run_jobs(self, handlers: Mapping[str, Any], concurrency: int) -> None:
        """See storage.jobs.port.Jobs."""

    async def drain_jobs(self, seconds: float) -> None:
        """See storage.jobs.port.Jobs."""

    async def open_subjects(self, connection: AsyncConnection, kind: str) -> set[str]:
        """See storage.jobs.port.Jobs."""
        return set(
            (
                await connection.scalars(
                    select(jobs.c.subject).where(jobs.c.kind == kind)
                )
            ).all()
        )

    async def delete_jobs(
        self, connection: AsyncConnection, subjects: set[str]
    ) -> None:
        """See storage.jobs.port.Jobs."""


def address_in(kind: str, folder: Path, postgres: PostgresServer) -> str:
    """DATABASE_URL of a new migrated database of a kind."""
    if kind == "postgres":
        return postgres.fresh()
    migrate_sqlite(folder / "test.db")
    return f"sqlite:///{folder / 'test.db'}"


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """The database at an address, as one process holds it."""
    address = database_address_of(url, Path())
    assert isinstance(address, SqliteAddress | PostgresAddress)
    database = (
        SqliteDatabase(address.path)
        if isinstance(address, SqliteAddress)
        else PostgresDatabase(address)
    )
    try:
        yield database
    finally:
        await database.close()


async def a_ticket(database: Database, **columns: Any) -> Ticket:
    """A stored ticket; `columns` are those of its row that are not the ticket's own."""
    desk, received_at = (
        columns.pop("desk", "customer_support"),
        columns.pop("received_at", NOON),
    )
    ticket = Ticket(
        id=f"TKT-{uuid.uuid4().hex[:8]}",
        received_at=received_at,
        desk=desk,
        subject="Help",
        body="Stuck.",
    )
    async with database.open_write() as connection:
        await tickets.insert_ticket(connection, ticket, **columns)
    return ticket


async def a_run(database: Database, ticket: Ticket, **columns: Any) -> Run:
    """A stored run of a ticket, as the result of one that does not say what became of it."""
    run_id, options = uuid.uuid4().hex, columns.pop("options", {})
    async with database.open_write() as connection:
        await runs.insert_run(
            connection,
            run_id,
            ticket.id,
            FLOW_VERSION,
            options,
            NOON,
            columns.pop("forked_from", None),
        )
        if columns:
            await runs.update_run(connection, run_id, NOON, **columns)
    return Run(
        run_id=run_id,
        ticket_id=ticket.id,
        desk=ticket.desk,
        status="finished",
        created_at=NOON,
    )


async def a_question(database: Database, desk: Desk, team: str) -> tuple[Ticket, Run]:
    """A waiting ticket, and its run with the pending approval."""
    ticket = await a_ticket(
        database, desk=desk.id, status="waiting", assigned_team=team, severity="high"
    )
    run = await a_run(database, ticket, status="waiting")
    request = ApprovalRequest(
        ticket_id=ticket.id,
        reasons=("It is grave.",),
        draft="Hi.",
        team=team,
        shown_hash="0",
    )
    expires_at = NOON + timedelta(hours=desk.settings.approval_hours)
    pending = PendingApproval(
        id=uuid.uuid4().hex, request=request, expires_at=expires_at
    )
    async with database.open_write() as connection:
        await approvals.insert_approval(
            connection, pending, run.run_id, uuid.uuid4().hex, NOON
        )
    return ticket, run.model_copy(update={"status": "waiting", "approval": pending})


async def rows(database: Database, query: str, **values: Any) -> list[Row[Any]]:
    """What a query finds."""
    async with database.open_read() as connection:
        return list((await connection.execute(text(query), values)).all())
