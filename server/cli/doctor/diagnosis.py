"""What `ticketgraph doctor` finds in a database.

Only reads, also beside the processes that use it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import UnavailableError
from engines.embedding.embedder import MODEL_NAME
from server.cli.doctor.finding import NAMED, Finding, named
from server.cli.doctor.reconciliation import balance
from server.cli.terminal.open_app import strictly
from storage.audit.verification import verify
from storage.database.address import PostgresAddress, SqliteAddress
from storage.database.database import Database
from storage.database.read_only import at_one_moment, looking
from storage.database.unavailable import AWAY
from storage.migrations.migrate import refuse_behind
from storage.queries import runs
from storage.queries.reconciliation import books, threads_of_no_run
from storage.vectors import fingerprints

LATE = timedelta(minutes=1)
"""A deadline is done within a second of its time, or a minute later when that failed."""

UNREAD = "They are not found when another reads alike: ticketgraph doctor --repair."
TAMPERED = "docs/reliability.md, Who decided what."
FORGOTTEN = "They are forgotten a day later, or were saved by something else."
ELSEWHERE = (
    "Start the version that was here before and decide there what waits: "
    "docs/reliability.md, Deploying."
)


async def diagnose(
    address: PostgresAddress | SqliteAddress,
    desks: Collection[str],
    now: datetime,
    *,
    delivering: bool,
) -> list[Finding]:
    """Everything that there is to say of a database. `delivering`.

    There is somebody to send effects to.
    """
    try:
        async with looking(address) as database:
            return await examined(address, database, desks, now, delivering=delivering)
    except UnavailableError as error:
        return [Finding("database", "BAD", error.detail)]
    except AWAY as error:
        return [
            Finding(
                "database",
                "BAD",
                f"It does not answer any more: {type(error).__name__}.",
            )
        ]


async def examined(
    address: PostgresAddress | SqliteAddress,
    database: Database,
    desks: Collection[str],
    now: datetime,
    *,
    delivering: bool,
) -> list[Finding]:
    """The same. A database with the tables of another version is not looked at any further."""
    async with database.read() as connection:
        await connection.execute(text("SELECT 1"))
    try:
        revision = await refuse_behind(address)
    except UnavailableError as error:
        return [
            Finding("migrations", "BAD", f"{error.detail}. Nothing else was looked at.")
        ]
    async with at_one_moment(database) as connection:
        read = await books(connection, now, now - LATE, NAMED)
    versions = await of_versions(database, desks)
    async with database.read() as connection:
        return [
            Finding("migrations", "ok", f"The tables are this version's, {revision}."),
            *balance(read, now, delivering=delivering),
            versions,
            await of_vectors(connection, desks),
            await of_the_audit_log(connection),
            await of_leftovers(connection),
        ]


async def of_versions(database: Database, desks: Collection[str]) -> Finding:
    """Whether every run that waits or is under way can go on in this version."""
    async with database.read() as connection:
        count = len(await runs.begun(connection))
    lost = list[str]()
    if count:
        strictly()
        # Not above: it takes seconds, and is for nothing where nothing waits.
        from ticketgraph.repair import lost_in

        lost = await lost_in(database, desks)
    counts = {"begun": count, "lost": len(lost)}
    if lost:
        return Finding(
            "versions",
            "BAD",
            f"Cannot go on in this version: {named(lost)}. {ELSEWHERE}",
            counts,
        )
    return Finding(
        "versions",
        "ok",
        f"{count} waiting or under way, none that this version cannot go on with.",
        counts,
    )


async def of_vectors(connection: AsyncConnection, desks: Collection[str]) -> Finding:
    """Tickets that are not found among those that read alike."""
    missing = await fingerprints.count_lacking(connection, MODEL_NAME, desks)
    counts = {"missing": missing}
    if missing:
        return Finding(
            "vectors",
            "BAD",
            f"Tickets without a fingerprint: {missing}. {UNREAD}",
            counts,
        )
    return Finding("vectors", "ok", "Tickets without a fingerprint: 0.", counts)


async def of_the_audit_log(connection: AsyncConnection) -> Finding:
    """Whether the chain is whole, and its head."""
    found = await verify(connection)
    counts = {"records": found.records}
    if found.fault:
        words = (
            f"Record {found.fault.sequence}: {found.fault.kind}, {found.fault.evidence}. "
            f"{TAMPERED}"
        )
        return Finding("audit", "BAD", words, counts)
    return Finding("audit", "ok", f"{found.records} records, head {found.head}", counts)


async def of_leftovers(connection: AsyncConnection) -> Finding:
    """Checkpoints that no run is the owner of."""
    count = await threads_of_no_run(connection)
    counts = {"threads": count}
    if count:
        return Finding(
            "leftovers",
            "note",
            f"Checkpoints without a run: those of {count} threads. {FORGOTTEN}",
            counts,
        )
    return Finding("leftovers", "ok", "Checkpoints without a run: none.", counts)
