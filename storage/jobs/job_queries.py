"""Statements on the jobs table: claim, renew, settle.

SQLite only: they rely on writing transactions excluding each other.
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
    """A job that a worker has leased. `fence` is the fencing token of this lease."""

    id: int
    fence: int
    kind: str
    subject: str
    attempts: int


@dataclass(frozen=True)
class EndedClaim:
    """A claim whose handler has ended: done, or with `retry` to be returned to the queue."""

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
    .limit(bindparam("slots"))
)
"""Jobs that can be claimed: of each lock only the oldest, whether it is leased or not.

Ids grow, so the oldest has the lowest.
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
        worker=bindparam("no_worker"),
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
    """Enqueue a job.

    Its fencing token starts at a random number: SQLite reuses the ids of deleted rows, and a
    worker may still hold a claim on the earlier row.
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
    slots: int,
    now: datetime,
) -> list[JobClaim]:
    """Lease up to `slots` jobs of these kinds, by priority, then by age."""
    values = {
        "by": worker,
        "kinds": list(kinds),
        "slots": slots,
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
    """Extend a worker's leases. Returns the claims that another worker has taken over."""
    values = {"by": worker, "rows": [held.id for held in claims], "until": now + LEASE}
    kept = {
        (row.id, row.fence) for row in await connection.execute(RENEW_LEASES, values)
    }
    return {held for held in claims if (held.id, held.fence) not in kept}


async def settle_claims(
    connection: AsyncConnection, ended: Sequence[EndedClaim], now: datetime
) -> None:
    """Delete jobs that are done and return the others, unless they were taken over since."""
    done = [claim_parameters(one.claim) for one in ended if one.retry is None]
    if done:
        await connection.execute(DELETE_JOB, done)
    released = [
        claim_parameters(one.claim)
        | {
            "again_at": now + timedelta(seconds=one.retry.seconds),
            "failures": one.claim.attempts + one.retry.counts_as_failure,
            "no_worker": None,
        }
        for one in ended
        if one.retry is not None
    ]
    if released:
        await connection.execute(RELEASE_JOB, released)


def claim_parameters(held: JobClaim) -> dict[str, int | datetime | None]:
    """The parameters of HELD_BY_CLAIM."""
    return {"row": held.id, "held": held.fence}


async def next_ready_at(connection: AsyncConnection, now: datetime) -> datetime | None:
    """When the next postponed job becomes ready; None without one."""
    return await connection.scalar(SELECT_NEXT_READY, {"now": now})


async def end_other_leases(connection: AsyncConnection, worker: str) -> None:
    """End all leases except those of `worker`."""
    await connection.execute(
        update(jobs)
        .where(jobs.c.worker != worker)
        .values(worker=None, leased_until=None)
    )


async def list_open_subjects(connection: AsyncConnection, kind: str) -> set[str]:
    """The subjects of all queued or running jobs of a kind."""
    return set(
        (
            await connection.scalars(select(jobs.c.subject).where(jobs.c.kind == kind))
        ).all()
    )


async def delete_jobs(connection: AsyncConnection, subjects: set[str]) -> None:
    """Delete the jobs of these subjects."""
    await connection.execute(delete(jobs).where(jobs.c.subject.in_(subjects)))
