"""The intake transaction: a request that comes again is the ticket that it was the first time."""

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ReusedError
from contracts.ticket import NewTicket, RunOptions
from graph.build import FLOW_VERSION
from storage.jobs.port import Jobs
from storage.queries import idempotency, runs, tickets
from ticketgraph import tasks
from ticketgraph.runs.claim import Job, load_job

KEPT = timedelta(hours=24)
"""How long a key stands for its request. A source's id stands for its ticket for ever."""

REUSED_KEY = (
    "This Idempotency-Key came with another request less than 24 hours ago. "
    "Send that request again to get its answer, or this one with a new key."
)
REUSED_SOURCE_ID = (
    "A ticket with this source_id, but with another text or customer, is stored already. "
    "Send a new ticket with a source_id of its own."
)


@dataclass(frozen=True)
class Key:
    """A caller's word that whatever comes under one value is one request.

    `scope` says where it comes in.
    """

    scope: str
    value: str


@dataclass(frozen=True)
class Intake:
    """One request. `job` is what becomes of it if it is new.

    Without `start` its ticket is only stored.
    """

    job: Job
    jobs: Jobs
    start: bool
    key: Key | None = None
    priority: int = 0

    async def write(self, connection: AsyncConnection) -> Job | str:
        """Store it, unless it is known.

        Then the job is the first one's, or a text says why it cannot be.

        A refusal is no exception here: those would undo the transactions beside it, too.
        Raises sqlalchemy.exc.IntegrityError when a random id was taken, or somebody else
        was first just now.
        """
        if self.key is None:
            return await self.stored(connection)
        scope, value, now = self.key.scope, self.key.value, self.job.created_at
        digest = digest_of(self.job.ticket, self.job.options)
        known = await idempotency.find(connection, scope, value)
        if known and known["created_at"] < now - KEPT:
            await idempotency.forget(connection, scope, value, now - KEPT)
        elif known:
            same = known["digest"] == digest
            return (
                await self.again(connection, known["ticket_id"], known["run_id"])
                if same
                else REUSED_KEY
            )
        job = await self.stored(connection)
        if isinstance(job, Job):
            run_id = job.run_id if self.start else None
            await idempotency.prune(connection, now - KEPT)
            await idempotency.add(
                connection, scope, value, digest, job.ticket.id, run_id, now
            )
        return job

    async def stored(self, connection: AsyncConnection) -> Job | str:
        """The ticket and its run, unless the source has sent it before."""
        ticket = self.job.ticket
        if ticket.source_id is not None:
            known = await tickets.of_source(
                connection, ticket.desk, ticket.source, ticket.source_id
            )
            if known:
                if any(
                    known[name] != getattr(ticket, name)
                    for name in ("subject", "body", "customer")
                ):
                    return REUSED_SOURCE_ID
                run = await runs.of_ticket(connection, known["id"])
                return await self.again(
                    connection, known["id"], run["id"] if run else None
                )
        await tickets.add(connection, ticket)
        return await self.begun(connection, self.job)

    async def again(
        self, connection: AsyncConnection, ticket_id: str, run_id: str | None
    ) -> Job:
        """The job of a ticket that is here.

        One that was only stored gets its one run when this request wants it.
        """
        if run_id is not None:
            return replace(await load_job(connection, run_id), replayed=True)
        ticket = tickets.as_ticket(await tickets.row(connection, ticket_id))
        return await self.begun(
            connection, replace(self.job, ticket=ticket, replayed=True)
        )

    async def begun(self, connection: AsyncConnection, job: Job) -> Job:
        """The job with its run stored and put down to be done, if it is to be started."""
        if not self.start:
            return replace(job, fresh=False)
        chosen = job.options.model_dump(mode="json")
        await runs.add(
            connection, job.run_id, job.ticket.id, FLOW_VERSION, chosen, job.created_at
        )
        await self.jobs.enqueue(
            connection, tasks.advance(job.run_id, job.ticket.id, self.priority)
        )
        return job


def accepted(taken: Job | str) -> Job:
    """What Intake.write gave, if it is a job. Raises ReusedError."""
    if isinstance(taken, str):
        raise ReusedError(taken)
    return taken


def digest_of(ticket: NewTicket, options: RunOptions) -> str:
    """SHA-256 of what a caller asked for, whatever the order of its keys.

    Defaults are left out: a field that a later version adds changes no digest of what was
    sent before.
    """
    sent = ticket.model_dump(
        mode="json", exclude={"id", "received_at"}, exclude_defaults=True
    )
    asked = [sent, options.model_dump(mode="json", exclude_defaults=True)]
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()
