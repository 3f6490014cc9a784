"""Finding everything of a customer, and deleting it."""

from collections.abc import Collection, Sequence

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Text,
    cast,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.retention import Erasure
from storage.queries import checkpoints as threads
from storage.tables import (
    approvals,
    deadlines,
    fingerprints,
    outbox,
    runs,
    steps,
    tickets,
)


async def find_customer_tickets(
    connection: AsyncConnection, customer: str
) -> Sequence[str]:
    """The tickets of a customer's id or address. An address is the same in capitals.

    An id is not.
    """
    address = customer.strip().casefold()
    query = select(tickets.c.id, tickets.c.customer_id, tickets.c.customer_email).where(
        or_(tickets.c.customer_id.is_not(None), tickets.c.customer_email.is_not(None))
    )
    found: list[str] = []
    # Compared here: SQLite knows capitals only of ASCII.
    async with connection.stream(query) as rows:
        async for ticket_id, customer_id, email in rows:
            if (
                customer.strip() == (customer_id or "").strip()
                or address == (email or "").strip().casefold()
            ):
                found.append(ticket_id)
    return found


async def existing_ticket_ids(
    connection: AsyncConnection, ticket_ids: Collection[str]
) -> Sequence[str]:
    """Those of the tickets that there are."""
    return (
        await connection.scalars(
            select(tickets.c.id).where(tickets.c.id.in_(ticket_ids))
        )
    ).all()


async def hide_tickets(
    connection: AsyncConnection, ticket_ids: Collection[str]
) -> Sequence[RowMapping]:
    """Let nobody find the tickets any more, and take away the other runs of their desks
    that are under way.

    Those may have found one just now and have it in memory: they have to begin again from
    what is saved of them. Returns their ids and tickets.
    """
    await connection.execute(
        delete(fingerprints).where(fingerprints.c.ticket_id.in_(ticket_ids))
    )
    desks = select(tickets.c.desk).where(tickets.c.id.in_(ticket_ids))
    others = select(tickets.c.id).where(
        tickets.c.desk.in_(desks), tickets.c.id.not_in(ticket_ids)
    )
    return await fence_runs(connection, runs.c.ticket_id.in_(others))


async def fence_runs(
    connection: AsyncConnection, which: ColumnElement[bool]
) -> Sequence[RowMapping]:
    """From whoever goes on with these runs; somebody else has to.

    Returns the ids and tickets of those under way.
    """
    taken = (
        update(runs)
        .where(which, runs.c.status == "running")
        .values(epoch=runs.c.epoch + 1)
    )
    return (
        (await connection.execute(taken.returning(runs.c.id, runs.c.ticket_id)))
        .mappings()
        .all()
    )


async def lock_run_result(
    connection: AsyncConnection, run_id: str
) -> RowMapping | None:
    """A run's result and status, which stay so until the transaction ends.

    None for one that is gone.
    """
    query = (
        select(runs.c.id, runs.c.result, runs.c.status)
        .where(runs.c.id == run_id)
        .with_for_update()
    )
    return (await connection.execute(query)).mappings().first()


async def set_run_result(
    connection: AsyncConnection, run_id: str, result: object
) -> None:
    """Replace what a run came to. That is no news of the run: its times stay."""
    await connection.execute(
        update(runs).where(runs.c.id == run_id).values(result=result)
    )


async def find_results_naming(
    connection: AsyncConnection, ticket_ids: Collection[str]
) -> set[str]:
    """The runs whose results name one of the tickets."""
    pattern = threads.words_pattern(ticket_ids)
    query = select(runs.c.id, cast(runs.c.result, Text)).where(
        runs.c.result.is_not(None)
    )
    async with connection.stream(query) as rows:
        return {
            run_id async for run_id, result in rows if pattern.search(result.encode())
        }


async def list_ticket_runs(
    connection: AsyncConnection, ticket_ids: Collection[str]
) -> Sequence[str]:
    """Every run of the tickets, forks too."""
    return (
        await connection.scalars(
            select(runs.c.id).where(runs.c.ticket_id.in_(ticket_ids))
        )
    ).all()


async def list_task_subjects(
    connection: AsyncConnection, ticket_ids: Collection[str], run_ids: Collection[str]
) -> set[str]:
    """What tasks of these tickets are about: tickets, runs, approvals and effects."""
    asked = await connection.scalars(
        select(approvals.c.id).where(approvals.c.run_id.in_(run_ids))
    )
    keys = await connection.scalars(
        select(outbox.c.key).where(outbox.c.ticket_id.in_(ticket_ids))
    )
    return {*ticket_ids, *run_ids, *asked.all(), *keys.all()}


async def delete_tickets(
    connection: AsyncConnection, ticket_ids: Collection[str]
) -> Erasure:
    """Delete the tickets and all that belongs to them. Returns how much that was.

    The order is that in which others lock rows, so that none waits for the other for ever.
    What is not named here goes with its ticket or its run.
    """
    run_ids = await list_ticket_runs(connection, ticket_ids)
    await connection.execute(
        delete(deadlines).where(deadlines.c.ticket_id.in_(ticket_ids))
    )
    asked = await connection.execute(
        delete(approvals).where(approvals.c.run_id.in_(run_ids))
    )
    await connection.execute(delete(steps).where(steps.c.run_id.in_(run_ids)))
    done = await connection.execute(delete(runs).where(runs.c.id.in_(run_ids)))
    await threads.delete_checkpoints(connection, run_ids)
    sent = await connection.execute(
        delete(outbox).where(outbox.c.ticket_id.in_(ticket_ids))
    )
    joining = update(tickets).where(
        tickets.c.duplicate_of.in_(ticket_ids), tickets.c.id.not_in(ticket_ids)
    )
    await connection.execute(joining.values(duplicate_of=None))
    gone = await connection.execute(delete(tickets).where(tickets.c.id.in_(ticket_ids)))
    return Erasure(
        tickets=gone.rowcount,
        runs=done.rowcount,
        approvals=asked.rowcount,
        effects=sent.rowcount,
    )


def run_has_id(run_id: str) -> ColumnElement[bool]:
    """One run."""
    return runs.c.id == run_id
