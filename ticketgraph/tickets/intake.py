"""Takes tickets in: each request is stored once, with its run and the job that advances it."""

import hashlib
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import orjson
from langgraph.runtime import RunControl
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import InputError, ReusedError, UnavailableError
from contracts.log import log
from contracts.ticket import NewTicket, RunOptions, Ticket
from graph.build import FLOW_VERSION
from policies.deciding.queue_order import intake_queue_priority
from policies.desk.model import Desk
from storage.database.database import Database
from storage.jobs.port import Jobs
from storage.queries import idempotency, runs, tickets
from ticketgraph.jobs import advance_job
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
    """An Idempotency-Key: requests with one `value` in one `scope` are one request.

    `scope` is the path that the request is sent to.
    """

    scope: str
    value: str


@dataclass
class TicketIntake:
    """Takes in the tickets of a database. `control` says when the process stops."""

    database: Database
    jobs: Jobs
    desks: Mapping[str, Desk]
    now: Callable[[], datetime]
    control: RunControl

    async def submit_ticket(
        self,
        new: NewTicket,
        options: RunOptions | None = None,
        *,
        start: bool = True,
        key: RequestKey | None = None,
    ) -> Claim:
        """Store a ticket, its run and the job that advances it in one transaction.

        Durable on return. Without `start` only the ticket is stored. A request that comes
        again, by its key or by the ticket's source id, stores and starts nothing: the claim is
        the first one's, and `replayed`. Raises InputError for an unknown desk or a ticket
        without any text, ReusedError for a key or source id that stands for another request,
        UnavailableError while stopping.
        """
        self.refuse_unusable(new)
        while True:
            request = IntakeRequest(
                self.new_claim(new, options or RunOptions()),
                self.jobs,
                start,
                key,
                intake_queue_priority(new, self.desks[new.desk]),
            )
            try:
                claim = accepted_claim(
                    await self.database.run_transaction(request.store_request)
                )
            except IntegrityError:
                continue  # the random id was taken, or another process was first with the key
            self.jobs.wake_worker()
            log.info(
                "ticket replayed" if claim.replayed else "ticket stored",
                ticket_id=claim.ticket.id,
                run_id=claim.run_id if start else None,
            )
            return claim

    def refuse_unusable(self, new: NewTicket) -> None:
        """Raise InputError for a ticket that cannot be taken, UnavailableError while stopping."""
        if self.control.drain_requested:
            raise UnavailableError(
                "The server is stopping. Send the ticket again in a moment."
            )
        if not f"{new.subject}{new.body}".strip():
            raise InputError(
                "The ticket has neither a subject nor a body. Send at least one of them."
            )
        if new.desk not in self.desks:
            raise InputError(
                f"There is no such desk. Choose one of: {', '.join(self.desks)}."
            )

    def new_claim(self, new: NewTicket, options: RunOptions) -> Claim:
        """The claim of a ticket that comes in now."""
        now = self.now()
        ticket = Ticket(id=new_ticket_id(), received_at=now, **dict(new))
        return Claim(uuid.uuid4().hex, ticket, options, now, fresh=True)

    async def run_stored_ticket(self, ticket_id: str) -> Claim:
        """The one run of a ticket that was only stored, started now or before.

        Raises NotFoundError, InputError when the ticket's desk is not there any more.
        """
        claim = await self.database.run_transaction(
            partial(self.start_stored_ticket, ticket_id=ticket_id)
        )
        self.jobs.wake_worker()
        return claim

    async def start_stored_ticket(
        self, connection: AsyncConnection, ticket_id: str
    ) -> Claim:
        """The same, in a transaction that locks the ticket's row."""
        now = self.now()
        ticket = tickets.ticket_from_row(
            await tickets.find_ticket_row(connection, ticket_id, for_update=True)
        )
        known = await runs.find_ticket_run(connection, ticket_id)
        if known:
            return await load_claim(connection, known["id"])
        if ticket.desk not in self.desks:
            raise InputError(
                "The desk of this ticket is not there any more. Bring it back, then try again."
            )
        claim = Claim(uuid.uuid4().hex, ticket, RunOptions(), now, fresh=True)
        priority = intake_queue_priority(ticket, self.desks[ticket.desk])
        await store_run(connection, self.jobs, claim, priority)
        return claim


@dataclass(frozen=True)
class IntakeRequest:
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

        Then the claim is the first one's, or a text says why it cannot be.

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
        claim = await self.store_ticket(connection)
        if isinstance(claim, Claim):
            run_id = claim.run_id if self.start else None
            await idempotency.prune_keys(connection, now - KEY_LIFETIME)
            await idempotency.insert_key(
                connection, scope, value, digest, claim.ticket.id, run_id, now
            )
        return claim

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
        """The claim of a ticket that is here.

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

    async def start_run(self, connection: AsyncConnection, claim: Claim) -> Claim:
        """The claim with its run and job stored, where it is to be started."""
        if not self.start:
            return replace(claim, fresh=False)
        await store_run(connection, self.jobs, claim, self.priority)
        return claim


async def store_run(
    connection: AsyncConnection, jobs: Jobs, claim: Claim, priority: int
) -> None:
    """Store a new run with the job that advances it, in the caller's transaction."""
    chosen = claim.options.model_dump(mode="json")
    await runs.insert_run(
        connection,
        claim.run_id,
        claim.ticket.id,
        FLOW_VERSION,
        chosen,
        claim.created_at,
    )
    await jobs.enqueue_job(
        connection, advance_job(claim.run_id, claim.ticket.id, priority)
    )


def accepted_claim(taken: Claim | str) -> Claim:
    """What IntakeRequest.store_request gave, if it is a claim. Raises ReusedError."""
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


def new_ticket_id() -> str:
    """`TKT-` and eight hexadecimal digits."""
    return f"TKT-{secrets.token_hex(4).upper()}"
