"""The outbox: effects on their way out, each at most once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.effect import Effect
from storage.tables import outbox
from storage.upsert import insert_into


async def put(
    connection: AsyncConnection, ticket_id: str, run_id: str, effects: Sequence[Effect], at: datetime
) -> None:
    """Record effects. One whose key is known already is not recorded again."""
    rows = [
        {"ticket_id": ticket_id, "run_id": run_id, "status": "queued", "created_at": at, **effect.model_dump()}
        for effect in effects
    ]
    if rows:
        await connection.execute(insert_into(connection, outbox).on_conflict_do_nothing(index_elements=["key"]), rows)


async def of_ticket(connection: AsyncConnection, ticket_id: str) -> Sequence[RowMapping]:
    """A ticket's effects in the order they were recorded."""
    query = select(outbox).where(outbox.c.ticket_id == ticket_id).order_by(outbox.c.id)
    return (await connection.execute(query)).mappings().all()
