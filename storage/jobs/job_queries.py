"""The statements on the jobs table: whose a task is, for how long, and who may say that it is done.

For SQLite, where a transaction that writes is alone.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.jobs.port import LEASE, Job
from storage.jobs.retry import Retry
from storage.tables import jobs


@dataclass(frozen=True)
class JobClaim:
    """A task that is a worker's while its lease lasts.

    With `fence` it shows that it was not overtaken since.
    """

    id: int
    fence: int
    kind: str
    subject: str
    attempts: int


@dataclass(frozen=True)
class EndedClaim:
    """A claim whose handler has ended: done, or put back."""

    claim: JobClaim
    retry: Retry | None = None


OPEN, EARLIER = jobs.alias("open"), jobs.alias("earlier")

SELECT_READY = (
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

CLAIM_JOBS = (
    update(jobs)
    .where(jobs.c.id.in_(SELECT_READY))
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
HELD_BY_CLAIM = (jobs.c.id == bindparam("row"), jobs.c.fence == bindparam("held"))
DELETE_JOB = delete(jobs).where(*HELD_BY_CLAIM)
RELEASE_JOB = (
    update(jobs)
    .where(*HELD_BY_CLAIM)
    .values(
        ready_at=bindparam("again_at"),
        attempts=bindparam("failures"),
        worker=bindparam("nobody"),
        leased_until=None,
    )
)
RENEW_LEASES = (
    update(jobs)
    .where(
        jobs.c.worker == bindparam("by"),
        jobs.c.id.in_(bindparam("rows", expanding=True)),
    )
    .values(leased_until=bindparam("until"))
    .returning(jobs.c.id, jobs.c.fence)
)
INSERT_JOB = insert(jobs)
SELECT_NEXT_READY = select(func.min(jobs.c.ready_at)).where(
    jobs.c.ready_at > bindparam("now")
)


async def insert_job(connection: AsyncConnection, job: Job, now: datetime) -> None:
    """Put a task down.

    Its fence begins at random: SQLite gives an id again whose row is gone, and whoever had
    that one may still be there.
    """
    await connection.execute(
        INSERT_JOB,
        {
            "kind": job.kind,
            "subject": job.subject,
            "lock": job.lock,
            "priority": job.priority,
            "ready_at": max(job.not_before or now, now),
            "fence": secrets.randbits(62),
            "created_at": now,
        },
    )


async def claim_jobs(
    connection: AsyncConnection,
    worker: str,
    kinds: Collection[str],
    places: int,
    now: datetime,
) -> list[JobClaim]:
    """Take so many tasks of these kinds, the most urgent first, then the oldest."""
    values = {
        "by": worker,
        "kinds": list(kinds),
        "places": places,
        "now": now,
        "until": now + LEASE,
    }
    rows = (await connection.execute(CLAIM_JOBS, values)).all()
    rows = sorted(rows, key=lambda row: (-row.priority, row.id))
    return [
        JobClaim(row.id, row.fence, row.kind, row.subject, row.attempts) for row in rows
    ]


async def renew_leases(
    connection: AsyncConnection,
    worker: str,
    claims: Collection[JobClaim],
    now: datetime,
) -> set[JobClaim]:
    """Lengthen the leases of what the worker is doing. Returns what is not its own any more."""
    values = {"by": worker, "rows": [held.id for held in claims], "until": now + LEASE}
    kept = {
        (row.id, row.fence) for row in await connection.execute(RENEW_LEASES, values)
    }
    return {held for held in claims if (held.id, held.fence) not in kept}


async def settle_claims(
    connection: AsyncConnection, ended: Sequence[EndedClaim], now: datetime
) -> None:
    """Remove what is done and free what is put back, each only for the one whose claim is
    the last.
    """
    done = [claim_parameters(one.claim) for one in ended if one.retry is None]
    if done:
        await connection.execute(DELETE_JOB, done)
    returned = [
        claim_parameters(one.claim)
        | {
            "again_at": now + timedelta(seconds=one.retry.seconds),
            "failures": one.claim.attempts + one.retry.counts_as_failure,
            "nobody": None,
        }
        for one in ended
        if one.retry is not None
    ]
    if returned:
        await connection.execute(RELEASE_JOB, returned)


def claim_parameters(held: JobClaim) -> dict[str, int | datetime | None]:
    """The parameters that say whose a row has to be."""
    return {"row": held.id, "held": held.fence}


async def next_ready_at(connection: AsyncConnection, now: datetime) -> datetime | None:
    """When the next task is ready that is not yet; None if there is none."""
    return await connection.scalar(SELECT_NEXT_READY, {"now": now})


async def end_other_leases(connection: AsyncConnection, worker: str) -> None:
    """End all leases but the worker's own."""
    await connection.execute(
        update(jobs)
        .where(jobs.c.worker != worker)
        .values(worker=None, leased_until=None)
    )


async def list_open_subjects(connection: AsyncConnection, kind: str) -> set[str]:
    """The subjects of all tasks of a kind that are not done."""
    return set(
        (
            await connection.scalars(select(jobs.c.subject).where(jobs.c.kind == kind))
        ).all()
    )


async def delete_jobs(connection: AsyncConnection, subjects: set[str]) -> None:
    """Remove the tasks of these subjects."""
    await connection.execute(delete(jobs).where(jobs.c.subject.in_(subjects)))
