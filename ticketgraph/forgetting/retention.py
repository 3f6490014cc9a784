"""Prunes by age, as the desks' settings say: checkpoints of finished runs, ended tickets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from contracts.retention import Pruned
from policies.desk.model import Desk
from storage.database.database import Database, Transaction
from storage.queries import pruning
from ticketgraph.forgetting.erasure import Eraser

RUNS_A_BATCH = 100
"""Runs pruned in one transaction, so that other writers get their turn."""

TICKETS_A_BATCH = 1000
"""Tickets that one query lists for erasing."""

ORPHAN_AGE = timedelta(days=1)
"""Checkpoints without a run row are kept this long, because a fork saves its checkpoint first."""


@dataclass(frozen=True)
class Retention:
    """Prunes checkpoints and erases tickets by age."""

    database: Database
    desks: Mapping[str, Desk]
    eraser: Eraser

    async def prune_expired(self, now: datetime, *, everything: bool = False) -> Pruned:
        """Delete what the desks no longer keep.

        With `everything`, the checkpoints of all finished runs. Several processes may do it
        side by side. The space is used again; `storage.queries.vacuum` shrinks the files.
        """
        runs = tickets = 0
        for desk in self.desks.values():
            kept = (
                timedelta(0)
                if everything
                else timedelta(hours=desk.settings.checkpoint_hours)
            )
            runs += await self.repeat_batches(
                partial(
                    pruning.prune_checkpoints,
                    desk=desk.id,
                    before=now - kept,
                    at=now,
                    limit=RUNS_A_BATCH,
                )
            )
            tickets += await self.erase_ended_tickets(desk, now)
        await self.repeat_batches(
            partial(
                pruning.prune_orphan_checkpoints,
                before=now - ORPHAN_AGE,
                limit=RUNS_A_BATCH,
            )
        )
        return Pruned(runs=runs, tickets=tickets)

    async def repeat_batches(self, batch: Transaction[int]) -> int:
        """Run a batch in a transaction of its own until it has nothing left to do.

        Returns the sum of what the batches did.
        """
        total = 0
        while done := await self.database.run_transaction(batch):
            total += done
        return total

    async def erase_ended_tickets(self, desk: Desk, now: datetime) -> int:
        """Erase the desk's tickets that are too old. Returns how many."""
        if desk.settings.ticket_days is None:
            return 0
        total, before = 0, now - timedelta(days=desk.settings.ticket_days)
        while True:
            async with self.database.open_read() as connection:
                old = await pruning.list_ended_tickets(
                    connection, desk.id, before, TICKETS_A_BATCH
                )
            if not old:
                return total
            total += (
                await self.eraser.erase_tickets(
                    old, "system", {"reason": "ticket_days"}
                )
            ).tickets
