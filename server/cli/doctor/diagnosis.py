"""The checks of `ticketgraph doctor` on a database.

They only read, and may run beside the processes that use the database.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import UnavailableError
from engines.embedding.embedder import MODEL_NAME
from server.cli.doctor.finding import MAX_NAMED_IDS, Finding, list_ids
from server.cli.doctor.reconciliation import reconcile_snapshot
from server.cli.terminal.open_app import set_strict_serialization
from storage.audit.verification import verify_chain
from storage.database.address import PostgresAddress, SqliteAddress
from storage.database.database import Database
from storage.database.read_only import open_read_only, open_snapshot
from storage.database.unavailable import UNAVAILABLE_ERRORS
from storage.migrations.migrate import require_current_tables
from storage.queries import runs
from storage.queries.reconciliation import count_orphan_threads, read_snapshot
from storage.vectors import fingerprints

OVERDUE_GRACE = timedelta(minutes=1)
"""A deadline runs within a second of its time, or a minute later when that failed."""

UNINDEXED_HINT = "They are not found as similar tickets: ticketgraph doctor --repair."
TAMPERED_HINT = "docs/reliability.md, Who decided what."
ORPHANS_HINT = "They are deleted a day later, or another program saved them."
OTHER_VERSION_HINT = (
    "Start the version that was here before and decide there what waits: "
    "docs/reliability.md, Deploying."
)


async def diagnose_database(
    address: PostgresAddress | SqliteAddress,
    desks: Collection[str],
    now: datetime,
    *,
    delivering: bool,
) -> list[Finding]:
    """All findings about a database. `delivering` says that a connector is configured."""
    try:
        async with open_read_only(address) as database:
            return await check_open_database(
                address, database, desks, now, delivering=delivering
            )
    except UnavailableError as error:
        return [Finding("database", "BAD", error.detail)]
    except UNAVAILABLE_ERRORS as error:
        return [
            Finding(
                "database",
                "BAD",
                f"It does not answer any more: {type(error).__name__}.",
            )
        ]


async def check_open_database(
    address: PostgresAddress | SqliteAddress,
    database: Database,
    desks: Collection[str],
    now: datetime,
    *,
    delivering: bool,
) -> list[Finding]:
    """The same for an open one. With the tables of another version, nothing else is checked."""
    async with database.open_read() as connection:
        await connection.execute(text("SELECT 1"))
    try:
        revision = await require_current_tables(address)
    except UnavailableError as error:
        return [
            Finding("migrations", "BAD", f"{error.detail}. Nothing else was checked.")
        ]
    async with open_snapshot(database) as connection:
        read = await read_snapshot(connection, now, now - OVERDUE_GRACE, MAX_NAMED_IDS)
    versions = await check_flow_versions(database, desks)
    async with database.open_read() as connection:
        return [
            Finding("migrations", "ok", f"The tables are this version's, {revision}."),
            *reconcile_snapshot(read, now, delivering=delivering),
            versions,
            await check_vectors(connection, desks),
            await check_audit_log(connection),
            await check_orphan_checkpoints(connection),
        ]


async def check_flow_versions(database: Database, desks: Collection[str]) -> Finding:
    """Whether this version can resume every open run."""
    async with database.open_read() as connection:
        count = len(await runs.list_open_runs(connection))
    lost = list[str]()
    if count:
        set_strict_serialization()
        # Not above: the import takes seconds, and is only needed for open runs.
        from ticketgraph.repair import find_lost_runs

        lost = await find_lost_runs(database, desks)
    counts = {"begun": count, "lost": len(lost)}
    if lost:
        return Finding(
            "versions",
            "BAD",
            f"This version cannot resume: {list_ids(lost)}. {OTHER_VERSION_HINT}",
            counts,
        )
    return Finding(
        "versions",
        "ok",
        f"{count} waiting or running, none that this version cannot resume.",
        counts,
    )


async def check_vectors(connection: AsyncConnection, desks: Collection[str]) -> Finding:
    """Tickets that the search for similar tickets does not find."""
    missing = await fingerprints.count_unindexed_tickets(connection, MODEL_NAME, desks)
    counts = {"missing": missing}
    if missing:
        return Finding(
            "vectors",
            "BAD",
            f"Tickets without a fingerprint: {missing}. {UNINDEXED_HINT}",
            counts,
        )
    return Finding("vectors", "ok", "Tickets without a fingerprint: 0.", counts)


async def check_audit_log(connection: AsyncConnection) -> Finding:
    """Whether the hash chain of the audit log is unbroken, and its head."""
    found = await verify_chain(connection)
    counts = {"records": found.records}
    if found.fault:
        words = (
            f"Record {found.fault.sequence}: {found.fault.kind}, {found.fault.details}. "
            f"{TAMPERED_HINT}"
        )
        return Finding("audit", "BAD", words, counts)
    return Finding("audit", "ok", f"{found.records} records, head {found.head}", counts)


async def check_orphan_checkpoints(connection: AsyncConnection) -> Finding:
    """Checkpoints that belong to no run."""
    count = await count_orphan_threads(connection)
    counts = {"threads": count}
    if count:
        return Finding(
            "leftovers",
            "note",
            f"Checkpoints without a run: those of {count} threads. {ORPHANS_HINT}",
            counts,
        )
    return Finding("leftovers", "ok", "Checkpoints without a run: none.", counts)
