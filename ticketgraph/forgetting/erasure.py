"""Erases tickets with all that belongs to them, and their traces in the runs of others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from langgraph.checkpoint.serde.base import SerializerProtocol
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.retention import Erasure
from storage.audit import log as audit
from storage.database.database import Database
from storage.jobs.port import Jobs
from storage.queries import checkpoints as threads
from storage.queries import erasure
from ticketgraph.forgetting.traces import (
    TRACED_CHANNELS,
    make_trace_remover,
    remove_result_traces,
)
from ticketgraph.jobs import advance_job
from ticketgraph.similar.similar_tickets import StoredTicketSearch

TICKETS_A_TRANSACTION = 1000
"""Tickets erased in one transaction."""

ALL_TICKETS = "*"
"""The ticket id of an audit record that is about many tickets."""


@dataclass(frozen=True)
class Eraser:
    """Erases tickets. `serde` is the checkpoint saver's own."""

    database: Database
    ticket_search: StoredTicketSearch
    serde: SerializerProtocol
    jobs: Jobs
    now: Callable[[], datetime]

    async def erase_tickets(
        self, ticket_ids: Sequence[str], actor: str, reason: dict[str, str]
    ) -> Erasure:
        """Erase tickets.

        Repeating the call completes an erasure that was interrupted. First the tickets are
        hidden from searches; then their traces are removed, run by run; at last they
        go themselves, all in one transaction. A run of theirs that is under way writes
        nothing after that: its row, and so its epoch, is gone. `actor` and `reason` go into
        the audit log.
        """
        total = Erasure()
        for begin in range(0, len(ticket_ids), TICKETS_A_TRANSACTION):
            done = await self.erase_batch(
                frozenset(ticket_ids[begin : begin + TICKETS_A_TRANSACTION]),
                actor,
                reason,
            )
            total = Erasure(
                **{name: value + getattr(total, name) for name, value in done}
            )
        return total

    async def erase_batch(
        self, gone: frozenset[str], actor: str, reason: dict[str, str]
    ) -> Erasure:
        """Erase at most TICKETS_A_TRANSACTION tickets."""
        async with self.database.open_write() as connection:
            for run in await erasure.hide_tickets(connection, gone):
                await self.requeue_run(connection, run["id"], run["ticket_id"])
        await self.ticket_search.vectors.delete_fingerprints([*gone])
        self.jobs.wake_worker()
        traced = await self.find_traced_runs(gone)
        for run_id in traced:
            await self.remove_run_traces(run_id, gone)
            self.jobs.wake_worker()
        async with self.database.open_write() as connection:
            done = await self.delete_ticket_rows(connection, gone)
            done = done.model_copy(update={"cleaned": len(traced)})
            await audit.append_record(
                connection,
                "erasure",
                ALL_TICKETS,
                None,
                actor,
                {**reason, **done.model_dump()},
                self.now(),
            )
        return done

    async def requeue_run(
        self, connection: AsyncConnection, run_id: str, ticket_id: str
    ) -> None:
        """Enqueue a job for a run whose worker was fenced off."""
        await self.jobs.enqueue_job(connection, advance_job(run_id, ticket_id))

    async def find_traced_runs(self, gone: frozenset[str]) -> Sequence[str]:
        """The runs of other tickets that hold something of these."""
        async with self.database.open_read() as connection:
            own = set(await erasure.list_ticket_runs(connection, gone))
            saved = await threads.find_threads_containing(
                connection, TRACED_CHANNELS, gone
            )
            return sorted(
                (saved | await erasure.find_results_naming(connection, gone)) - own
            )

    async def remove_run_traces(self, run_id: str, gone: frozenset[str]) -> None:
        """Rewrite the result and the checkpoints of a run without these tickets.

        A worker that advances it starts again from the rewritten checkpoint.
        """
        async with self.database.open_write() as connection:
            row = await erasure.lock_run_result(connection, run_id)
            if row is None:
                return
            if row["result"] is not None:
                await erasure.set_run_result(
                    connection, run_id, remove_result_traces(row["result"], gone)
                )
            await threads.rewrite_values(
                connection,
                run_id,
                TRACED_CHANNELS,
                gone,
                make_trace_remover(self.serde, gone),
            )
            for taken in await erasure.fence_runs(
                connection, erasure.run_has_id(run_id)
            ):
                await self.requeue_run(connection, run_id, taken["ticket_id"])

    async def delete_ticket_rows(
        self, connection: AsyncConnection, gone: frozenset[str]
    ) -> Erasure:
        """Delete the tickets with their runs and jobs."""
        run_ids = await erasure.list_ticket_runs(connection, gone)
        subjects = await erasure.list_job_subjects(connection, gone, run_ids)
        done = await erasure.delete_tickets(connection, gone)
        await self.jobs.delete_jobs(connection, subjects)
        return done
