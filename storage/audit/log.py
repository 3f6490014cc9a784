"""The audit log.

Rows are only ever added, each chained to the one before it (storage/audit/chain.py).
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit.chain import GENESIS, canonical, hash_of, moment
from storage.database.locks import one_at_a_time
from storage.tables import audit

PAGE = 1000
"""Records read at a time."""

ADD = insert(audit)
NEWEST = (
    select(audit.c.sequence, audit.c.hash).order_by(audit.c.sequence.desc()).limit(1)
)


async def record(
    connection: AsyncConnection,
    kind: str,
    ticket_id: str,
    run_id: str | None,
    actor: str,
    detail: dict[str, Any],
    at: datetime,
) -> None:
    """Add what was decided, in the transaction that it was decided in.

    Ids, rules and digests, never a ticket's text.

    Nobody else gets between reading the newest record and adding the next, until the
    transaction ends: record last. If somebody did, a second record with the same number
    would fail at the primary key: the chain cannot fork.
    """
    await one_at_a_time(connection, "audit")
    newest = (await connection.execute(NEWEST)).first()
    sequence, previous = newest or (0, GENESIS)
    row = {
        "at": moment(at),
        "kind": kind,
        "ticket_id": ticket_id,
        "run_id": run_id,
        "actor": actor,
    }
    row |= {"detail": canonical(detail), "previous_hash": previous}
    await connection.execute(
        ADD, {**row, "sequence": sequence + 1, "hash": hash_of(row)}
    )


async def page(
    connection: AsyncConnection,
    after: int | None,
    limit: int = PAGE,
    since: datetime | None = None,
) -> Sequence[RowMapping]:
    """Records in their order, from the one after the number `after`, not older than `since`."""
    query = select(audit).order_by(audit.c.sequence).limit(limit)
    if after is not None:
        query = query.where(audit.c.sequence > after)
    if since is not None:
        query = query.where(audit.c.at >= moment(since))
    return (await connection.execute(query)).mappings().all()


async def records(
    connection: AsyncConnection, since: datetime | None = None
) -> AsyncIterator[RowMapping]:
    """Every record in its order, not older than `since`; `detail` is canonical JSON as text."""
    after: int | None = None
    while rows := await page(connection, after, since=since):
        for row in rows:
            yield row
        after = rows[-1]["sequence"]
