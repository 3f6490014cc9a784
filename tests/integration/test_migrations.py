"""The migrations make exactly the tables that the code describes."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from contracts.errors import UnavailableError
from storage.address import PostgresAddress, address_of
from storage.migrate import migrate, migrate_postgres, ours, refuse_behind
from storage.tables import metadata
from tests.postgres import PostgresServer


async def test_a_migrated_database_has_our_tables_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    await asyncio.to_thread(migrate, path)
    await asyncio.to_thread(migrate, path)  # again: nothing to do
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_postgresql_gets_the_same_tables(postgres: PostgresServer) -> None:
    address = address_of(postgres.fresh(migrated=False), Path())
    assert isinstance(address, PostgresAddress)
    with pytest.raises(UnavailableError, match="ticketgraph migrate"):
        await refuse_behind(address)
    await asyncio.gather(*(migrate_postgres(address) for _ in range(3)))  # side by side: one does it
    await refuse_behind(address)
    engine = create_engine(address.url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_tickets_from_before_source_ids_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    await asyncio.to_thread(migrate, path, "0002")
    values = {"id": "TKT-1", "desk": "d", "subject": "s", "body": "b", "metadata": "{}", "source": "api"}
    values |= {"received_at": "2026-01-01", "updated_at": "2026-01-01", "status": "closed"}
    names, places = ", ".join(values), ", ".join("?" * len(values))
    with closing(sqlite3.connect(path)) as tables, tables:
        tables.execute(f"INSERT INTO tickets ({names}) VALUES ({places})", tuple(values.values()))  # noqa: S608
    await asyncio.to_thread(migrate, path)
    with closing(sqlite3.connect(path)) as tables:
        assert tables.execute("SELECT id, source_id FROM tickets").fetchall() == [("TKT-1", None)]
