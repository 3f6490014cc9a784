"""Erasure: finding everything of a customer or a ticket, and deleting it."""

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
    """The tickets of a customer's id or address. Case matters in an id, not in an address."""
    address = customer.strip().casefold()
    query = select(tickets.c.id, tickets.c.customer_id, tickets.c.customer_email).where(
        or_(tickets.c.customer_id.is_not(None), tickets.c.customer_email.is_not(None))
    )
    found: list[str] = []
    # Compared here, because SQLite folds case only in ASCII.
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
    """Those of the tickets that exist."""
    return (
        await connection.scalars(
            select(tickets.c.id).where(tickets.c.id.in_(ticket_ids))
        )
    ).all()


async def hide_tickets(
    connection: AsyncConnection, ticket_ids: Collection[str]
) -> Sequence[RowMapping]:
    """Delete the tickets' fingerprints, and fence all other running runs of their desks.

    Such a run may have found one of the tickets already and hold it in memory. Fenced, it
    is resumed from its last checkpoint, where the erasure looks for traces. Returns the ids
    and tickets of the fenced runs.
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
    """Raise the epoch of these running runs: their workers can write nothing of them any more.

    Returns their ids and tickets. The caller enqueues them again.
    """
    fenced = (
        update(runs)
        .where(which, runs.c.status == "running")
        .values(epoch=runs.c.epoch + 1)
    )
    return (
        (await connection.execute(fenced.returning(runs.c.id, runs.c.ticket_id)))
        .mappings()
        .all()
    )


async def lock_run_result(
    connection: AsyncConnection, run_id: str
) -> RowMapping | None:
    """A run's id, result and status, locked until the transaction ends; None without it."""
    query = (
        select(runs.c.id, runs.c.result, runs.c.status)
        .where(runs.c.id == run_id)
        .with_for_update()
    )
    return (await connection.execute(query)).mappings().first()


async def set_run_result(
    connection: AsyncConnection, run_id: str, result: object
) -> None:
    """Replace a run's result. `updated_at` stays: retention counts from when the run ended."""
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
    """Ids of every run of the tickets, forks too."""
    return (
        await connection.scalars(
            select(runs.c.id).where(runs.c.ticket_id.in_(ticket_ids))
        )
    ).all()


async def list_job_subjects(
    connection: AsyncConnection, ticket_ids: Collection[str], run_ids: Collection[str]
) -> set[str]:
    """Every subject that a job of these tickets can have: tickets, runs, approvals, effects."""
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
    """Delete the tickets and all that belongs to them. Returns the counts.

    Rows are locked in the same order as elsewhere, which avoids deadlocks. Tables that are
    not named here are deleted by ON DELETE CASCADE.
    """
    run_ids = await list_ticket_runs(connection, ticket_ids)
    await connection.execute(
        delete(deadlines).where(deadlines.c.ticket_id.in_(ticket_ids))
    )
    questions = await connection.execute(
        delete(approvals).where(approvals.c.run_id.in_(run_ids))
    )
    await connection.execute(delete(steps).where(steps.c.run_id.in_(run_ids)))
    done = await connection.execute(delete(runs).where(runs.c.id.in_(run_ids)))
    await threads.delete_checkpoints(connection, run_ids)
    sent = await connection.execute(
        delete(outbox).where(outbox.c.ticket_id.in_(ticket_ids))
    )
    duplicates = update(tickets).where(
        tickets.c.duplicate_of.in_(ticket_ids), tickets.c.id.not_in(ticket_ids)
    )
    await connection.execute(duplicates.values(duplicate_of=None))
    gone = await connection.execute(delete(tickets).where(tickets.c.id.in_(ticket_ids)))
    return Erasure(
        tickets=gone.rowcount,
        runs=done.rowcount,
        approvals=questions.rowcount,
        effects=sent.rowcount,
    )


def run_has_id(run_id: str) -> ColumnElement[bool]:
    """The condition for fence_runs that names one run."""
    return runs.c.id == run_id
