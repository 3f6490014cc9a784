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
from ticketgraph.runs.claim import Claim, load_claim

KEY_LIFETIME = timedelta(hours=24)
"""How long a key stands for its request. A source's id stands for its ticket for ever."""

REUSED_KEY_MESSAGE = (
    "This Idempotency-Key came with another request less than 24 hours ago. "
    "Send that request again to get its answer, or this one with a new key."
)
REUSED_SOURCE_ID_MESSAGE = (
    "A ticket with this source_id, but with another text or customer, is stored already. "
    "Send a new ticket with a source_id of its own."
)


@dataclass(frozen=True)
class RequestKey:
    """A caller's word that whatever comes under one value is one request.

    `scope` says where it comes in.
    """

    scope: str
    value: str


@dataclass(frozen=True)
class Intake:
    """One request. `claim` is what becomes of it if it is new.

    Without `start` its ticket is only stored.
    """

    claim: Claim
    jobs: Jobs
    start: bool
    key: RequestKey | None = None
    priority: int = 0

    async def store_request(self, connection: AsyncConnection) -> Claim | str:
        """Store it, unless it is known.

        Then the job is the first one's, or a text says why it cannot be.

        A refusal is no exception here: those would undo the transactions beside it, too.
        Raises sqlalchemy.exc.IntegrityError when a random id was taken, or somebody else
        was first just now.
        """
        if self.key is None:
            return await self.store_ticket(connection)
        scope, value, now = self.key.scope, self.key.value, self.claim.created_at
        digest = request_digest(self.claim.ticket, self.claim.options)
        known = await idempotency.find_key(connection, scope, value)
        if known and known["created_at"] < now - KEY_LIFETIME:
            await idempotency.delete_key(connection, scope, value, now - KEY_LIFETIME)
        elif known:
            same = known["digest"] == digest
            return (
                await self.replay_request(
                    connection, known["ticket_id"], known["run_id"]
                )
                if same
                else REUSED_KEY_MESSAGE
            )
        job = await self.store_ticket(connection)
        if isinstance(job, Claim):
            run_id = job.run_id if self.start else None
            await idempotency.prune_keys(connection, now - KEY_LIFETIME)
            await idempotency.insert_key(
                connection, scope, value, digest, job.ticket.id, run_id, now
            )
        return job

    async def store_ticket(self, connection: AsyncConnection) -> Claim | str:
        """The ticket and its run, unless the source has sent it before."""
        ticket = self.claim.ticket
        if ticket.source_id is not None:
            known = await tickets.find_source_ticket(
                connection, ticket.desk, ticket.source, ticket.source_id
            )
            if known:
                if any(
                    known[name] != getattr(ticket, name)
                    for name in ("subject", "body", "customer")
                ):
                    return REUSED_SOURCE_ID_MESSAGE
                run = await runs.find_ticket_run(connection, known["id"])
                return await self.replay_request(
                    connection, known["id"], run["id"] if run else None
                )
        await tickets.insert_ticket(connection, ticket)
        return await self.start_run(connection, self.claim)

    async def replay_request(
        self, connection: AsyncConnection, ticket_id: str, run_id: str | None
    ) -> Claim:
        """The job of a ticket that is here.

        One that was only stored gets its one run when this request wants it.
        """
        if run_id is not None:
            return replace(await load_claim(connection, run_id), replayed=True)
        ticket = tickets.ticket_from_row(
            await tickets.find_ticket_row(connection, ticket_id)
        )
        return await self.start_run(
            connection, replace(self.claim, ticket=ticket, replayed=True)
        )

    async def start_run(self, connection: AsyncConnection, job: Claim) -> Claim:
        """The job with its run stored and put down to be done, if it is to be started."""
        if not self.start:
            return replace(job, fresh=False)
        chosen = job.options.model_dump(mode="json")
        await runs.insert_run(
            connection, job.run_id, job.ticket.id, FLOW_VERSION, chosen, job.created_at
        )
        await self.jobs.enqueue_task(
            connection, tasks.advance_task(job.run_id, job.ticket.id, self.priority)
        )
        return job


def accepted_claim(taken: Claim | str) -> Claim:
    """What Intake.write gave, if it is a job. Raises ReusedError."""
    if isinstance(taken, str):
        raise ReusedError(taken)
    return taken


def request_digest(ticket: NewTicket, options: RunOptions) -> str:
    """SHA-256 of what a caller asked for, whatever the order of its keys.

    Defaults are left out: a field that a later version adds changes no digest of what was
    sent before.
    """
    sent = ticket.model_dump(
        mode="json", exclude={"id", "received_at"}, exclude_defaults=True
    )
    asked = [sent, options.model_dump(mode="json", exclude_defaults=True)]
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()
