"""Jobs as leased rows of our own table: for SQLite, where one process does all the work.

The leases and fences hold for several workers on one file, too: a second process, or one
that was frozen and is back.
"""

import asyncio
import logging
import math
import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.database import Database
from storage.jobs import job_queries as table
from storage.jobs.job_queries import EndedClaim, JobClaim
from storage.jobs.port import HEARTBEAT, LEASE, Handler, Job
from storage.jobs.reach import DatabaseAvailability
from storage.jobs.retry import decide_retry

log = logging.getLogger("ticketgraph")

POLL_SECONDS = 1.0
"""Seconds between two looks without being woken.

For leases that ran out, and for what others put down.
"""

UNAVAILABLE_ERRORS = (DBAPIError, sqlite3.Error, OSError)
"""What a locked, full or broken database raises."""


@dataclass(frozen=True)
class WorkerTransaction:
    """What one transaction of a worker does, and from it gets."""

    ended: list[EndedClaim]
    renewing: list[JobClaim]
    kinds: Collection[str]
    free_slots: int
    now: datetime

    async def claim_ready(
        self, worker: str, connection: AsyncConnection
    ) -> tuple[list[JobClaim], set[JobClaim], datetime | None]:
        """The new claims, the lost ones, and when there is something to claim again."""
        await table.settle_claims(connection, self.ended, self.now)
        lost = (
            await table.renew_leases(connection, worker, self.renewing, self.now)
            if self.renewing
            else set()
        )
        claims = (
            await table.claim_jobs(
                connection, worker, self.kinds, self.free_slots, self.now
            )
            if self.free_slots
            else []
        )
        room = len(claims) < self.free_slots
        return (
            claims,
            lost,
            await table.next_ready_at(connection, self.now) if room else None,
        )


