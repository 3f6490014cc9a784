"""A TicketGraph on SQLite and one on PostgreSQL, and every byte that either has written."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from tests.inspected import InspectedTicketGraph

COLUMNS = """
SELECT table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema = 'public'
AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'bytea')
"""


@dataclass(frozen=True)
class Place:
    """Where a InspectedTicketGraph keeps everything.

    The URL of a PostgreSQL database, or else a folder with an SQLite file.
    """

    folder: Path
    url: str | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[InspectedTicketGraph]:
        """The InspectedTicketGraph."""
        async with InspectedTicketGraph.open(self.folder, database_url=self.url) as app:
            yield app

    def written(self) -> bytes:
        """Every byte of the database's files.

        Of PostgreSQL every value that could hold a text, as it is stored.
        """
        if self.url is None:
            return b"".join(
                path.read_bytes()
                for path in sorted(self.folder.glob("ticketgraph.db*"))
            )
        with psycopg.connect(self.url) as connection:
            return b"\n".join(
                values_in(connection, *column)
                for column in connection.execute(COLUMNS).fetchall()
            )

    def found(self, words: Iterable[str]) -> list[str]:
        """Those of the words that are written down, in any encoding and any case."""
        written = self.written()
        folded = written.lower()
        return [
            word
            for word in words
            if any(form in written or form.lower() in folded for form in forms(word))
        ]


def forms(word: str) -> list[bytes]:
    """A word as databases, MessagePack and JSON write it."""
    return [
        word.encode(),
        word.encode("utf-16-le"),
        word.encode("utf-16-be"),
        json.dumps(word)[1:-1].encode(),
    ]


def values_in(
    connection: psycopg.Connection[Any], table: str, column: str, kind: str
) -> bytes:
    """All values of a column."""
    query = SQL("SELECT {}::{} FROM {}").format(
        Identifier(column),
        SQL("bytea" if kind == "bytea" else "text"),
        Identifier(table),
    )
    rows = connection.execute(query).fetchall()
    return b"\n".join(
        value if isinstance(value, bytes) else value.encode()
        for (value,) in rows
        if value is not None
    )
