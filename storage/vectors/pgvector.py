"""Vectors on PostgreSQL with pgvector, for any number of processes."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Executable, Float, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.database import Database
from storage.tables import fingerprints as table
from storage.vectors import fingerprints
from storage.vectors.port import EarlierTicket, NearTicket, Vector

# pgvector's <#> is the negative inner product, so the nearest sort first.
DISTANCE = table.c.vector.op("<#>", return_type=Float())(
    bindparam("to", type_=table.c.vector.type)
)
SELECT_NEAREST = (
    select(table.c.ticket_id, -DISTANCE, table.c.solved)
    .where(
        table.c.desk == bindparam("at"),
        table.c.model == bindparam("by"),
        table.c.ticket_id != bindparam("but"),
    )
    .order_by(DISTANCE)
    .limit(bindparam("most"))
)
SELECT_NEAREST_SOLVED = SELECT_NEAREST.where(table.c.solved)


class PgVectors:
    """See Vectors. The process keeps nothing in memory."""

    def __init__(self, database: Database, model: str) -> None:
        self.database = database
        self.model = model

    async def load_index(self) -> None:
        """See Vectors. Nothing to do: PostgreSQL has the index."""

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
        remembered = await self.database.run_transaction(write)
        return remembered[1] if remembered else []

    async def delete_fingerprints(self, ticket_ids: Sequence[str]) -> None:
        """See Vectors."""
        await self.database.run_transaction(
            partial(fingerprints.delete_fingerprints, ticket_ids=ticket_ids)
        )

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
        asked = {"to": vector, "at": desk, "by": self.model, "but": but, "most": limit}
        return await self.database.run_read(
            partial(
                run_nearest_query,
                asked=asked,
                query=SELECT_NEAREST_SOLVED if only_solved else SELECT_NEAREST,
            )
        )


async def run_nearest_query(
    connection: AsyncConnection, asked: Mapping[str, Any], query: Executable
) -> list[NearTicket]:
    """Run a query of ticket id, score and solved.

    VECTOR_SEARCH_OPTIONS in storage/database/postgres.py set how far it searches.
    """
    return [NearTicket(*row) for row in await connection.execute(query, asked)]
