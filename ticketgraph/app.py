"""The Python API.

async with TicketGraph.open() as desk: run = await desk.process("Cannot log in", "It says
    invalid credentials.", customer_email="ada@example.com")
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from connectors.port import Connector
from contracts.approval import ApprovalDecision, ApprovalRequest
from contracts.errors import InputError, UnavailableError
from contracts.result import Checkpoint, PendingApproval, Run
from contracts.step import Step
from contracts.ticket import NewTicket, RunOptions
from engines.models.records import CallRecord, ModelState
from engines.models.settings import ModelSettings
from storage.database.address import database_address_of
from storage.queries import approvals, runs, tickets
from ticketgraph.assembly import ignore_call, open_assembly
from ticketgraph.effects.sender import DELIVERY_SECONDS
from ticketgraph.forgetting.retention import refuse_pruned
from ticketgraph.housekeeping import Housekeeping
from ticketgraph.runner import MAX_CONCURRENT_RUNS, POLL_SECONDS, Runner
from ticketgraph.runs.claim import Claim, load_claim
from ticketgraph.runs.execute import run_config_of
from ticketgraph.runs.history import fork_run, list_checkpoints
from ticketgraph.runs.results import build_running_run

if TYPE_CHECKING:
    from engines.llm.engine import LlmEngine


class TicketGraph(Housekeeping):
    """A running TicketGraph on one database. Open it with `TicketGraph.open`."""

    patience: float | None = None
    """Seconds after which nobody waits for a run any longer; None where it is advanced here."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        data_dir: str | Path = "data",
        *,
        database_url: str | None = None,
        desks_dir: Path | None = None,
        models: ModelSettings | None = None,
        observe: Callable[[CallRecord], None] = ignore_call,
        connector: Connector | None = None,
        delivery_seconds: float = DELIVERY_SECONDS,
        migrating: bool = True,
        at_once: int = MAX_CONCURRENT_RUNS,
    ) -> AsyncIterator[Self]:
        """Open the database, go on with what earlier processes left undone, and close it at
        the end.

        It is a file in `data_dir`, or what `database_url` names: see
        storage.database.address.database_address_of. Up to `at_once` runs are advanced here side by
        side; with 0 they are left to other processes. Where not `migrating`, a database
        that is behind is refused. `models` says which models are asked: `ModelSettings()`
        reads the environment. Without it none is. `observe` hears of every call of a model.
        Effects go out through the `connector`, which stays the caller's to close; without
        one they stay recorded. Raises DeskError for invalid policies, InputError for model
        settings that cannot be used, UnavailableError when another process uses the folder,
        the server cannot be reached, or this version would lose a run in it.
        """
        opening = open_assembly(
            database_address_of(database_url, Path(data_dir)),
            desks_dir,
            models,
            observe,
            connector=connector,
            delivery_seconds=delivery_seconds,
            at_once=at_once,
            migrating=migrating,
        )
        async with opening as assembly:
            yield cls(assembly)

    @property
    def runner(self) -> Runner:
        """Takes tickets and decisions."""
        return self.assembly.runner

    @property
    def model_state(self) -> ModelState | None:
        """How the models are; None when no model is configured."""
        services = self.assembly.services
        return (
            None
            if services.engine is services.local
            else cast("LlmEngine", services.engine).state()
        )

    async def process(
        self,
        subject: str = "",
        body: str = "",
        *,
        options: RunOptions | None = None,
        **ticket: Any,
    ) -> Run:
        """Store a ticket and run it until it is finished or waits for a person.

        `ticket` takes every field of contracts.ticket.NewTicket: desk, customer_email,
        customer_id, metadata, … Raises InputError for an unknown desk.
        """
        job = await self.runner.submit_ticket(
            NewTicket(subject=subject, body=body, **ticket), options
        )
        return await self.finished(job.run_id, fresh=job.fresh)

    async def finished(self, run_id: str, *, fresh: bool = False) -> Run:
        """Wait for a run to finish or to ask.

        Raises NotFoundError, UnavailableError when this process stops before.
        """
        run = await self.runner.wait_for_run(run_id, self.patience, fresh=fresh)
        if run is None:
            raise UnavailableError(
                f"Run {run_id} is stored and goes on when a server or a worker runs."
            )
        return run

    async def run(self, run_id: str) -> Run:
        """A run as it was last settled. Raises NotFoundError."""
        async with self.database.open_read() as connection:
            row = await runs.find_run_row(connection, run_id)
            if row["result"] is None:
                return build_running_run(await load_claim(connection, run_id))
        return Run.model_validate(row["result"] | {"status": row["status"]})

    async def run_of_ticket(self, ticket_id: str) -> Run | None:
        """The newest run of a ticket that is not a fork; None when the ticket was only stored."""
        async with self.database.open_read() as connection:
            await tickets.find_ticket_row(connection, ticket_id)
            row = await runs.find_ticket_run(connection, ticket_id)
        return await self.run(row["id"]) if row else None

    async def approvals(
        self, status: str | None = "pending", limit: int = 100, offset: int = 0
    ) -> Sequence[PendingApproval]:
        """What waits for a person, the longest waiting first."""
        async with self.database.open_read() as connection:
            rows = await approvals.list_approvals_page(
                connection, status, limit, offset
            )
        return [
            PendingApproval(
                id=row["id"],
                request=ApprovalRequest.model_validate(row["request"]),
                expires_at=row["expires_at"],
            )
            for row in rows
        ]

    async def decide(
        self, approval_id: str, decision: ApprovalDecision | str, **details: Any
    ) -> Run:
        """Decide, and run on. `decision` is an ApprovalDecision or its type.

        Approve, edit, reject, reassign, respond.

        Raises NotFoundError, InputError, and ConflictError when somebody else was first.
        """
        if isinstance(decision, str):
            decision = ApprovalDecision.model_validate({"type": decision, **details})
        return await self.finished(
            (await self.runner.decide_approval(approval_id, decision)).run_id
        )

    async def history(self, run_id: str) -> Sequence[Checkpoint]:
        """Every saved moment of a run, the first one first.

        Raises NotFoundError, GoneError when they were pruned.
        """
        async with self.database.open_read() as connection:
            refuse_pruned(await runs.find_run_row(connection, run_id))
        return await list_checkpoints(self.assembly.graph, run_id)

    async def steps_of(
        self, run_id: str, seen: int = 0
    ) -> AsyncIterator[tuple[int, Step]]:
        """The run's steps with their numbers, from the one after `seen`, as they are saved,
        until the run rests.
        """
        with self.assembly.watchers.watch_run(run_id) as watch:
            resting = False
            while not resting:
                watch.saved_event.clear()
                run = await self.run(run_id)
                resting = run.status != "running"
                for step in (
                    run.steps
                    if resting and run.steps
                    else await self.saved_steps(run_id)
                )[seen:]:
                    seen += 1
                    yield seen, step
                if self.assembly.watchers.stopping:
                    return
                if not resting:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL_SECONDS):
                            await watch.saved_event.wait()

    async def saved_steps(self, run_id: str) -> Sequence[Step]:
        """The steps of a run by its newest checkpoint."""
        return (await self.assembly.graph.aget_state(run_config_of(run_id))).values.get(
            "steps", ()
        )

    async def fork(
        self,
        run_id: str,
        checkpoint_id: str | None = None,
        *,
        options: RunOptions | None = None,
        **changes: Any,
    ) -> Run:
        """Run again from a saved moment (from the start when none is named) without any
        effect outside.

        `changes` replaces parts of the ticket (subject, body, …) when forking from the start.
        Raises NotFoundError, InputError, GoneError for a moment that was pruned.
        """
        return await self.finished(
            (
                await self.begin_fork(run_id, checkpoint_id, options=options, **changes)
            ).run_id
        )

    async def begin_fork(
        self,
        run_id: str,
        checkpoint_id: str | None = None,
        *,
        options: RunOptions | None = None,
        **changes: Any,
    ) -> Claim:
        """The same, without waiting for it."""
        if checkpoint_id and changes:
            raise InputError(
                "The ticket can only be changed when forking from the start: leave "
                "checkpoint_id out."
            )
        async with self.database.open_read() as connection:
            if checkpoint_id:
                refuse_pruned(await runs.find_run_row(connection, run_id))
            job = await load_claim(connection, run_id)
        return await fork_run(
            self.assembly, job, uuid.uuid4().hex, checkpoint_id, options, changes
        )

    async def retry(self, run_id: str, **changes: Any) -> Run:
        """Try a run again that was given up, and wait for it. See `revive`."""
        return await self.finished((await self.revive(run_id, **changes)).run_id)
