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
from storage.vectors.int8_index import Int8Index
from storage.vectors.port import EarlierTicket, NearTicket, Vector

LOAD_BATCH = 2048
"""Rows read at a time while loading."""

THREAD_THRESHOLD = 8_000
"""Vectors on a shelf from which a search is worth a thread.

It holds up the event loop otherwise.
"""

CANDIDATE_FACTOR = 3
"""Of how many times as many as are asked for the exact likeness is computed."""

SELECT_VECTORS = select(table.c.ticket_id, table.c.solved, table.c.vector).where(
    table.c.ticket_id.in_(bindparam("these", expanding=True)),
    table.c.model == bindparam("by"),
)


class BruteForceVectors:
    """See Vectors. What is in memory only says where to look.

    The table has the vectors and the last word.
    """

    def __init__(self, database: Database, model: str) -> None:
        self.database = database
        self.model = model
        self.indexes: defaultdict[tuple[str, bool], Int8Index] = defaultdict(Int8Index)

    async def load_index(self) -> None:
        """See Vectors: read the whole table."""
        await self.database.run_read(self.read_fingerprints)

    async def read_fingerprints(self, connection: AsyncConnection) -> None:
        """Put every fingerprint on its shelf, in the order in which they were stored."""
        columns = (table.c.ticket_id, table.c.desk, table.c.solved, table.c.vector)
        found = await connection.execute(
            select(*columns).where(table.c.model == self.model).order_by(text("rowid"))
        )
        for rows in found.partitions(LOAD_BATCH):
            for row in rows:
                self.indexes[row.desk, row.solved].put_vector(row.ticket_id, row.vector)

    async def store_fingerprint(
        self, ticket_id: str, digest: str, vector: Vector
    ) -> Sequence[EarlierTicket]:
        """See Vectors."""
        write = partial(
            fingerprints.upsert_fingerprint,
            ticket_id=ticket_id,
            model=self.model,
            digest=digest,
            vector=vector,
        )
        if (remembered := await self.database.run_transaction(write)) is None:
            return []
        owner, earlier = remembered
        self.drop_from_index([ticket_id])
        self.indexes[owner["desk"], owner["solved"]].put_vector(ticket_id, vector)
        return earlier

    async def delete_fingerprints(self, ticket_ids: Sequence[str]) -> None:
        """See Vectors."""
        await self.database.run_transaction(
            partial(fingerprints.delete_fingerprints, ticket_ids=ticket_ids)
        )
        self.drop_from_index(ticket_ids)

    def drop_from_index(self, ticket_ids: Sequence[str]) -> None:
        """Take tickets off whatever shelf they are on."""
        for shelf in self.indexes.values():
            for ticket_id in ticket_ids:
                shelf.remove_ticket(ticket_id)

    async def find_nearest(
        self,
        vector: Vector,
        desk: str,
        limit: int,
        *,
        but: str,
        only_solved: bool = False,
    ) -> Sequence[NearTicket]:
        """See Vectors."""
        likely: list[str] = []
        for solved in (True,) if only_solved else (True, False):
            if shelf := self.indexes.get((desk, solved)):
                likely += await search_index(
                    shelf, vector, CANDIDATE_FACTOR * (limit + 1)
                )
        if not likely:
            return []
        found = await self.database.run_read(
            partial(self.score_exactly, ticket_ids=likely, vector=vector)
        )
        wanted = [
            near
            for near in found
            if near.ticket_id != but and (near.solved or not only_solved)
        ]
        return sorted(wanted, key=lambda near: -near.score)[:limit]

    async def score_exactly(
        self, connection: AsyncConnection, ticket_ids: Sequence[str], vector: Vector
    ) -> list[NearTicket]:
        """Those of the tickets that are still there, with their likeness."""
        rows = (
            await connection.execute(
                SELECT_VECTORS, {"these": list(ticket_ids), "by": self.model}
            )
        ).all()
        return [
            NearTicket(
                row.ticket_id, float(row.vector.astype(np.float32) @ vector), row.solved
            )
            for row in rows
        ]


async def search_index(shelf: Int8Index, vector: Vector, number: int) -> Sequence[str]:
    """Ids of the likely nearest on a shelf, searched in a thread when the shelf is large."""
    if len(shelf.ids) < THREAD_THRESHOLD:
        return shelf.find_candidates(vector, number)
    return await asyncio.to_thread(shelf.find_candidates, vector, number)
