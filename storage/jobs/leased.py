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
from storage.jobs import table
from storage.jobs.outcome import put_back
from storage.jobs.port import HEARTBEAT, LEASE, Handler, Task
from storage.jobs.reach import Reach
from storage.jobs.table import Claim, Ended

log = logging.getLogger("ticketgraph")

POLL = 1.0
"""Seconds between two looks without being woken.

For leases that ran out, and for what others put down.
"""

AWAY = (DBAPIError, sqlite3.Error, OSError)
"""What a locked, full or broken database raises."""


@dataclass(frozen=True)
class Turn:
    """What one transaction of a worker does, and from it gets."""

    ended: list[Ended]
    renewing: list[Claim]
    kinds: Collection[str]
    places: int
    now: datetime

    async def take(
        self, worker: str, connection: AsyncConnection
    ) -> tuple[list[Claim], set[Claim], datetime | None]:
        """The new claims, the lost ones, and when there is something to claim again."""
        await table.settle(connection, self.ended, self.now)
        lost = (
            await table.renew(connection, worker, self.renewing, self.now)
            if self.renewing
            else set()
        )
        claims = (
            await table.claim(connection, worker, self.kinds, self.places, self.now)
            if self.places
            else []
        )
        room = len(claims) < self.places
        return claims, lost, await table.soonest(connection, self.now) if room else None


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
        self.reach = Reach()
        self.stirred = asyncio.Event()
        self.idle = asyncio.Event()
        self.idle.set()
        self.running: dict[asyncio.Task[None], Claim] = {}
        self.ended: list[Ended] = []
        self.lost: set[Claim] = set()
        self.next_beat = 0.0
        self.draining = False
        self.given_up_at = math.inf

    async def enqueue(self, connection: AsyncConnection, task: Task) -> None:
        """See Jobs."""
        await table.put(connection, task, self.now())

    def wake(self) -> None:
        """See Jobs. From the event loop's thread only."""
        self.stirred.set()

    async def open_subjects(self, connection: AsyncConnection, kind: str) -> set[str]:
        """See Jobs."""
        return await table.open_subjects(connection, kind)

    async def forget(self, connection: AsyncConnection, subjects: set[str]) -> None:
        """See Jobs."""
        await table.forget(connection, subjects)

    async def take_over(self) -> None:
        """Free whatever other workers have, without waiting for their leases.

        For who knows that they are gone.
        """
        await self.database.transact(partial(table.free_others, worker=self.worker))
        self.wake()

    async def work(self, handlers: Mapping[str, Handler], at_once: int) -> None:
        """See Jobs."""
        self.idle.clear()
        try:
            while not self.over():
                self.stirred.clear()
                await self.rest(await self.turn(handlers, at_once))
        finally:
            await self.give_back()
            self.idle.set()

    def over(self) -> bool:
        """Whether there is nothing left to do for a worker that drains, or no time to do it in."""
        nothing_left = not self.running and not self.ended
        return self.draining and (
            nothing_left or asyncio.get_running_loop().time() >= self.given_up_at
        )

    async def turn(self, handlers: Mapping[str, Handler], at_once: int) -> float:
        """Write down what has ended and take what there is room for.

        Returns the seconds until the next turn.
        """
        clock = asyncio.get_running_loop().time
        ended, self.ended = self.ended, []
        beating = clock() >= self.next_beat
        renewing = (
            [claim for claim in self.running.values() if claim not in self.lost]
            if beating
            else []
        )
        places = 0 if self.draining else at_once - len(self.running)
        now = self.now()
        turn = Turn(ended, renewing, handlers.keys(), places, now)
        try:
            claims, lost, soonest = await self.database.transact(
                partial(turn.take, self.worker)
            )
        except AWAY as error:
            self.reach.lost(error)
            self.ended = ended + self.ended
            return POLL
        self.reach.found()
        if beating:
            self.next_beat = clock() + HEARTBEAT.total_seconds()
        self.note_lost(lost)
        for claim in claims:
            self.begin(handlers[claim.kind], claim)
        waits = [POLL, self.next_beat - clock() if self.running else POLL]
        return min(*waits, (soonest - now).total_seconds() if soonest else POLL)

    def note_lost(self, lost: set[Claim]) -> None:
        """Go on with them, since whoever has them now may be behind.

        Their end will change nothing here.
        """
        gone = lost & set(self.running.values())
        for claim in gone:
            log.warning(
                "%s %s was overtaken: its lease had run out", claim.kind, claim.subject
            )
        self.lost |= gone

    def begin(self, handler: Handler, claim: Claim) -> None:
        """Start a task."""
        task = asyncio.create_task(
            attempt(handler, claim.subject), name=f"{claim.kind} {claim.subject}"
        )
        self.running[task] = claim
        task.add_done_callback(self.end)

    def end(self, task: asyncio.Task[None]) -> None:
        """Note how a task ended, for the next turn."""
        claim = self.running.pop(task)
        self.lost.discard(claim)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        later = (
            put_back(
                error, claim.kind, claim.subject, claim.attempts, stopping=self.draining
            )
            if error
            else None
        )
        self.ended.append(Ended(claim, later))
        self.wake()

    async def rest(self, seconds: float) -> None:
        """Wait until something stirs, at most so long."""
        alarm = asyncio.get_running_loop().call_later(max(seconds, 0.0), self.wake)
        await self.stirred.wait()
        alarm.cancel()

    async def drain(self, seconds: float) -> None:
        """See Jobs.

        Ends one lease later at the most, if the database is away or a task does not let
        itself stop.
        """
        self.draining = True
        self.wake()
        try:
            async with asyncio.timeout(seconds):
                await self.idle.wait()
        except TimeoutError:
            self.given_up_at = asyncio.get_running_loop().time() + LEASE.total_seconds()
            for task in self.running:
                task.cancel()
            await self.idle.wait()

    async def give_back(self) -> None:
        """Free what is still running when `work` ends before it was drained.

        What this cannot write runs out.
        """
        self.draining = True
        for task in self.running:
            task.cancel()
        if self.running:
            await asyncio.wait(set(self.running), timeout=HEARTBEAT.total_seconds())
        if self.ended:
            try:
                await self.database.transact(
                    partial(table.settle, ended=self.ended, now=self.now())
                )
            except AWAY as error:
                self.reach.lost(error)
            self.ended = []


async def attempt(handler: Handler, subject: str) -> None:
    """One try, as a coroutine whatever the handler is."""
    await handler(subject)
