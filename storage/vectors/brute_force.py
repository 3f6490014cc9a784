"""Vectors on SQLite, searched by brute force in memory, for one process."""

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
"""Rows read at a time while loading the index."""

THREAD_THRESHOLD = 8_000
"""Vectors of an index from which a search runs in a thread, not to block the event loop."""

CANDIDATE_FACTOR = 3
"""How many times the requested number of candidates are scored exactly."""

SELECT_VECTORS = select(table.c.ticket_id, table.c.solved, table.c.vector).where(
    table.c.ticket_id.in_(bindparam("these", expanding=True)),
    table.c.model == bindparam("by"),
)


class BruteForceVectors:
    """See Vectors. The index in memory gives candidates; the table decides.

    There is an index for each desk, one for its solved tickets and one for the others.
    """

    def __init__(self, database: Database, model: str) -> None:
        self.database = database
        self.model = model
        self.indexes: defaultdict[tuple[str, bool], Int8Index] = defaultdict(Int8Index)

    async def load_index(self) -> None:
        """See Vectors. Reads the whole table."""
        await self.database.run_read(self.read_fingerprints)

    async def read_fingerprints(self, connection: AsyncConnection) -> None:
        """Put every fingerprint into its index, in the order in which they were stored."""
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
        if (stored := await self.database.run_transaction(write)) is None:
            return []
        owner, earlier = stored
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
        """Remove tickets from whichever index has them."""
        for index in self.indexes.values():
            for ticket_id in ticket_ids:
                index.remove_ticket(ticket_id)

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
        candidates: list[str] = []
        for solved in (True,) if only_solved else (True, False):
            if index := self.indexes.get((desk, solved)):
                candidates += await search_index(
                    index, vector, CANDIDATE_FACTOR * (limit + 1)
                )
        if not candidates:
            return []
        found = await self.database.run_read(
            partial(self.score_exactly, ticket_ids=candidates, vector=vector)
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
        """Those of the tickets that still exist, with their exact scores."""
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


async def search_index(index: Int8Index, vector: Vector, number: int) -> Sequence[str]:
    """Candidate ids from an index, searched in a thread when it is large."""
    if len(index.ids) < THREAD_THRESHOLD:
        return index.find_candidates(vector, number)
    return await asyncio.to_thread(index.find_candidates, vector, number)
