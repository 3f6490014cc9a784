"""Tickets: stored before anything is done with them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import NotFoundError
from contracts.result import Run
from contracts.stored_ticket import StoredTicket
from contracts.ticket import Ticket
from storage.database import columns
from storage.tables import tickets

OPEN_STATUSES = (
    "received",
    "waiting",
    "processed",
    "assigned",
    "awaiting_customer",
    "resolved",
)
"""The states in which a repeated message still belongs to the ticket.

An answer may cross with it.
"""

ANSWERED_STATUSES = ("resolved",)
"""The states in which the customer has had an answer.

Repeating the message may mean that it did not help.
"""

HAS_TICKET_ID = tickets.c.id == bindparam("ticket")
INSERT_TICKET = insert(tickets)
UPDATE_TICKET = update(tickets).where(HAS_TICKET_ID)
SELECT_TICKET = select(tickets).where(HAS_TICKET_ID)
SELECT_TICKETS = select(tickets).where(
    tickets.c.id.in_(bindparam("these", expanding=True))
)
SELECT_SOURCE_TICKET = select(tickets).where(
    tickets.c.desk == bindparam("at"),
    tickets.c.source == bindparam("from"),
    tickets.c.source_id == bindparam("known"),
)


async def insert_ticket(
    connection: AsyncConnection, ticket: Ticket, status: str = "received", **known: Any
) -> None:
    """Store a ticket.

    Raises sqlalchemy.exc.IntegrityError when its id, or its source's, is taken.
    """
    row = ticket.model_dump(exclude={"metadata"})
    row |= {"metadata": ticket.metadata, "customer": ticket.customer, "status": status}
    await connection.execute(
        INSERT_TICKET, row | {"updated_at": ticket.received_at} | known
    )


async def update_ticket(
    connection: AsyncConnection, ticket_id: str, at: datetime, **values: Any
) -> None:
    """Set columns of a ticket."""
    await connection.execute(
        UPDATE_TICKET,
        {
            "ticket": ticket_id,
            "updated_at": at,
            **columns.check_columns(tickets, values),
        },
    )


async def find_ticket_row(
    connection: AsyncConnection, ticket_id: str, *, alone: bool = False
) -> RowMapping:
    """One ticket's row, which nobody else may have `alone` until the transaction ends.

    Raises NotFoundError.
    """
    query = SELECT_TICKET.with_for_update() if alone else SELECT_TICKET
    found = (await connection.execute(query, {"ticket": ticket_id})).mappings().first()
    if found is None:
        raise NotFoundError("There is no ticket with this id.")
    return found


async def find_ticket_rows(
    connection: AsyncConnection, ticket_ids: Sequence[str]
) -> Mapping[str, RowMapping]:
    """The rows of those of the tickets that there are, by id."""
    found = await connection.execute(SELECT_TICKETS, {"these": list(ticket_ids)})
    return {row["id"]: row for row in found.mappings()}


async def find_source_ticket(
    connection: AsyncConnection, desk: str, source: str, source_id: str
) -> RowMapping | None:
    """The ticket that a source knows by this id; None when it has sent none."""
    source_is = {"at": desk, "from": source, "known": source_id}
    return (
        (await connection.execute(SELECT_SOURCE_TICKET, source_is)).mappings().first()
    )


def ticket_from_row(found: RowMapping) -> Ticket:
    """The ticket as it was received."""
    return Ticket(**{name: found[name] for name in Ticket.model_fields})


async def list_tickets_page(
    connection: AsyncConnection, filters: dict[str, str], limit: int, offset: int
) -> tuple[Sequence[RowMapping], int]:
    """A page of tickets, newest first, and how many there are in all.

    `filters` maps columns to values.
    """
    conditions = [tickets.c[name] == value for name, value in filters.items()]
    count = await connection.scalar(
        select(func.count()).select_from(tickets).where(*conditions)
    )
    query = (
        select(tickets)
        .where(*conditions)
        .order_by(tickets.c.received_at.desc(), tickets.c.id)
    )
    rows = (
        (await connection.execute(query.limit(limit).offset(offset))).mappings().all()
    )
    return rows, count or 0


def stored_ticket_from_row(
    found: RowMapping, run: RowMapping | None = None
) -> StoredTicket:
    """The ticket with where it stands; `run` is the row of its newest run."""
    known = {
        name: found[name]
        for name in StoredTicket.model_fields
        if name not in ("run_id", "run")
    }
    return StoredTicket(
        **known,
        run_id=run["id"] if run else None,
        run=Run.model_validate(run["result"]) if run and run["result"] else None,
    )


async def check_readable(connection: AsyncConnection) -> None:
    """Raise sqlalchemy.exc.SQLAlchemyError when no ticket can be read."""
    await connection.execute(select(tickets.c.id).limit(1))
