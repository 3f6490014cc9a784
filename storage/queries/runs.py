"""Runs, their steps and their results."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    RowMapping,
    bindparam,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import NotFoundError
from contracts.step import Step
from storage.database import columns
from storage.database.upsert import build_for_dialects
from storage.tables import runs, steps, tickets

RESUMABLE_STATUSES = ("running",)
"""Statuses of a run that a worker is advancing, or was advancing when it died."""

HAS_RUN_ID = runs.c.id == bindparam("run_id")
INSERT_RUN = insert(runs)
UPDATE_RUN = update(runs).where(HAS_RUN_ID)
SELECT_RUN = select(runs).where(HAS_RUN_ID)
SELECT_EPOCH = select(runs.c.epoch).where(HAS_RUN_ID).with_for_update(read=True)
CLAIM_RUN = (
    update(runs)
    .where(HAS_RUN_ID, runs.c.status.in_(RESUMABLE_STATUSES))
    .values(epoch=runs.c.epoch + 1, begun=runs.c.begun + 1, updated_at=bindparam("at"))
    .returning(runs)
)
NEWEST_RUN_FIRST = (runs.c.created_at.desc(), runs.c.id)
"""The order in which the first of a ticket's runs, forks left out, is its run."""

SELECT_TICKET_RUN = (
    select(runs)
    .where(runs.c.ticket_id == bindparam("ticket"), runs.c.forked_from.is_(None))
    .order_by(*NEWEST_RUN_FIRST)
    .limit(1)
)
SELECT_FORKED_FROM = select(runs.c.forked_from).where(HAS_RUN_ID)
INSERT_STEPS = build_for_dialects(lambda insert: insert(steps).on_conflict_do_nothing())


async def insert_run(
    connection: AsyncConnection,
    run_id: str,
    ticket_id: str,
    flow_version: int,
    options: dict[str, Any],
    at: datetime,
    forked_from: str | None = None,
) -> None:
    """Store a run that is about to start."""
    row = {
        "id": run_id,
        "ticket_id": ticket_id,
        "flow_version": flow_version,
        "status": "running",
        "attempts": 0,
    }
    row |= {
        "options": options,
        "forked_from": forked_from,
        "created_at": at,
        "updated_at": at,
    }
    await connection.execute(INSERT_RUN, row)


async def update_run(
    connection: AsyncConnection, run_id: str, at: datetime, **values: Any
) -> None:
    """Set columns of a run."""
    await connection.execute(
        UPDATE_RUN,
        {"run_id": run_id, "updated_at": at, **columns.check_columns(runs, values)},
    )


async def find_run_row(connection: AsyncConnection, run_id: str) -> RowMapping:
    """One run's row. Raises NotFoundError."""
    found = (
        (await connection.execute(SELECT_RUN, {"run_id": run_id})).mappings().first()
    )
    if found is None:
        raise NotFoundError("There is no run with this id.")
    return found


async def lock_run_epoch(connection: AsyncConnection, run_id: str) -> int | None:
    """A run's epoch, which stays so until the transaction ends; None without such a run."""
    return await connection.scalar(SELECT_EPOCH, {"run_id": run_id})


async def claim_run(
    connection: AsyncConnection, run_id: str, at: datetime
) -> RowMapping | None:
    """Claim a run to advance it: raise its epoch, which fences off every earlier holder.

    Returns its row, or None when it cannot be advanced.
    """
    return (
        (await connection.execute(CLAIM_RUN, {"run_id": run_id, "at": at}))
        .mappings()
        .first()
    )


async def list_unfinished_runs(connection: AsyncConnection) -> Sequence[RowMapping]:
    """Ids and tickets of the runs that have to be advanced, oldest first."""
    query = (
        select(runs.c.id, runs.c.ticket_id)
        .where(runs.c.status.in_(RESUMABLE_STATUSES))
        .order_by(runs.c.created_at)
    )
    return (await connection.execute(query)).mappings().all()


async def list_open_runs(connection: AsyncConnection) -> Sequence[RowMapping]:
    """The running and waiting runs with their desks, oldest first; empty before migration 0001.

    Forks are left out: they have no effects, so nothing is lost with them. Only columns of
    the first migration are read, because this runs before a migration, too.
    """
    if not await connection.run_sync(lambda sync: inspect(sync).has_table(runs.name)):
        return []
    query = select(
        runs.c.id, runs.c.status, runs.c.flow_version, runs.c.updated_at, tickets.c.desk
    )
    query = query.join(tickets, tickets.c.id == runs.c.ticket_id).where(
        runs.c.status.in_(("waiting", *RESUMABLE_STATUSES)),
        runs.c.forked_from.is_(None),
    )
    return (
        (await connection.execute(query.order_by(runs.c.created_at))).mappings().all()
    )


async def find_ticket_run(
    connection: AsyncConnection, ticket_id: str
) -> RowMapping | None:
    """The ticket's newest run that is not a fork."""
    return (
        (await connection.execute(SELECT_TICKET_RUN, {"ticket": ticket_id}))
        .mappings()
        .first()
    )


async def is_forked_run(connection: AsyncConnection, run_id: str) -> bool | None:
    """Whether a run is a fork; None without a run of this id."""
    found = (await connection.execute(SELECT_FORKED_FROM, {"run_id": run_id})).first()
    return None if found is None else found[0] is not None


async def record_steps(
    connection: AsyncConnection, run_id: str, done: Sequence[Step]
) -> None:
    """Record the run's steps so far. Steps already recorded are left as they are."""
    names = (
        "step_name",
        "status",
        "started_at",
        "duration_ms",
        "error",
        "engine",
        "prompt_version",
        "tokens_used",
    )
    rows = [
        {
            "run_id": run_id,
            "position": position,
            **{name: getattr(step, name) for name in names},
            "usage": step.usage.model_dump() if step.usage.calls else None,
            "cost_usd": step.usage.cost_usd,
        }
        for position, step in enumerate(done)
    ]
    if rows:
        await connection.execute(INSERT_STEPS[connection.dialect.name], rows)


async def model_costs_since(
    connection: AsyncConnection, at: datetime
) -> dict[str, float]:
    """The cost of model calls since a time, in USD, by desk."""
    of_desk = steps.join(runs, runs.c.id == steps.c.run_id).join(
        tickets, tickets.c.id == runs.c.ticket_id
    )
    query = (
        select(tickets.c.desk, func.sum(steps.c.cost_usd))
        .select_from(of_desk)
        .group_by(tickets.c.desk)
    )
    # The same text as the partial index has, or SQLite would not use it.
    paid = (
        await connection.execute(
            query.where(text("cost_usd > 0"), steps.c.started_at >= at)
        )
    ).all()
    return {desk: float(total) for desk, total in paid}
