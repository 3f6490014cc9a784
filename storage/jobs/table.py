"""The statements on the jobs table: whose a task is, for how long, and who may say that it is done.

For SQLite, where a transaction that writes is alone.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.jobs.outcome import PutBack
from storage.jobs.port import LEASE, Task
from storage.tables import jobs


@dataclass(frozen=True)
class Claim:
    """A task that is a worker's while its lease lasts.

    With `fence` it shows that it was not overtaken since.
    """

    id: int
    fence: int
    kind: str
    subject: str
    attempts: int


@dataclass(frozen=True)
class Ended:
    """A claim whose handler has ended: done, or put back."""

    claim: Claim
    put_back: PutBack | None = None


OPEN, EARLIER = jobs.alias("open"), jobs.alias("earlier")

READY = (
    select(OPEN.c.id)
    .where(
        OPEN.c.ready_at <= bindparam("now"),
        OPEN.c.leased_until.is_(None) | (OPEN.c.leased_until <= bindparam("now")),
        OPEN.c.kind.in_(bindparam("kinds", expanding=True)),
        ~exists().where(EARLIER.c.lock == OPEN.c.lock, EARLIER.c.id < OPEN.c.id),
    )
    .order_by(OPEN.c.priority.desc(), OPEN.c.id)
    .limit(bindparam("places"))
)
"""What may be begun. Of a lock only its first row, whoever has it.

An id is greater than all ids that are there.
"""

CLAIM = (
    update(jobs)
    .where(jobs.c.id.in_(READY))
    .values(
        worker=bindparam("by"), leased_until=bindparam("until"), fence=jobs.c.fence + 1
    )
    .returning(
        jobs.c.id,
        jobs.c.fence,
        jobs.c.kind,
        jobs.c.subject,
        jobs.c.attempts,
        jobs.c.priority,
    )
)
MINE = (jobs.c.id == bindparam("row"), jobs.c.fence == bindparam("held"))
FINISH = delete(jobs).where(*MINE)
RETURN = (
    update(jobs)
    .where(*MINE)
    .values(
        ready_at=bindparam("again_at"),
        attempts=bindparam("failures"),
        worker=bindparam("nobody"),
        leased_until=None,
    )
)
RENEW = (
    update(jobs)
    .where(
        jobs.c.worker == bindparam("by"),
        jobs.c.id.in_(bindparam("rows", expanding=True)),
    )
    .values(leased_until=bindparam("until"))
    .returning(jobs.c.id, jobs.c.fence)
)
PUT = insert(jobs)
SOONEST = select(func.min(jobs.c.ready_at)).where(jobs.c.ready_at > bindparam("now"))


async def put(connection: AsyncConnection, task: Task, now: datetime) -> None:
    """Put a task down.

    Its fence begins at random: SQLite gives an id again whose row is gone, and whoever had
    that one may still be there.
    """
    await connection.execute(
        PUT,
        {
            "kind": task.kind,
            "subject": task.subject,
            "lock": task.lock,
            "priority": task.priority,
            "ready_at": max(task.not_before or now, now),
            "fence": secrets.randbits(62),
            "created_at": now,
        },
    )


async def claim(
    connection: AsyncConnection,
    worker: str,
    kinds: Collection[str],
    places: int,
    now: datetime,
) -> list[Claim]:
    """Take so many tasks of these kinds, the most urgent first, then the oldest."""
    values = {
        "by": worker,
        "kinds": list(kinds),
        "places": places,
        "now": now,
        "until": now + LEASE,
    }
    rows = (await connection.execute(CLAIM, values)).all()
    rows = sorted(rows, key=lambda row: (-row.priority, row.id))
    return [
        Claim(row.id, row.fence, row.kind, row.subject, row.attempts) for row in rows
    ]


async def renew(
    connection: AsyncConnection, worker: str, claims: Collection[Claim], now: datetime
) -> set[Claim]:
    """Lengthen the leases of what the worker is doing. Returns what is not its own any more."""
    values = {"by": worker, "rows": [held.id for held in claims], "until": now + LEASE}
    kept = {(row.id, row.fence) for row in await connection.execute(RENEW, values)}
    return {held for held in claims if (held.id, held.fence) not in kept}


async def settle(
    connection: AsyncConnection, ended: Sequence[Ended], now: datetime
) -> None:
    """Remove what is done and free what is put back, each only for the one whose claim is
    the last.
    """
    done = [mine(one.claim) for one in ended if one.put_back is None]
    if done:
        await connection.execute(FINISH, done)
    returned = [
        mine(one.claim)
        | {
            "again_at": now + timedelta(seconds=one.put_back.seconds),
            "failures": one.claim.attempts + one.put_back.counted,
            "nobody": None,
        }
        for one in ended
        if one.put_back is not None
    ]
    if returned:
        await connection.execute(RETURN, returned)


def mine(held: Claim) -> dict[str, int | datetime | None]:
    """The parameters that say whose a row has to be."""
    return {"row": held.id, "held": held.fence}


async def soonest(connection: AsyncConnection, now: datetime) -> datetime | None:
    """When the next task is ready that is not yet; None if there is none."""
    return await connection.scalar(SOONEST, {"now": now})


async def free_others(connection: AsyncConnection, worker: str) -> None:
    """End all leases but the worker's own."""
    await connection.execute(
        update(jobs)
        .where(jobs.c.worker != worker)
        .values(worker=None, leased_until=None)
    )


async def open_subjects(connection: AsyncConnection, kind: str) -> set[str]:
    """The subjects of all tasks of a kind that are not done."""
    return set(
        (
            await connection.scalars(select(jobs.c.subject).where(jobs.c.kind == kind))
        ).all()
    )


async def forget(connection: AsyncConnection, subjects: set[str]) -> None:
    """Remove the tasks of these subjects."""
    await connection.execute(delete(jobs).where(jobs.c.subject.in_(subjects)))
