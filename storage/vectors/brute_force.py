"""Vectors for one process: kept in SQLite, searched in memory."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from functools import partial

import numpy as np
from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.database import Database
from storage.tables import fingerprints as table
from storage.vectors import fingerprints
from storage.vectors.int8_index import Shelf
from storage.vectors.port import Earlier, Near, Vector

AT_ONCE = 2048
"""Rows read at a time while loading."""

LARGE = 8_000
"""Vectors on a shelf from which a search is worth a thread.

It holds up the event loop otherwise.
"""

SPARE = 3
"""Of how many times as many as are asked for the exact likeness is computed."""

EXACT = select(table.c.ticket_id, table.c.solved, table.c.vector).where(
    table.c.ticket_id.in_(bindparam("these", expanding=True)),
    table.c.model == bindparam("by"),
)


class BruteForce:
    """See Vectors. What is in memory only says where to look.

    The table has the vectors and the last word.
    """

    def __init__(self, database: Database, model: str) -> None:
        self.database = database
        self.model = model
        self.shelves: defaultdict[tuple[str, bool], Shelf] = defaultdict(Shelf)

    async def load(self) -> None:
        """See Vectors: read the whole table."""
        await self.database.look(self.read)

    async def read(self, connection: AsyncConnection) -> None:
        """Put every fingerprint on its shelf, in the order in which they were stored."""
        columns = (table.c.ticket_id, table.c.desk, table.c.solved, table.c.vector)
        found = await connection.execute(
            select(*columns).where(table.c.model == self.model).order_by(text("rowid"))
        )
        for rows in found.partitions(AT_ONCE):
            for row in rows:
                self.shelves[row.desk, row.solved].put(row.ticket_id, row.vector)

    async def remember(
        self, ticket_id: str, digest: str, vector: Vector
    ) -> Sequence[Earlier]:
        """See Vectors."""
        write = partial(
            fingerprints.remember,
            ticket_id=ticket_id,
            model=self.model,
            digest=digest,
            vector=vector,
        )
        if (remembered := await self.database.transact(write)) is None:
            return []
        owner, earlier = remembered
        self.drop([ticket_id])
        self.shelves[owner["desk"], owner["solved"]].put(ticket_id, vector)
        return earlier

    async def forget(self, ticket_ids: Sequence[str]) -> None:
        """See Vectors."""
        await self.database.transact(
            partial(fingerprints.forget, ticket_ids=ticket_ids)
        )
        self.drop(ticket_ids)

    def drop(self, ticket_ids: Sequence[str]) -> None:
        """Take tickets off whatever shelf they are on."""
        for shelf in self.shelves.values():
            for ticket_id in ticket_ids:
                shelf.forget(ticket_id)

    async def nearest(
        self,
        vector: Vector,
        desk: str,
        limit: int,
        *,
        but: str,
        only_solved: bool = False,
    ) -> Sequence[Near]:
        """See Vectors."""
        likely: list[str] = []
        for solved in (True,) if only_solved else (True, False):
            if shelf := self.shelves.get((desk, solved)):
                likely += await shelf_search(shelf, vector, SPARE * (limit + 1))
        if not likely:
            return []
        found = await self.database.look(
            partial(self.exact, ticket_ids=likely, vector=vector)
        )
        wanted = [
            near
            for near in found
            if near.ticket_id != but and (near.solved or not only_solved)
        ]
        return sorted(wanted, key=lambda near: -near.score)[:limit]

    async def exact(
        self, connection: AsyncConnection, ticket_ids: Sequence[str], vector: Vector
    ) -> list[Near]:
        """Those of the tickets that are still there, with their likeness."""
        rows = (
            await connection.execute(
                EXACT, {"these": list(ticket_ids), "by": self.model}
            )
        ).all()
        return [
            Near(
                row.ticket_id, float(row.vector.astype(np.float32) @ vector), row.solved
            )
            for row in rows
        ]


async def shelf_search(shelf: Shelf, vector: Vector, number: int) -> Sequence[str]:
    """Ids of the likely nearest on a shelf, searched in a thread when the shelf is large."""
    if len(shelf.ids) < LARGE:
        return shelf.likely(vector, number)
    return await asyncio.to_thread(shelf.likely, vector, number)
