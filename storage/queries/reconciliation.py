"""Whether nothing is lost.

Every ticket that was received belongs to exactly one class, or is named.

Beside it what has to agree with that: the tasks for runs and effects, and the deadlines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import Subquery, case, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.jobs.queue import OpenTask, list_open_tasks
from storage.queries import checkpoints as threads
from storage.queries import outbox
from storage.queries.runs import NEWEST_RUN_FIRST
from storage.tables import approvals, deadlines, runs, tickets

TicketClass = Literal[
    "finished", "parked", "under way", "dead", "only stored", "imported"
]
"""What can have become of a ticket.

`parked` waits for a person, `under way` is in the queue or being worked on.
"""

TICKET_CLASSES: tuple[TicketClass, ...] = (
    "finished",
    "parked",
    "under way",
    "dead",
    "only stored",
    "imported",
)

CLASS_BY_STATUS: Mapping[str | None, Mapping[str, TicketClass]] = {
    None: {"received": "only stored", "closed": "imported"},
    "running": {"received": "under way", "waiting": "under way"},
    "waiting": {"waiting": "parked"},
    "failed": {"failed": "dead"},
    "finished": dict.fromkeys(
        (
            "processed",
            "assigned",
            "awaiting_customer",
            "resolved",
            "duplicate",
            "closed",
        ),
        "finished",
    ),
}
"""By the status of a ticket's run, then by its own. What is not here cannot be."""

UNFINISHED_STATUSES = ("running", "waiting")


class StatusCombination(NamedTuple):
    """A ticket's status and that of its newest run, None without one; forks do not count.

    Also how many of its runs are not finished, and how many of its approvals are pending.
    """

    ticket: str
    run: str | None
    unfinished: int
    pending: int


class OverdueDeadlines(NamedTuple):
    """How many deadlines are not done that should be, and when the first of them was due."""

    deadlines: int
    oldest: datetime | None


@dataclass(frozen=True)
class ReconciliationSnapshot:
    """What has to agree, all of it at one moment.

    `impossible_tickets` names the first tickets of each standing that cannot be; `under_way` are the
    runs that somebody has to go on with, forks too, and when each was touched last;
    `deliverable_keys` are the keys of the effects that are on their way.
    """

    ticket_counts: Mapping[StatusCombination, int]
    impossible_tickets: Mapping[StatusCombination, Sequence[str]]
    unfinished_runs: Mapping[str, datetime]
    tasks: Sequence[OpenTask]
    deliverable_keys: Sequence[str]
    parked_effects: int
    overdue: OverdueDeadlines


async def read_snapshot(
    connection: AsyncConnection, now: datetime, due_by: datetime, named: int
) -> ReconciliationSnapshot:
    """Read them, naming so many tickets of each wrong standing.

    Deadlines that were due by `due_by` are overdue.
    """
    found = await count_by_status(connection)
    wrong = [
        standing
        for standing in sorted(found, key=str)
        if classify_ticket(standing) is None
    ]
    return ReconciliationSnapshot(
        found,
        {
            standing: await list_tickets_with_status(connection, standing, named)
            for standing in wrong
        },
        await list_running_runs(connection),
        await list_open_tasks(connection, now),
        await outbox.list_deliverable_keys(connection),
        await outbox.count_parked_effects(connection),
        await count_overdue(connection, due_by),
    )


def classify_ticket(standing: StatusCombination) -> TicketClass | None:
    """Where a ticket belongs that stands so; None when it cannot stand so."""
    found = CLASS_BY_STATUS.get(standing.run, {}).get(standing.ticket)
    asked = 1 if standing.run == "waiting" else 0
    return found if standing.unfinished <= 1 and standing.pending == asked else None


