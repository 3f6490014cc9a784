"""`TicketGraph.effects`: what left the system or is to leave it, and decisions on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contracts.effect import LedgerEntry, Resolution, WhichEffects
from storage.database.database import Database
from storage.queries import outbox
from ticketgraph.effects.outbox import StoredOutbox, as_ledger_entry


@dataclass(frozen=True)
class Effects:
    """The effects of a database."""

    database: Database
    outbox: StoredOutbox

    async def list(
        self, which: WhichEffects = "parked", limit: int = 100, offset: int = 0
    ) -> Sequence[LedgerEntry]:
        """The effects of one status, or those parked for a person, the oldest first."""
        async with self.database.open_read() as connection:
            rows = await outbox.list_effects_page(connection, which, limit, offset)
        return [as_ledger_entry(row) for row in rows]

    async def resolve(
        self, key: str, resolution: Resolution | str, **details: Any
    ) -> LedgerEntry:
        """Take a person's decision on a parked effect; the first one counts.

        `resolution` is a Resolution or its outcome: sent, send_again, drop. Raises
        NotFoundError, InputError when there is no connector to send it again, and
        ConflictError when it is not parked (any more).
        """
        if isinstance(resolution, str):
            resolution = Resolution.model_validate({"outcome": resolution, **details})
        return await self.outbox.resolve_effect(key, resolution)
