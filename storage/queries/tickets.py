"""Tickets. One is stored before anything else happens to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    RowMapping,
    Select,
    Subquery,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import NotFoundError
from contracts.result import Run
from contracts.stored_ticket import StoredTicket
from contracts.ticket import Ticket
from storage.database import columns
from storage.queries.runs import NEWEST_RUN_FIRST
from storage.tables import runs, tickets

OPEN_STATUSES = (
    "received",
    "waiting",
    "processed",
    "assigned",
    "awaiting_customer",
    "resolved",
)
"""Statuses in which a repeated message is a duplicate of the ticket.

`resolved` is among them: the message may have crossed with the answer.
"""

ANSWERED_STATUSES = ("resolved",)
"""Statuses in which the customer has an answer, so a repetition may mean it did not help."""

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
    """Store a ticket; `known` sets further columns.

    Raises sqlalchemy.exc.IntegrityError when its id, or its source's id, is taken.
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
    connection: AsyncConnection, ticket_id: str, *, for_update: bool = False
) -> RowMapping:
    """One ticket's row; `for_update` locks it until the transaction ends.

    Raises NotFoundError.
    """
    query = SELECT_TICKET.with_for_update() if for_update else SELECT_TICKET
    found = (await connection.execute(query, {"ticket": ticket_id})).mappings().first()
    if found is None:
        raise NotFoundError("There is no ticket with this id.")
    return found


async def find_ticket_rows(
    connection: AsyncConnection, ticket_ids: Sequence[str]
) -> Mapping[str, RowMapping]:
    """The rows of those of the tickets that exist, by id."""
    found = await connection.execute(SELECT_TICKETS, {"these": list(ticket_ids)})
    return {row["id"]: row for row in found.mappings()}


async def find_source_ticket(
    connection: AsyncConnection, desk: str, source: str, source_id: str
) -> RowMapping | None:
    """The ticket that a source sent under this id of its own; None without one."""
    source_is = {"at": desk, "from": source, "known": source_id}
    return (
        (await connection.execute(SELECT_SOURCE_TICKET, source_is)).mappings().first()
    )


def ticket_from_row(found: RowMapping) -> Ticket:
    """The ticket as it was received."""
    return Ticket(**{name: found[name] for name in Ticket.model_fields})


async def list_tickets_page(
    connection: AsyncConnection,
    filters: Mapping[str, str],
    limit: int,
    offset: int,
    *,
    with_results: bool = False,
) -> tuple[Sequence[RowMapping], int]:
    """A page of tickets, newest first, and how many there are in all, in two statements.

    `filters` maps columns to values. Beside the ticket's columns a row has `run_id` and
    `run_status` of the newest run that is not a fork, null without one, and `run_result`
    where it is asked for: results are large.
    """
    conditions = [tickets.c[name] == value for name, value in filters.items()]
    count = await connection.scalar(
        select(func.count()).select_from(tickets).where(*conditions)
    )
    order = tickets.c.received_at.desc(), tickets.c.id
    page = (
        select(tickets).where(*conditions).order_by(*order).limit(limit).offset(offset)
    )
    rows = await connection.execute(add_newest_runs(page.subquery(), with_results))
    return rows.mappings().all(), count or 0


def add_newest_runs(page: Subquery, with_results: bool) -> Select[Any]:
    """A page of tickets with the columns of list_tickets_page, in the same order.

    The page is cut before runs are looked up, so that a page costs one look-up a ticket
    however many tickets the filters match.
    """
    newest = (
        select(runs.c.id)
        .where(runs.c.ticket_id == page.c.id, runs.c.forked_from.is_(None))
        .order_by(*NEWEST_RUN_FIRST)
        .limit(1)
        .correlate(page)
        .scalar_subquery()
    )
    of_run = [runs.c.id.label("run_id"), runs.c.status.label("run_status")]
    if with_results:
        of_run.append(runs.c.result.label("run_result"))
    return (
        select(page, *of_run)
        .outerjoin_from(page, runs, runs.c.id == newest)
        .order_by(page.c.received_at.desc(), page.c.id)
    )


def stored_ticket_from_row(
    found: RowMapping, run_id: str | None, result: Mapping[str, Any] | None
) -> StoredTicket:
    """The ticket with where it stands, and the result of its newest run as `run`."""
    known = {
        name: found[name]
        for name in StoredTicket.model_fields
        if name not in ("run_id", "run")
    }
    run = Run.model_validate(result) if result else None
    return StoredTicket(**known, run_id=run_id, run=run)
