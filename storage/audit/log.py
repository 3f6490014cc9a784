"""The audit log: rows are only added, each chained to the one before (audit/chain.py)."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit.chain import GENESIS_HASH, canonical_json, format_time, hash_record
from storage.database.locks import take_advisory_lock
from storage.tables import audit

PAGE_SIZE = 1000
"""Records read at a time."""

INSERT_RECORD = insert(audit)
SELECT_NEWEST = (
    select(audit.c.sequence, audit.c.hash).order_by(audit.c.sequence.desc()).limit(1)
)


async def append_record(
    connection: AsyncConnection,
    kind: str,
    ticket_id: str,
    run_id: str | None,
    actor: str,
    detail: dict[str, Any],
    at: datetime,
) -> None:
    """Append a record in the transaction of the decision that it records.

    `detail` holds ids, rules and digests, never a ticket's text. An advisory lock keeps
    other writers out until the transaction ends, so append last; the primary key would
    reject a second record of the same number, so the chain cannot fork.
    """
    await take_advisory_lock(connection, "audit")
    newest = (await connection.execute(SELECT_NEWEST)).first()
    sequence, previous = newest or (0, GENESIS_HASH)
    row = {
        "at": format_time(at),
        "kind": kind,
        "ticket_id": ticket_id,
        "run_id": run_id,
        "actor": actor,
    }
    row |= {"detail": canonical_json(detail), "previous_hash": previous}
    await connection.execute(
        INSERT_RECORD, {**row, "sequence": sequence + 1, "hash": hash_record(row)}
    )


async def list_audit_page(
    connection: AsyncConnection,
    after: int | None,
    limit: int = PAGE_SIZE,
    since: datetime | None = None,
) -> Sequence[RowMapping]:
    """Records in order, those after the number `after` and not older than `since`."""
    query = select(audit).order_by(audit.c.sequence).limit(limit)
    if after is not None:
        query = query.where(audit.c.sequence > after)
    if since is not None:
        query = query.where(audit.c.at >= format_time(since))
    return (await connection.execute(query)).mappings().all()


async def iterate_records(
    connection: AsyncConnection, since: datetime | None = None
) -> AsyncIterator[RowMapping]:
    """All records in order, not older than `since`; `detail` is canonical JSON as text."""
    after: int | None = None
    while rows := await list_audit_page(connection, after, since=since):
        for row in rows:
            yield row
        after = rows[-1]["sequence"]
