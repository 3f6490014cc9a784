"""Statements on the table of fingerprints."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from sqlalchemy import RowMapping, Select, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.locks import take_advisory_lock
from storage.database.upsert import build_for_dialects
from storage.tables import fingerprints, tickets
from storage.vectors.port import MAX_EARLIER, EarlierTicket, Vector

UNREAD_STATUS = "received"
"""Tickets with this status get their fingerprint from their run, not from indexing."""

SELECT_OWNER = select(
    tickets.c.desk, tickets.c.customer, tickets.c.solution.is_not(None).label("solved")
).where(tickets.c.id == bindparam("ticket"))
SELECT_FINGERPRINT = select(
    fingerprints.c.place, fingerprints.c.model, fingerprints.c.solved
).where(fingerprints.c.ticket_id == bindparam("ticket"))
UPDATED_COLUMNS = ("model", "desk", "customer", "place", "digest", "solved", "vector")
UPSERT_FINGERPRINT = build_for_dialects(
    lambda insert: (new := insert(fingerprints)).on_conflict_do_update(
        index_elements=["ticket_id"],
        set_={name: new.excluded[name] for name in UPDATED_COLUMNS},
    )
)
SELECT_CUSTOMER_FINGERPRINTS = (
    select(fingerprints, tickets.c.received_at)
    .join(tickets)
    .where(
        fingerprints.c.desk == bindparam("of_desk"),
        fingerprints.c.customer == bindparam("of_customer"),
    )
    .order_by(fingerprints.c.place.desc())
    .limit(MAX_EARLIER)
)
SELECT_EARLIER_FINGERPRINTS = SELECT_CUSTOMER_FINGERPRINTS.where(
    fingerprints.c.place < bindparam("before")
)


async def upsert_fingerprint(
    connection: AsyncConnection, ticket_id: str, model: str, digest: str, vector: Vector
) -> tuple[RowMapping, Sequence[EarlierTicket]] | None:
    """Store a ticket's fingerprint and give the ticket its place among the customer's, once.

    Returns its desk, customer and `solved`, and the customer's earlier tickets, newest
    first; None for a ticket that is not stored.
    """
    owner = (
        (await connection.execute(SELECT_OWNER, {"ticket": ticket_id}))
        .mappings()
        .first()
    )
    if owner is None:
        return None
    if owner["customer"] is not None:
        await take_advisory_lock(
            connection, f"customer:{owner['desk']}:{owner['customer']}"
        )
    known = (
        await connection.execute(SELECT_FINGERPRINT, {"ticket": ticket_id})
    ).first()
    rows = await list_earlier_fingerprints(
        connection, owner, known.place if known else None
    )
    if known is None or (known.model, known.solved) != (model, owner["solved"]):
        place = known.place if known else next_slot(owner, rows)
        row = dict(owner) | {
            "ticket_id": ticket_id,
            "model": model,
            "place": place,
            "digest": digest,
            "vector": vector,
        }
        await connection.execute(UPSERT_FINGERPRINT[connection.dialect.name], row)
    return owner, [compare_fingerprint(row, model, vector) for row in rows]


async def list_earlier_fingerprints(
    connection: AsyncConnection, owner: RowMapping, before: int | None
) -> Sequence[RowMapping]:
    """The customer's fingerprints, newest first: those before a place, or all.

    At most MAX_EARLIER, and none for an anonymous ticket.
    """
    if owner["customer"] is None:
        return []
    whose = {
        "of_desk": owner["desk"],
        "of_customer": owner["customer"],
        "before": before,
    }
    query = (
        SELECT_CUSTOMER_FINGERPRINTS if before is None else SELECT_EARLIER_FINGERPRINTS
    )
    return (await connection.execute(query, whose)).mappings().all()


def next_slot(owner: RowMapping, rows: Sequence[RowMapping]) -> int:
    """The place after the newest fingerprint's; 0 for an anonymous ticket."""
    if owner["customer"] is None:
        return 0
    return rows[0]["place"] + 1 if rows else 1


def compare_fingerprint(row: RowMapping, model: str, vector: Vector) -> EarlierTicket:
    """An earlier ticket with its similarity, which is 0 across models."""
    similarity = (
        float(row["vector"].astype(np.float32) @ vector)
        if row["model"] == model
        else 0.0
    )
    return EarlierTicket(
        row["ticket_id"], row["digest"], row["received_at"], similarity
    )


async def delete_fingerprints(
    connection: AsyncConnection, ticket_ids: Sequence[str]
) -> None:
    """Delete the fingerprints of tickets."""
    await connection.execute(
        delete(fingerprints).where(fingerprints.c.ticket_id.in_(ticket_ids))
    )


async def list_unindexed_tickets(
    connection: AsyncConnection, model: str, desks: Collection[str], limit: int
) -> Sequence[RowMapping]:
    """The newest `limit` tickets without a fingerprint of this model, in ascending age order."""
    query = (
        where_unindexed(select(tickets), model, desks)
        .order_by(tickets.c.received_at.desc(), tickets.c.id)
        .limit(limit)
    )
    return list(reversed((await connection.execute(query)).mappings().all()))


async def count_unindexed_tickets(
    connection: AsyncConnection, model: str, desks: Collection[str]
) -> int:
    """How many of the desks' tickets have no fingerprint of this model."""
    return (
        await connection.scalar(where_unindexed(select(func.count()), model, desks))
        or 0
    )


def where_unindexed(
    query: Select[Any], model: str, desks: Collection[str]
) -> Select[Any]:
    """The query for tickets of the desks without a fingerprint, apart from UNREAD_STATUS."""
    known = (fingerprints.c.ticket_id == tickets.c.id) & (fingerprints.c.model == model)
    belongs = (tickets.c.status != UNREAD_STATUS, tickets.c.desk.in_(desks))
    return query.select_from(tickets.outerjoin(fingerprints, known)).where(
        fingerprints.c.ticket_id.is_(None), *belongs
    )


async def indexed_ticket_ids(
    connection: AsyncConnection, model: str, ticket_ids: Sequence[str]
) -> set[str]:
    """Those of the tickets that have a fingerprint of this model."""
    query = select(fingerprints.c.ticket_id)
    query = query.where(
        fingerprints.c.ticket_id.in_(ticket_ids), fingerprints.c.model == model
    )
    return set(await connection.scalars(query))
