"""Forgetting by age, as the desks' settings say.

Checkpoints of finished runs, and tickets that have ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import RowMapping

from contracts.errors import GoneError
from contracts.retention import Pruned
from policies.desk.model import Desk
from storage.database.database import Database, Transaction
from storage.queries import pruning
from ticketgraph.forgetting.erasure import Eraser

BATCH = 100
"""Runs in one transaction: others write in between."""

TICKETS = 1000
"""Tickets erased before the next are looked for."""

ORPHANED = timedelta(days=1)
"""After which what is saved of a run that there is not is nobody's fork in the making."""

PRUNED = (
    "The checkpoints of this run were pruned. Its result and its steps are kept; a fork "
    "can begin at the start."
)


@dataclass(frozen=True)
class Retention:
    """What forgetting takes."""

    database: Database
    desks: Mapping[str, Desk]
    eraser: Eraser

    async def prune(self, now: datetime, *, everything: bool = False) -> Pruned:
        """Forget what the desks no longer keep.

        With `everything`, the checkpoints of all finished runs.

        Several processes may do it side by side. The space is used again; the files shrink
        by `storage.queries.vacuum`.
        """
        runs = tickets = 0
        for desk in self.desks.values():
            kept = (
                timedelta(0)
                if everything
                else timedelta(hours=desk.settings.checkpoint_hours)
            )
            runs += await self.all_of(
                partial(
                    pruning.prune, desk=desk.id, before=now - kept, at=now, limit=BATCH
                )
            )
            tickets += await self.erase_ended(desk, now)
        await self.all_of(
            partial(pruning.prune_orphans, before=now - ORPHANED, limit=BATCH)
        )
        return Pruned(runs=runs, tickets=tickets)

    async def all_of(self, batch: Transaction[int]) -> int:
        """Do a batch in a transaction of its own until there is nothing left to do.

        Returns how much was done.
        """
        total = 0
        while done := await self.database.transact(batch):
            total += done
        return total

    async def erase_ended(self, desk: Desk, now: datetime) -> int:
        """Erase the desk's tickets that are too old. Returns how many."""
        if desk.settings.ticket_days is None:
            return 0
        total, before = 0, now - timedelta(days=desk.settings.ticket_days)
        while True:
            async with self.database.read() as connection:
                old = await pruning.ended(connection, desk.id, before, TICKETS)
            if not old:
                return total
            total += (
                await self.eraser.erase(old, "system", {"reason": "ticket_days"})
            ).tickets


def refuse_pruned(run: RowMapping) -> None:
    """Raise GoneError when the run's checkpoints were pruned."""
    if run["pruned_at"] is not None:
        raise GoneError(PRUNED)
