"""The outbox: records effects, each with the job that delivers it, in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.effect import Effect, EffectStatus, LedgerEntry, Outcome, Resolution
from contracts.errors import ConflictError, InputError
from storage.audit import log as audit
from storage.database.database import Database
from storage.jobs.port import Jobs
from storage.queries import outbox, runs
from ticketgraph import audit_details as evidence
from ticketgraph.checkpoints import fence as fencing
from ticketgraph.jobs import DELIVER, deliver_job

EXTERNAL_ACTIONS = frozenset({"reply", "external_ticket", "assignment", "notification"})
"""Actions that another system carries out. A link between tickets is done when recorded."""

STATUS_OF_OUTCOME: dict[Outcome, EffectStatus] = {
    "sent": "sent",
    "send_again": "queued",
    "drop": "dropped",
}

NO_CONNECTOR = (
    "No connector is configured, so nothing can be sent. Set DELIVERY_WEBHOOK_URL, "
    "or resolve it as sent or drop."
)


class StoredOutbox:
    """nodes.services.Outbox on our database. A fork has no effects.

    `jobs` takes the delivery jobs; None, which is without a connector, only records effects.
    """

    def __init__(
        self, database: Database, now: Callable[[], datetime], jobs: Jobs | None = None
    ) -> None:
        self.database = database
        self.now = now
        self.jobs = jobs

    async def put(self, ticket_id: str, run_id: str, effects: Sequence[Effect]) -> bool:
        """See nodes.services.Outbox.

        A run without a row (LangGraph Studio's) has no effects either. Raises StaleEpochError
        when another worker has claimed the run.
        """
        at, epoch = self.now(), fencing.held_epoch()

        async def write_effects(connection: AsyncConnection) -> bool:
            await fencing.check_epoch(connection, run_id, epoch)
            if await runs.is_forked_run(connection, run_id) is not False:
                return False
            await self.record_effects(connection, ticket_id, run_id, effects, at)
            return True

        recorded = await self.database.run_transaction(write_effects)
        self.wake()
        return recorded

    async def record_effects(
        self,
        connection: AsyncConnection,
        ticket_id: str,
        run_id: str,
        effects: Sequence[Effect],
        at: datetime,
    ) -> None:
        """Record effects with their delivery jobs in the caller's transaction.

        Call `wake` after the commit.
        """
        outside = EXTERNAL_ACTIONS if self.jobs else frozenset[str]()
        queued = await outbox.insert_effects(
            connection, ticket_id, run_id, effects, at, outside
        )
        await self.enqueue_deliveries(connection, queued)

    async def enqueue_deliveries(
        self, connection: AsyncConnection, keys: Sequence[str]
    ) -> None:
        """Enqueue the delivery jobs of queued effects."""
        if self.jobs:
            for key in keys:
                await self.jobs.enqueue_job(connection, deliver_job(key))

    def wake(self) -> None:
        """Wake the worker after a commit. Without it the jobs only start later."""
        if self.jobs:
            self.jobs.wake_worker()

    async def enqueue_lost_effects(self) -> int:
        """Enqueue a job for every effect to be delivered that has none. Returns how many."""
        if self.jobs is None:
            return 0
        async with self.database.open_write() as connection:
            under_way = await outbox.list_deliverable_keys(connection)
            known = await self.jobs.open_subjects(connection, DELIVER)
            lost = [key for key in under_way if key not in known]
            await self.enqueue_deliveries(connection, lost)
        self.wake()
        return len(lost)

    async def resolve_effect(self, key: str, resolution: Resolution) -> LedgerEntry:
        """Record a person's decision on a parked effect; the first one counts.

        See ticketgraph.effects.effects.Effects.resolve.
        """
        status, at = STATUS_OF_OUTCOME[resolution.outcome], self.now()
        if status == "queued" and self.jobs is None:
            raise InputError(NO_CONNECTOR)
        async with self.database.open_write() as connection:
            seen = await outbox.find_effect_row(connection, key)
            values = {"settled_at": None if status == "queued" else at}
            values |= {"remote_id": resolution.remote_id} if status == "sent" else {}
            if not await outbox.resolve_effect(connection, seen, status, **values):
                now = (await outbox.find_effect_row(connection, key))["status"]
                raise ConflictError(
                    f"This effect does not wait for a person (any more): it is {now}."
                )
            if status == "queued":
                await self.enqueue_deliveries(connection, [key])
            resolved = await outbox.find_effect_row(connection, key)
            detail = evidence.resolution_details(
                key, seen["status"], seen["attempts"], resolution
            )
            who = resolution.decided_by
            await audit.append_record(
                connection, "effect", seen["ticket_id"], seen["run_id"], who, detail, at
            )
        self.wake()
        return as_ledger_entry(resolved)


def as_ledger_entry(row: Mapping[Any, Any]) -> LedgerEntry:
    """The ledger entry of a row."""
    return LedgerEntry.model_validate(
        {name: row[name] for name in LedgerEntry.model_fields}
    )
