"""The outbox as `deliver` sees it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.effect import Effect
from storage import outbox, runs
from storage.database import Database


class StoredOutbox:
    """nodes.services.Outbox on our database. A fork has no effects, and nothing that replays one has."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self.database = database
        self.now = now

    async def put(self, ticket_id: str, run_id: str, effects: Sequence[Effect]) -> bool:
        """See nodes.services.Outbox. A run that we did not take in (LangGraph Studio's) has no effects either."""
        at = self.now()

        async def record(connection: AsyncConnection) -> bool:
            if await runs.is_fork(connection, run_id) is not False:
                return False
            await outbox.put(connection, ticket_id, run_id, effects, at)
            return True

        return await self.database.transact(record)
