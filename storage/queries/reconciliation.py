"""Reconciliation: reads whether tickets, runs, approvals, jobs, effects and deadlines agree.

Every received ticket belongs to exactly one class; the others are in an impossible state
and are named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import Subquery, case, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.jobs.queue import OpenJob, list_open_jobs
from storage.queries import checkpoints as threads
from storage.queries import outbox
from storage.queries.runs import NEWEST_RUN_FIRST
from storage.tables import approvals, deadlines, runs, tickets

TicketClass = Literal[
    "finished", "parked", "under way", "dead", "only stored", "imported"
]
"""The states of a ticket: `parked` waits for a person, `under way` is queued or advancing."""

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
"""By the status of a ticket's run, then by its own. Others are impossible."""

UNFINISHED_STATUSES = ("running", "waiting")
IS_NO_FORK = runs.c.forked_from.is_(None)


class StatusCombination(NamedTuple):
    """A ticket's status and its newest run's (None without one), without forks.

    Also how many of its runs are unfinished and how many of its approvals are pending.
    """

    ticket: str
    run: str | None
    unfinished: int
    pending: int


class OverdueDeadlines(NamedTuple):
    """How many deadlines are overdue, and when the oldest of them was due."""

    deadlines: int
    oldest: datetime | None


@dataclass(frozen=True)
class ReconciliationSnapshot:
    """What has to agree, read in one transaction.

    `impossible_tickets` names the oldest tickets of each impossible combination;
    `unfinished_runs` are the runs to be advanced, forks too, and when each was last
    updated; `deliverable_keys` are the effects that are to be sent or are being sent.
    """

    ticket_counts: Mapping[StatusCombination, int]
    impossible_tickets: Mapping[StatusCombination, Sequence[str]]
    unfinished_runs: Mapping[str, datetime]
    tasks: Sequence[OpenJob]
    deliverable_keys: Sequence[str]
    parked_effects: int
    overdue: OverdueDeadlines


async def read_snapshot(
    connection: AsyncConnection, now: datetime, due_by: datetime, limit: int
) -> ReconciliationSnapshot:
    """Read a snapshot, with at most `limit` tickets of each impossible combination.

    Deadlines that were due before `due_by` and are not done count as overdue.
    """
    found = await count_by_status(connection)
    wrong = [
        combination
        for combination in sorted(found, key=str)
        if classify_ticket(combination) is None
    ]
    return ReconciliationSnapshot(
        found,
        {
            combination: await list_tickets_with_status(connection, combination, limit)
            for combination in wrong
        },
        await list_running_runs(connection),
        await list_open_jobs(connection, now),
        await outbox.list_deliverable_keys(connection),
        await outbox.count_parked_effects(connection),
        await count_overdue(connection, due_by),
    )


def classify_ticket(combination: StatusCombination) -> TicketClass | None:
    """The class of tickets with this combination; None for an impossible one."""
    found = CLASS_BY_STATUS.get(combination.run, {}).get(combination.ticket)
    asked = 1 if combination.run == "waiting" else 0
    return (
        found if combination.unfinished <= 1 and combination.pending == asked else None
    )


def describe_contradiction(combination: StatusCombination) -> str:
    """What is impossible about a combination that has no class."""
    if combination.unfinished > 1:
        return f"the ticket has {combination.unfinished} unfinished runs"
    if combination.run not in CLASS_BY_STATUS:
        return f"the run is {combination.run}, which is no status of a run"
    if combination.ticket not in CLASS_BY_STATUS[combination.run]:
        return f"the ticket is {combination.ticket}, and " + (
            f"its run {combination.run}" if combination.run else "has no run"
        )
    return (
        f"the run is {combination.run or 'missing'}, and its pending approvals are "
        f"{combination.pending}"
    )


async def count_by_status(
    connection: AsyncConnection,
) -> Mapping[StatusCombination, int]:
    """The number of tickets of each combination."""
    found = select_status_combinations()
    columns = [found.c[name] for name in StatusCombination._fields]
    rows = await connection.execute(select(*columns, func.count()).group_by(*columns))
    return {StatusCombination(*combination): count for *combination, count in rows}


async def list_tickets_with_status(
    connection: AsyncConnection, combination: StatusCombination, limit: int
) -> Sequence[str]:
    """Ids of tickets with this combination, the oldest first."""
    found = select_status_combinations()
    same = [
        found.c[name].is_not_distinct_from(value)
        for name, value in zip(StatusCombination._fields, combination, strict=True)
    ]
    query = (
        select(found.c.id)
        .where(*same)
        .order_by(found.c.received_at, found.c.id)
        .limit(limit)
    )
    return (await connection.scalars(query)).all()


def select_status_combinations() -> Subquery:
    """Every ticket with its id, received_at and StatusCombination."""
    of_runs, questions = select_run_statuses(), select_pending_approvals()
    return (
        select(
            tickets.c.id,
            tickets.c.received_at,
            tickets.c.status.label("ticket"),
            of_runs.c.run,
            func.coalesce(of_runs.c.unfinished, 0).label("unfinished"),
            func.coalesce(questions.c.pending, 0).label("pending"),
        )
        .outerjoin_from(tickets, of_runs, of_runs.c.ticket_id == tickets.c.id)
        .outerjoin(questions, questions.c.ticket_id == tickets.c.id)
        .subquery()
    )


def select_run_statuses() -> Subquery:
    """By ticket: its newest run's status and its number of unfinished runs, without forks."""
    order = func.row_number().over(
        partition_by=runs.c.ticket_id, order_by=NEWEST_RUN_FIRST
    )
    ranked = (
        select(runs.c.ticket_id, runs.c.status, order.label("place"))
        .where(IS_NO_FORK)
        .subquery()
    )
    is_unfinished = ranked.c.status.in_(UNFINISHED_STATUSES)
    return (
        select(
            ranked.c.ticket_id,
            func.max(case((ranked.c.place == 1, ranked.c.status))).label("run"),
            func.sum(case((is_unfinished, 1), else_=0)).label("unfinished"),
        )
        .group_by(ranked.c.ticket_id)
        .subquery()
    )


def select_pending_approvals() -> Subquery:
    """By ticket: how many approvals of its runs are pending, without forks."""
    return (
        select(runs.c.ticket_id, func.count().label("pending"))
        .join_from(approvals, runs)
        .where(IS_NO_FORK, approvals.c.status == "pending")
        .group_by(runs.c.ticket_id)
        .subquery()
    )


async def list_running_runs(connection: AsyncConnection) -> Mapping[str, datetime]:
    """The runs to be advanced, forks too, and when each was last updated."""
    rows = await connection.execute(
        select(runs.c.id, runs.c.updated_at).where(runs.c.status == "running")
    )
    return {row.id: row.updated_at for row in rows}


async def count_overdue(
    connection: AsyncConnection, before: datetime
) -> OverdueDeadlines:
    """The deadlines that were due before a time and are not done."""
    query = select(func.count(), func.min(deadlines.c.due_at))
    found = await connection.execute(
        query.where(deadlines.c.done_at.is_(None), deadlines.c.due_at < before)
    )
    return OverdueDeadlines(*found.one())


async def count_orphan_threads(connection: AsyncConnection) -> int:
    """How many of LangGraph's threads belong to no run."""
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
