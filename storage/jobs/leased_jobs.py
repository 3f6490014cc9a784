"""Jobs on SQLite: rows of our own table, each leased to one worker at a time.

Usually one process does all the work. Leases and fencing tokens also hold for several
workers on one file: a second process, or one that was frozen and resumes.
"""

import asyncio
import math
import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.log import log
from storage.database.database import Database
from storage.jobs import job_queries as table
from storage.jobs.job_queries import EndedClaim, JobClaim
from storage.jobs.port import HEARTBEAT, LEASE, Handler, Job
from storage.jobs.queue import DatabaseAvailability
from storage.jobs.retry import decide_retry

POLL_SECONDS = 1.0
"""Seconds between two polls, for expired leases and for jobs of other processes."""

UNAVAILABLE_ERRORS = (DBAPIError, sqlite3.Error, OSError)
"""What a locked, full or broken database raises."""


class TurnOutcome(NamedTuple):
    """New claims, claims whose lease another worker took over, and the next ready time."""

    claims: list[JobClaim]
    lost: set[JobClaim]
    next_ready_at: datetime | None


@dataclass(frozen=True)
class WorkerTurn:
    """What one transaction of a worker settles, renews and may claim."""

    ended: list[EndedClaim]
    renewing: list[JobClaim]
    kinds: Collection[str]
    free_slots: int
    now: datetime

    async def settle_and_claim(
        self, worker: str, connection: AsyncConnection
    ) -> TurnOutcome:
        """Do all of it. `next_ready_at` is None while every slot is taken: a slot comes first."""
        await table.settle_claims(connection, self.ended, self.now)
        lost: set[JobClaim] = set()
        if self.renewing:
            lost = await table.renew_leases(connection, worker, self.renewing, self.now)
        claims: list[JobClaim] = []
        if self.free_slots:
            claims = await table.claim_jobs(
                connection, worker, self.kinds, self.free_slots, self.now
            )
        next_ready_at = None
        if len(claims) < self.free_slots:
            next_ready_at = await table.next_ready_at(connection, self.now)
        return TurnOutcome(claims, lost, next_ready_at)


class LeasedJobs:
    """See Jobs. `worker` is this worker's id, unique in the database."""

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
        """End the leases of all other workers at once, for a caller that knows they are gone."""
        await self.database.run_transaction(
            partial(table.end_other_leases, worker=self.worker)
        )
        self.wake_worker()

    async def run_jobs(self, handlers: Mapping[str, Handler], concurrency: int) -> None:
        """See Jobs."""
        self.idle_event.clear()
        try:
            while not self.is_drained():
                self.wake_event.clear()
                await self.wait_for_wake(await self.run_turn(handlers, concurrency))
        finally:
            await self.release_claims()
            self.idle_event.set()

    def is_drained(self) -> bool:
        """Whether a draining worker has settled everything, or has used up its time."""
        nothing_left = not self.running_claims and not self.ended_claims
        return self.draining and (
            nothing_left or asyncio.get_running_loop().time() >= self.given_up_at
        )

    async def run_turn(
        self, handlers: Mapping[str, Handler], concurrency: int
    ) -> float:
        """Settle ended jobs, renew leases when due, and claim and start new jobs.

        Returns the seconds until the next turn.
        """
        clock = asyncio.get_running_loop().time
        heartbeat_due = clock() >= self.next_heartbeat
        turn = self.prepare_turn(handlers.keys(), concurrency, heartbeat_due)
        try:
            outcome = await self.database.run_transaction(
                partial(turn.settle_and_claim, self.worker)
            )
        except UNAVAILABLE_ERRORS as error:
            self.availability.note_unavailable(error)
            self.ended_claims = turn.ended + self.ended_claims
            return POLL_SECONDS
        self.availability.note_available()
        if heartbeat_due:
            self.next_heartbeat = clock() + HEARTBEAT.total_seconds()
        self.note_lost_claims(outcome.lost)
        for claim in outcome.claims:
            self.start_job(handlers[claim.kind], claim)
        waits = [POLL_SECONDS]
        if self.running_claims:
            waits.append(self.next_heartbeat - clock())
        if outcome.next_ready_at:
            waits.append((outcome.next_ready_at - turn.now).total_seconds())
        return min(waits)

    def prepare_turn(
        self, kinds: Collection[str], concurrency: int, heartbeat_due: bool
    ) -> WorkerTurn:
        """The next turn. It takes over the list of ended claims."""
        ended, self.ended_claims = self.ended_claims, []
        renewing: list[JobClaim] = []
        if heartbeat_due:
            running = self.running_claims.values()
            renewing = [claim for claim in running if claim not in self.lost_claims]
        free_slots = 0 if self.draining else concurrency - len(self.running_claims)
        return WorkerTurn(ended, renewing, kinds, free_slots, self.now())

    def note_lost_claims(self, lost: set[JobClaim]) -> None:
        """Log claims that another worker took over.

        Their handlers keep running: the fencing token keeps them from settling the job.
        """
        gone = lost & set(self.running_claims.values())
        for claim in gone:
            log.warning(
                "job taken over: its lease had expired",
                kind=claim.kind,
                subject=claim.subject,
            )
        self.lost_claims |= gone

    def start_job(self, handler: Handler, claim: JobClaim) -> None:
        """Call a claimed job's handler in the background."""
        task = asyncio.create_task(
            call_handler(handler, claim.subject), name=f"{claim.kind} {claim.subject}"
        )
        self.running_claims[task] = claim
        task.add_done_callback(self.note_end)

    def note_end(self, task: asyncio.Task[None]) -> None:
        """Record how a job ended; the next turn writes it."""
        claim = self.running_claims.pop(task)
        self.lost_claims.discard(claim)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        retry = (
            decide_retry(
                error, claim.kind, claim.subject, claim.attempts, stopping=self.draining
            )
            if error
            else None
        )
        self.ended_claims.append(EndedClaim(claim, retry))
        self.wake_worker()

    async def wait_for_wake(self, seconds: float) -> None:
        """Wait to be woken, at most `seconds`."""
        alarm = asyncio.get_running_loop().call_later(
            max(seconds, 0.0), self.wake_worker
        )
        await self.wake_event.wait()
        alarm.cancel()

    async def drain_jobs(self, seconds: float) -> None:
        """See Jobs.

        Returns at most one lease later if the database is unavailable or a job ignores its
        cancellation.
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
        """Return jobs to the queue when `run_jobs` ends without having been drained.

        A lease that cannot be ended here expires.
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
    """Await the handler. create_task takes a coroutine, and a handler may give any awaitable."""
    await handler(subject)
