"""What tickets read like, as bytes."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import fingerprints, tickets
from storage.upsert import insert_into


async def put(connection: AsyncConnection, ticket_id: str, model: str, vector: bytes) -> None:
    """Keep a ticket's fingerprint, in place of an older one."""
    row = {"ticket_id": ticket_id, "model": model, "vector": vector}
    statement = insert_into(connection, fingerprints).values(row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["ticket_id"], set_=row))


async def newest(connection: AsyncConnection, model: str, limit: int) -> Sequence[RowMapping]:
    """The newest tickets, oldest of them first; `vector` is None for one without a fingerprint of this model."""
    joined = tickets.outerjoin(
        fingerprints, (fingerprints.c.ticket_id == tickets.c.id) & (fingerprints.c.model == model)
    )
    query = select(tickets, fingerprints.c.vector).select_from(joined)
    query = query.order_by(tickets.c.received_at.desc(), tickets.c.id).limit(limit)
    return list(reversed((await connection.execute(query)).mappings().all()))