class LeasedJobs:
    """See Jobs. `worker` names this one among all that use the database."""

    def __init__(
        self,
        database: Database,
        worker: str | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.database = database
        self.worker = worker or uuid4().hex
        self.now = now or partial(datetime.now, UTC)
        self.availability = DatabaseAvailability()
        self.wake_event = asyncio.Event()
        self.idle_event = asyncio.Event()
        self.idle_event.set()
        self.running_claims: dict[asyncio.Task[None], JobClaim] = {}
        self.ended_claims: list[EndedClaim] = []
        self.lost_claims: set[JobClaim] = set()
        self.next_heartbeat = 0.0
        self.draining = False
        self.given_up_at = math.inf

    async def enqueue_job(self, connection: AsyncConnection, job: Job) -> None:
        """See Jobs."""
        await table.insert_job(connection, job, self.now())

    def wake_worker(self) -> None:
        """See Jobs. From the event loop's thread only."""
        self.wake_event.set()

    async def open_subjects(self, connection: AsyncConnection, kind: str) -> set[str]:
        """See Jobs."""
        return await table.list_open_subjects(connection, kind)

    async def delete_jobs(
        self, connection: AsyncConnection, subjects: set[str]
    ) -> None:
        """See Jobs."""
        await table.delete_jobs(connection, subjects)

    async def free_other_workers(self) -> None:
        """Free whatever other workers have, without waiting for their leases.

        For who knows that they are gone.
        """
        await self.database.run_transaction(
            partial(table.end_other_leases, worker=self.worker)
        )
        self.wake_worker()

    async def run_jobs(self, handlers: Mapping[str, Handler], at_once: int) -> None:
        """See Jobs."""
        self.idle_event.clear()
        try:
            while not self.is_drained():
                self.wake_event.clear()
                await self.wait_for_wake(await self.settle_and_claim(handlers, at_once))
        finally:
            await self.release_claims()
            self.idle_event.set()

    def is_drained(self) -> bool:
        """Whether there is nothing left to do for a worker that drains, or no time to do it in."""
        nothing_left = not self.running_claims and not self.ended_claims
        return self.draining and (
            nothing_left or asyncio.get_running_loop().time() >= self.given_up_at
        )

    async def settle_and_claim(
        self, handlers: Mapping[str, Handler], at_once: int
    ) -> float:
        """Write down what has ended and take what there is room for.

        Returns the seconds until the next turn.
        """
        clock = asyncio.get_running_loop().time
        ended, self.ended_claims = self.ended_claims, []
        beating = clock() >= self.next_heartbeat
        renewing = (
            [
                claim
                for claim in self.running_claims.values()
                if claim not in self.lost_claims
            ]
            if beating
            else []
        )
        places = 0 if self.draining else at_once - len(self.running_claims)
        now = self.now()
        turn = WorkerTransaction(ended, renewing, handlers.keys(), places, now)
        try:
            claims, lost, soonest = await self.database.run_transaction(
                partial(turn.claim_ready, self.worker)
            )
        except UNAVAILABLE_ERRORS as error:
            self.availability.note_unavailable(error)
            self.ended_claims = ended + self.ended_claims
            return POLL_SECONDS
        self.availability.note_available()
        if beating:
            self.next_heartbeat = clock() + HEARTBEAT.total_seconds()
        self.note_lost_claims(lost)
        for claim in claims:
            self.start_job(handlers[claim.kind], claim)
        waits = [
            POLL_SECONDS,
            self.next_heartbeat - clock() if self.running_claims else POLL_SECONDS,
        ]
        return min(*waits, (soonest - now).total_seconds() if soonest else POLL_SECONDS)

    def note_lost_claims(self, lost: set[JobClaim]) -> None:
        """Go on with them, since whoever has them now may be behind.

        Their end will change nothing here.
        """
        gone = lost & set(self.running_claims.values())
        for claim in gone:
            log.warning(
                "%s %s was overtaken: its lease had run out", claim.kind, claim.subject
            )
        self.lost_claims |= gone

    def start_job(self, handler: Handler, claim: JobClaim) -> None:
        """Start a task."""
        task = asyncio.create_task(
            call_handler(handler, claim.subject), name=f"{claim.kind} {claim.subject}"
        )
        self.running_claims[task] = claim
        task.add_done_callback(self.note_end)

    def note_end(self, task: asyncio.Task[None]) -> None:
        """Note how a task ended, for the next turn."""
        claim = self.running_claims.pop(task)
        self.lost_claims.discard(claim)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        later = (
            decide_retry(
                error, claim.kind, claim.subject, claim.attempts, stopping=self.draining
            )
            if error
            else None
        )
        self.ended_claims.append(EndedClaim(claim, later))
        self.wake_worker()

    async def wait_for_wake(self, seconds: float) -> None:
        """Wait until something stirs, at most so long."""
        alarm = asyncio.get_running_loop().call_later(
            max(seconds, 0.0), self.wake_worker
        )
        await self.wake_event.wait()
        alarm.cancel()

    async def drain_jobs(self, seconds: float) -> None:
        """See Jobs.

        Ends one lease later at the most, if the database is away or a task does not let
        itself stop.
        """
        self.draining = True
        self.wake_worker()
        try:
            async with asyncio.timeout(seconds):
                await self.idle_event.wait()
        except TimeoutError:
            self.given_up_at = asyncio.get_running_loop().time() + LEASE.total_seconds()
            for task in self.running_claims:
                task.cancel()
            await self.idle_event.wait()

    async def release_claims(self) -> None:
        """Free what is still running when `run_jobs` ends before it was drained.

        What this cannot write runs out.
        """
        self.draining = True
        for task in self.running_claims:
            task.cancel()
        if self.running_claims:
            await asyncio.wait(
                set(self.running_claims), timeout=HEARTBEAT.total_seconds()
            )
        if self.ended_claims:
            try:
                await self.database.run_transaction(
                    partial(
                        table.settle_claims, ended=self.ended_claims, now=self.now()
                    )
                )
            except UNAVAILABLE_ERRORS as error:
                self.availability.note_unavailable(error)
            self.ended_claims = []


async def call_handler(handler: Handler, subject: str) -> None:
    """One try, as a coroutine whatever the handler is."""
    await handler(subject)
