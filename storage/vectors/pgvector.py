"""Vectors for any number of processes: kept and searched in PostgreSQL with pgvector."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Executable, Float, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.database import Database
from storage.tables import fingerprints as table
from storage.vectors import fingerprints
from storage.vectors.port import Earlier, Near, Vector

# pgvector has the negative inner product, so that the nearest come first.
DISTANCE = table.c.vector.op("<#>", return_type=Float())(
    bindparam("to", type_=table.c.vector.type)
)
NEAREST = (
    select(table.c.ticket_id, -DISTANCE, table.c.solved)
    .where(
        table.c.desk == bindparam("at"),
        table.c.model == bindparam("by"),
        table.c.ticket_id != bindparam("but"),
    )
    .order_by(DISTANCE)
    .limit(bindparam("most"))
)
NEAREST_SOLVED = NEAREST.where(table.c.solved)


class PgVectors:
    """See Vectors. Nothing is kept in the process."""

    def __init__(self, database: Database, model: str) -> None:
        self.database = database
        self.model = model

    async def load(self) -> None:
        """See Vectors: the index is the server's."""

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
        remembered = await self.database.transact(write)
        return remembered[1] if remembered else []

    async def forget(self, ticket_ids: Sequence[str]) -> None:
        """See Vectors."""
        await self.database.transact(
            partial(fingerprints.forget, ticket_ids=ticket_ids)
        )

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
        asked = {"to": vector, "at": desk, "by": self.model, "but": but, "most": limit}
        return await self.database.look(
            partial(
                found, asked=asked, query=NEAREST_SOLVED if only_solved else NEAREST
            )
        )


async def found(
    connection: AsyncConnection, asked: Mapping[str, Any], query: Executable
) -> list[Near]:
    """What a query of ticket, nearness and whether it is solved finds.

    See storage/database/postgres.py.
    """
    return [Near(*row) for row in await connection.execute(query, asked)]
