"""Idempotency keys: which ticket and run a request with this key made before."""

from datetime import datetime

from sqlalchemy import RowMapping, bindparam, delete, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import idempotency

PRUNE_LIMIT = 100
"""Old keys that one intake deletes at most; it adds one, so old keys do not pile up."""

INSERT_KEY = insert(idempotency)
SELECT_KEY = select(idempotency).where(
    idempotency.c.scope == bindparam("in"), idempotency.c.key == bindparam("this")
)
SELECT_OLDEST_KEYS = (
    select(idempotency.c.scope, idempotency.c.key)
    .where(idempotency.c.created_at < bindparam("before"))
    .order_by(idempotency.c.created_at)
    .limit(PRUNE_LIMIT)
)
DELETE_OLDEST_KEYS = delete(idempotency).where(
    tuple_(idempotency.c.scope, idempotency.c.key).in_(SELECT_OLDEST_KEYS)
)


async def find_key(
    connection: AsyncConnection, scope: str, key: str
) -> RowMapping | None:
    """The row of a key, which may have expired; None for a new key."""
    return (
        (await connection.execute(SELECT_KEY, {"in": scope, "this": key}))
        .mappings()
        .first()
    )


async def insert_key(
    connection: AsyncConnection,
    scope: str,
    key: str,
    digest: str,
    ticket_id: str,
    run_id: str | None,
    at: datetime,
) -> None:
    """Store the key of a request.

    Raises sqlalchemy.exc.IntegrityError when the key is stored already.
    """
    row = {
        "scope": scope,
        "key": key,
        "digest": digest,
        "ticket_id": ticket_id,
        "run_id": run_id,
        "created_at": at,
    }
    await connection.execute(INSERT_KEY, row)


async def delete_key(
    connection: AsyncConnection, scope: str, key: str, before: datetime
) -> None:
    """Delete a key first used before a time.

    A newer row is left alone: another process has used the expired key again meanwhile.
    """
    this = (idempotency.c.scope == scope) & (idempotency.c.key == key)
    await connection.execute(
        delete(idempotency).where(this, idempotency.c.created_at < before)
    )


async def prune_keys(connection: AsyncConnection, before: datetime) -> None:
    """Delete the PRUNE_LIMIT oldest keys that were first used before a time."""
    await connection.execute(DELETE_OLDEST_KEYS, {"before": before})