def describe_contradiction(standing: StatusCombination) -> str:
    """What is wrong with a ticket that cannot stand so."""
    if standing.unfinished > 1:
        return f"the ticket has {standing.unfinished} unfinished runs"
    if standing.run not in CLASS_BY_STATUS:
        return f"the run is {standing.run}, which is no status of a run"
    if standing.ticket not in CLASS_BY_STATUS[standing.run]:
        return f"the ticket is {standing.ticket}, and " + (
            f"its run {standing.run}" if standing.run else "has no run"
        )
    return (
        f"the run is {standing.run or 'missing'}, and its pending approvals are "
        f"{standing.pending}"
    )


async def count_by_status(
    connection: AsyncConnection,
) -> Mapping[StatusCombination, int]:
    """How many tickets stand in each way."""
    found = select_status_combinations()
    columns = [found.c[name] for name in StatusCombination._fields]
    rows = await connection.execute(select(*columns, func.count()).group_by(*columns))
    return {StatusCombination(*standing): count for *standing, count in rows}


async def list_tickets_with_status(
    connection: AsyncConnection, standing: StatusCombination, limit: int
) -> Sequence[str]:
    """The ids of tickets that stand so, the oldest first."""
    found = select_status_combinations()
    same = [
        found.c[name].is_not_distinct_from(value)
        for name, value in zip(StatusCombination._fields, standing, strict=True)
    ]
    query = (
        select(found.c.id)
        .where(*same)
        .order_by(found.c.received_at, found.c.id)
        .limit(limit)
    )
    return (await connection.scalars(query)).all()


def select_status_combinations() -> Subquery:
    """Every ticket with its Standing."""
    ours = runs.c.forked_from.is_(None)
    order = func.row_number().over(
        partition_by=runs.c.ticket_id, order_by=NEWEST_RUN_FIRST
    )
    ranked = (
        select(runs.c.ticket_id, runs.c.status, order.label("place"))
        .where(ours)
        .subquery()
    )
    of_ticket = (
        select(
            ranked.c.ticket_id,
            func.max(case((ranked.c.place == 1, ranked.c.status))).label("run"),
            func.sum(
                case((ranked.c.status.in_(UNFINISHED_STATUSES), 1), else_=0)
            ).label("unfinished"),
        )
        .group_by(ranked.c.ticket_id)
        .subquery()
    )
    asked = (
        select(runs.c.ticket_id, func.count().label("pending"))
        .join_from(approvals, runs)
        .where(ours, approvals.c.status == "pending")
        .group_by(runs.c.ticket_id)
        .subquery()
    )
    return (
        select(
            tickets.c.id,
            tickets.c.received_at,
            tickets.c.status.label("ticket"),
            of_ticket.c.run,
            func.coalesce(of_ticket.c.unfinished, 0).label("unfinished"),
            func.coalesce(asked.c.pending, 0).label("pending"),
        )
        .outerjoin_from(tickets, of_ticket, of_ticket.c.ticket_id == tickets.c.id)
        .outerjoin(asked, asked.c.ticket_id == tickets.c.id)
        .subquery()
    )


async def list_running_runs(connection: AsyncConnection) -> Mapping[str, datetime]:
    """The runs that somebody has to go on with, forks too, and when each was touched last."""
    rows = await connection.execute(
        select(runs.c.id, runs.c.updated_at).where(runs.c.status == "running")
    )
    return {row.id: row.updated_at for row in rows}


async def count_overdue(
    connection: AsyncConnection, before: datetime
) -> OverdueDeadlines:
    """The deadlines that were due by a moment and are not done."""
    query = select(func.count(), func.min(deadlines.c.due_at))
    found = await connection.execute(
        query.where(deadlines.c.done_at.is_(None), deadlines.c.due_at < before)
    )
    return OverdueDeadlines(*found.one())


async def count_orphan_threads(connection: AsyncConnection) -> int:
    """How many threads LangGraph has saved that belong to no run."""
    saved = threads.CHECKPOINTS.table_clause
    if not await connection.run_sync(lambda sync: inspect(sync).has_table(saved.name)):
        return 0
    ours = select(runs.c.id).where(runs.c.id == saved.c.thread_id).exists()
    return (
        await connection.scalar(
            select(func.count(saved.c.thread_id.distinct())).where(~ours)
        )
        or 0
    )
