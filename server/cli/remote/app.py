"""The Python API of a TicketGraph that a server has open: the part that commands use.

Every method is that of the class of the same name in ticketgraph, over HTTP.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from contracts.approval import UNKNOWN_PERSON, Approval, ApprovalDecision
from contracts.dead_letter import DeadLetter
from contracts.effect import LedgerEntry, Resolution, WhichEffects
from contracts.errors import TicketGraphError
from contracts.result import Checkpoint, Run
from contracts.stored_ticket import StoredTicket
from contracts.ticket import NewTicket, RunOptions
from server.cli.remote.client import ServerClient
from server.process.server_address import find_database_file, read_address
from server.settings import Settings

CONNECT_SECONDS = 2.0
"""How long it may take to reach the address that a server left in its data folder."""

ANSWER_SECONDS = 5.0
"""How long a server may take to say that it is the one of the data folder."""


class DeskIds(BaseModel):
    """The desks of a server."""

    desks: list[str]


class History(BaseModel):
    """A run's checkpoints."""

    checkpoints: list[Checkpoint]


class RemoteTicketGraph:
    """ticketgraph.app.TicketGraph in another process."""

    def __init__(self, server: ServerClient, desks: Collection[str]) -> None:
        self.desks = desks
        self.tickets = RemoteTickets(server)
        self.runs = RemoteRuns(server)
        self.approvals = RemoteApprovals(server)
        self.effects = RemoteEffects(server)


@dataclass(frozen=True)
class RemoteTickets:
    """ticketgraph.tickets.tickets.Tickets."""

    server: ServerClient

    async def process(
        self,
        subject: str = "",
        body: str = "",
        *,
        options: RunOptions | None = None,
        **ticket: Any,
    ) -> Run:
        """See Tickets.process."""
        new = NewTicket(subject=subject, body=body, **ticket)
        command = {"ticket": new, "options": options or RunOptions()}
        return await self.server.start_run("/commands/tickets", command)

    async def get(self, ticket_id: str) -> StoredTicket:
        """See Tickets.get."""
        return await self.server.get(
            StoredTicket, f"/commands/tickets/{encode(ticket_id)}"
        )


@dataclass(frozen=True)
class RemoteRuns:
    """ticketgraph.runs.runs.Runs."""

    server: ServerClient

    async def get(self, run_id: str) -> Run:
        """See Runs.get."""
        return await self.server.get(Run, f"/commands/runs/{encode(run_id)}")

    async def history(self, run_id: str) -> Sequence[Checkpoint]:
        """See Runs.history."""
        path = f"/api/v1/runs/{encode(run_id)}/history"
        return (await self.server.get(History, path)).checkpoints

    async def fork(
        self,
        run_id: str,
        checkpoint_id: str | None = None,
        *,
        options: RunOptions | None = None,
    ) -> Run:
        """See Runs.fork."""
        path = f"/api/v1/runs/{encode(run_id)}/fork"
        changes = {"checkpoint_id": checkpoint_id, "options": options}
        return await self.server.start_run(path, changes)

    async def list_dead_letters(
        self, limit: int = 100, offset: int = 0
    ) -> tuple[Sequence[DeadLetter], int]:
        """See Runs.list_dead_letters."""
        path = "/api/v1/dead-letters"
        return await self.server.list_items(DeadLetter, path, limit, offset)

    async def retry(
        self,
        run_id: str,
        *,
        subject: str | None = None,
        body: str | None = None,
        decided_by: str = UNKNOWN_PERSON,
    ) -> Run:
        """See Runs.retry."""
        path = f"/api/v1/dead-letters/{encode(run_id)}/retry"
        changes = {"subject": subject, "body": body, "decided_by": decided_by}
        return await self.server.start_run(path, changes)


@dataclass(frozen=True)
class RemoteApprovals:
    """ticketgraph.runs.approvals.Approvals."""

    server: ServerClient

    async def list(
        self, status: str | None = "pending", limit: int = 100, offset: int = 0
    ) -> Sequence[Approval]:
        """See Approvals.list."""
        path, wanted = "/api/v1/approvals", status or "all"
        found, _ = await self.server.list_items(
            Approval, path, limit, offset, status=wanted
        )
        return found

    async def decide(self, approval_id: str, decision: ApprovalDecision) -> Run:
        """See Approvals.decide."""
        path = f"/api/v1/approvals/{encode(approval_id)}/decision"
        return await self.server.start_run(path, dict(decision))


@dataclass(frozen=True)
class RemoteEffects:
    """ticketgraph.effects.effects.Effects."""

    server: ServerClient

    async def list(
        self, which: WhichEffects = "parked", limit: int = 100, offset: int = 0
    ) -> Sequence[LedgerEntry]:
        """See Effects.list."""
        found, _ = await self.server.list_items(
            LedgerEntry, "/api/v1/effects", limit, offset, status=which
        )
        return found

    async def resolve(self, key: str, resolution: Resolution) -> LedgerEntry:
        """See Effects.resolve."""
        path = f"/api/v1/effects/{encode(key)}/resolution"
        return await self.server.post(LedgerEntry, path, dict(resolution))


@asynccontextmanager
async def reach_server(settings: Settings) -> AsyncIterator[RemoteTicketGraph | None]:
    """The TicketGraph that a server has open on our database file; None without a server.

    The address may be that of a server that was killed, and its port another program's by
    now: only the server that wrote the address knows its token.
    """
    database = find_database_file(settings)
    address = read_address(database) if database else None
    if address is None:
        yield None
        return
    # No proxy of the environment: the server is on this machine.
    async with httpx.AsyncClient(
        base_url=address.url,
        headers={"Authorization": f"Bearer {address.token}"},
        timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
        trust_env=False,
    ) as http:
        server = ServerClient(http)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                desks = (await server.get(DeskIds, "/commands/desks")).desks
        except (TicketGraphError, ValidationError, TimeoutError):
            desks = None
        yield None if desks is None else RemoteTicketGraph(server, desks)


def encode(name: str) -> str:
    """An id as one step of a path."""
    return quote(name, safe="")
