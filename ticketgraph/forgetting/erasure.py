"""Erasing a customer.

The tickets with all that belongs to them, and their traces in the runs of others.
"""

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
from ticketgraph import tasks
from ticketgraph.forgetting.traces import CHANNELS, changing, untraced
from ticketgraph.similar.similar_tickets import TicketMemory

AT_ONCE = 1000
"""Tickets erased in one transaction."""

OF_ALL = "*"
"""Stands for the ticket in a record of the audit log that is of no single one."""


@dataclass(frozen=True)
class Eraser:
    """What erasing takes. `serde` is the saver's own."""

    database: Database
    memory: TicketMemory
    serde: SerializerProtocol
    jobs: Jobs
    now: Callable[[], datetime]

    async def erase(
        self, ticket_ids: Sequence[str], actor: str, reason: dict[str, str]
    ) -> Erasure:
        """Erase tickets.

        What was begun and broken off is done again, and completed, by the same call.

        First nobody can find them any more; then their traces go, run by run; at last they
        go themselves, all in one transaction. A run of theirs that is under way writes
        nothing after that: its row, and so its epoch, is gone. `actor` and `reason` go into
        the audit log.
        """
        total = Erasure()
        for begin in range(0, len(ticket_ids), AT_ONCE):
            done = await self.erase_some(
                frozenset(ticket_ids[begin : begin + AT_ONCE]), actor, reason
            )
            total = Erasure(
                **{name: value + getattr(total, name) for name, value in done}
            )
        return total

    async def erase_some(
        self, gone: frozenset[str], actor: str, reason: dict[str, str]
    ) -> Erasure:
        """Erase so many tickets as a transaction takes."""
        async with self.database.write() as connection:
            for run in await erasure.hide(connection, gone):
                await self.again(connection, run["id"], run["ticket_id"])
        await self.memory.vectors.forget([*gone])
        self.jobs.wake()
        traced = await self.traced(gone)
        for run_id in traced:
            await self.clean(run_id, gone)
            self.jobs.wake()
        async with self.database.write() as connection:
            done = await self.delete(connection, gone)
            done = done.model_copy(update={"cleaned": len(traced)})
            await audit.record(
                connection,
                "erasure",
                OF_ALL,
                None,
                actor,
                {**reason, **done.model_dump()},
                self.now(),
            )
        return done

    async def again(
        self, connection: AsyncConnection, run_id: str, ticket_id: str
    ) -> None:
        """Put a run down that was taken away from whoever had it."""
        await self.jobs.enqueue(connection, tasks.advance(run_id, ticket_id))

    async def traced(self, gone: frozenset[str]) -> Sequence[str]:
        """The runs of other tickets in which there is something of these."""
        async with self.database.read() as connection:
            own = set(await erasure.runs_of(connection, gone))
            saved = await threads.naming(connection, CHANNELS, gone)
            return sorted(
                (saved | await erasure.results_naming(connection, gone)) - own
            )

    async def clean(self, run_id: str, gone: frozenset[str]) -> None:
        """Rewrite what is saved of a run, without these tickets.

        Whoever goes on with it begins again from there.
        """
        async with self.database.write() as connection:
            row = await erasure.held(connection, run_id)
            if row is None:
                return
            if row["result"] is not None:
                await erasure.set_result(
                    connection, run_id, untraced(row["result"], gone)
                )
            await threads.rewrite(
                connection, run_id, CHANNELS, gone, changing(self.serde, gone)
            )
            for taken in await erasure.take_away(connection, erasure.this(run_id)):
                await self.again(connection, run_id, taken["ticket_id"])

    async def delete(
        self, connection: AsyncConnection, gone: frozenset[str]
    ) -> Erasure:
        """Delete the tickets with their runs, and whatever was still to be done for them."""
        run_ids = await erasure.runs_of(connection, gone)
        subjects = await erasure.subjects_of(connection, gone, run_ids)
        done = await erasure.delete_tickets(connection, gone)
        await self.jobs.forget(connection, subjects)
        return done
