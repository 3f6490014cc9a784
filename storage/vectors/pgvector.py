"""Vectors for any number of processes: kept and searched in PostgreSQL with pgvector."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Executable, Float, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import fingerprints
from storage.database import Database
from storage.tables import fingerprints as table
from storage.vectors.port import Earlier, Near, Vector

EFFORT = "400"
"""Candidates a search of the index holds (hnsw.ef_search). With 100 three times as many of the nearest are missed."""


class PgVectors:
    """See Vectors. Nothing is kept in the process."""

    def __init__(self, database: Database, model: str) -> None:
        self.database = database
        self.model = model

    async def load(self) -> None:
        """See Vectors: the index is the server's."""

    async def remember(self, ticket_id: str, digest: str, vector: Vector) -> Sequence[Earlier]:
        """See Vectors."""
        write = partial(fingerprints.remember, ticket_id=ticket_id, model=self.model, digest=digest, vector=vector)
        remembered = await self.database.transact(write)
        return remembered[1] if remembered else []

    async def forget(self, ticket_ids: Sequence[str]) -> None:
        """See Vectors."""
        await self.database.transact(partial(fingerprints.forget, ticket_ids=ticket_ids))

    async def nearest(
        self, vector: Vector, desk: str, limit: int, *, but: str, only_solved: bool = False
    ) -> Sequence[Near]:
        """See Vectors."""
        # pgvector has the negative inner product, so that the nearest come first.
        distance = table.c.vector.op("<#>", return_type=Float())(vector)
        query = select(table.c.ticket_id, -distance, table.c.solved)
        query = query.where(table.c.desk == desk, table.c.model == self.model, table.c.ticket_id != but)
        if only_solved:
            query = query.where(table.c.solved)
        return await self.database.look(partial(self.search, query=query.order_by(distance).limit(limit)))

    async def search(self, connection: AsyncConnection, query: Executable) -> list[Near]:
        """Ask until there are enough that the filters let through, not only once."""
        settings = {"hnsw.iterative_scan": "strict_order", "hnsw.ef_search": EFFORT}
        await connection.execute(select(*(func.set_config(name, value, True) for name, value in settings.items())))
        return [Near(*row) for row in await connection.execute(query)]
