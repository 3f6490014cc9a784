"""A desk with one ticket of every kind that there can be, made once and copied, on SQLite
and on PostgreSQL."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from sqlalchemy import make_url

from contracts.ticket import NewTicket
from tests.postgres import PostgresServer
from ticketgraph.app import TicketGraph
from ticketgraph.tickets.importing import SolvedTicket

ORDINARY = (
    "Invoice wrong",
    "The invoice for order ORD-7731 lists two licences, but I have only one of them.",
)
DOWN = (
    "Down",
    "Our production system is down for all users since nine and we are losing data.",
)
POISON = ("A poison invoice", "Order ORD-111 was charged twice, please refund $29.99.")
ADA = "ada@example.com"
REFUSING = {
    True: "ALTER TABLE outbox ADD CONSTRAINT refusing CHECK (payload::text NOT LIKE '%poison%')",
    False: "CREATE TRIGGER refusing BEFORE INSERT ON outbox WHEN NEW.payload LIKE '%poison%' "
    "BEGIN SELECT RAISE(ABORT, 'refused'); END",
}
TAKING = {
    True: "ALTER TABLE outbox DROP CONSTRAINT refusing",
    False: "DROP TRIGGER refusing",
}
EQUATION = "8 received = 2 finished + 1 parked + 1 under way + 1 dead + 1 only stored + 2 imported."


@dataclass(frozen=True)
class Place:
    """Where a desk is kept: a database of a PostgreSQL server, or else a file in a folder."""

    folder: Path
    server: PostgresServer | None = None
    name: str = ""

    @property
    def url(self) -> str | None:
        """DATABASE_URL, where there is one."""
        return self.server.url_of(self.name) if self.server else None

    @property
    def environment(self) -> dict[str, str]:
        """What leads a command there."""
        return (
            {"DATABASE_URL": self.url} if self.url else {"DATA_DIR": str(self.folder)}
        )

    def copied(self, folder: Path) -> "Place":
        """Another one like it."""
        if self.server is None:
            shutil.copytree(self.folder, folder, dirs_exist_ok=True)
            return Place(folder)
        name = f"test_{uuid4().hex}"
        self.server.execute(f"CREATE DATABASE {name} TEMPLATE {self.name}")
        return Place(folder, self.server, name)

    def do(self, *statements: str) -> list[Any]:
        """What the last of these statements finds, said by somebody who is not us."""
        if self.url:
            with psycopg.connect(self.url) as connection:
                cursors = [connection.execute(one) for one in statements]  # pyright: ignore[reportArgumentType, reportCallIssue]
                return cursors[-1].fetchall() if cursors[-1].description else []
        with (
            closing(sqlite3.connect(self.folder / "ticketgraph.db")) as connection,
            connection,
        ):
            found = [connection.execute(one).fetchall() for one in statements]
            return found[-1]


def fresh(kind: str, folder: Path, postgres: PostgresServer) -> Place:
    """An empty one."""
    if kind == "sqlite":
        return Place(folder)
    return Place(folder, postgres, str(make_url(postgres.fresh()).database))


async def fill(place: Place) -> None:
    """Let everything happen to it that can happen to a ticket; at last nobody works."""
    on_postgres = place.url is not None
    async with TicketGraph.open(place.folder, database_url=place.url) as app:
        finished = await app.process(*ORDINARY, customer_email=ADA)
        assert finished.status == "finished"
        assert (
            await app.process(*ORDINARY, customer_email=ADA)
        ).duplicate_of == finished.ticket_id
        waiting = await app.process(*DOWN, customer_email="ops@example.com")
        assert waiting.status == "waiting"
        assert (await app.runs.fork(finished.run_id)).status == "finished"
        assert (await app.runs.fork(waiting.run_id)).status == "waiting"
        place.do(REFUSING[on_postgres])
        assert (await app.process(*POISON, customer_email=ADA)).status == "failed"
        place.do(TAKING[on_postgres])
        await app.tickets.submit(
            NewTicket(subject="Kept", body="Kept for later."), start=False
        )
        solved = [
            SolvedTicket(
                ticket=NewTicket(subject=f"Old {n}", body="Done."), solution="So."
            )
            for n in range(2)
        ]
        assert await app.tickets.import_solved(solved) == 2
    async with TicketGraph.open(place.folder, database_url=place.url, at_once=0) as app:
        await app.tickets.submit(
            NewTicket(
                subject="Later", body="Nobody works on this yet.", customer_email=ADA
            )
        )
