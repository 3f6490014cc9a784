"""The migrations make exactly the tables that the code describes."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from contracts.errors import UnavailableError
from storage.database.address import PostgresAddress, database_address_of
from storage.migrations.migrate import (
    is_own_object,
    migrate_postgres,
    migrate_sqlite,
    require_current_tables,
)
from storage.tables import metadata
from tests.postgres import PostgresServer
from ticketgraph.opening import migrate_database


async def test_a_migrated_database_has_our_tables_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    await asyncio.to_thread(migrate_sqlite, path)
    await asyncio.to_thread(migrate_sqlite, path)  # again: nothing to do
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_postgresql_gets_the_same_tables(postgres: PostgresServer) -> None:
    address = at(postgres.fresh(migrated=False))
    with pytest.raises(UnavailableError, match="ticketgraph migrate"):
        await require_current_tables(address)
    await asyncio.gather(
        *(migrate_postgres(address) for _ in range(3))
    )  # side by side: one does it
    await require_current_tables(address)
    engine = create_engine(address.url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": is_own_object}
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_tickets_from_before_source_ids_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    await asyncio.to_thread(migrate_sqlite, path, "0002")
    values = {
        "id": "TKT-1",
        "desk": "d",
        "subject": "s",
        "body": "b",
        "metadata": "{}",
        "source": "api",
    }
    values |= {
        "received_at": "2026-01-01",
        "updated_at": "2026-01-01",
        "status": "closed",
    }
    names, places = ", ".join(values), ", ".join("?" * len(values))
    with closing(sqlite3.connect(path)) as tables, tables:
        tables.execute(
            f"INSERT INTO tickets ({names}) VALUES ({places})",  # noqa: S608
            tuple(values.values()),
        )
    await asyncio.to_thread(migrate_sqlite, path)
    with closing(sqlite3.connect(path)) as tables:
        assert tables.execute("SELECT id, source_id FROM tickets").fetchall() == [
            ("TKT-1", None)
        ]


async def test_fingerprints_from_before_places_are_kept_in_the_order_of_their_tickets(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.db"
    await asyncio.to_thread(migrate_sqlite, path, "0005")
    values = {
        "desk": "d",
        "subject": "s",
        "body": "b",
        "metadata": "{}",
        "source": "api",
        "updated_at": "2026-01-01",
    }
    with closing(sqlite3.connect(path)) as tables, tables:
        for number, customer in ((3, "ann"), (1, "ann"), (2, None)):
            row = values | {
                "id": f"TKT-{number}",
                "received_at": f"2026-01-0{number}",
                "status": "closed",
            }
            row |= {"customer": customer, "solution": "Done." if number == 3 else None}
            names, places = ", ".join(row), ", ".join("?" * len(row))
            tables.execute(
                f"INSERT INTO tickets ({names}) VALUES ({places})",  # noqa: S608
                tuple(row.values()),
            )
            tables.execute(
                "INSERT INTO fingerprints VALUES (?, 'm', ?)",
                (row["id"], bytes([number])),
            )
    await asyncio.to_thread(migrate_sqlite, path)
    with closing(sqlite3.connect(path)) as tables:
        kept = tables.execute(
            "SELECT ticket_id, place, solved, vector FROM fingerprints ORDER BY ticket_id"
        ).fetchall()
    assert kept == [
        ("TKT-1", 1, 0, b"\x01"),
        ("TKT-2", 0, 0, b"\x02"),
        ("TKT-3", 2, 1, b"\x03"),
    ]


async def test_without_pgvector_migrating_says_what_an_administrator_has_to_do(
    postgres: PostgresServer,
) -> None:
    url = postgres.fresh(migrated=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS guest")
        connection.execute("CREATE ROLE guest LOGIN")
        connection.execute("GRANT ALL ON SCHEMA public TO guest")
    with pytest.raises(
        UnavailableError, match="CREATE EXTENSION vector in this database"
    ):
        await migrate_postgres(at(url.replace("//postgres@", "//guest@")))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
    await migrate_postgres(at(url.replace("//postgres@", "//guest@")))


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
async def test_a_database_that_cannot_keep_every_letter_is_refused(
    postgres: PostgresServer, encoding: str
) -> None:
    name = f"of_{encoding.lower()}"
    postgres.execute(
        f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE "
        "template0"
    )
    with pytest.raises(UnavailableError, match="createdb -E UTF8"):
        await migrate_database(at(postgres.url_of(name)), [])


async def test_an_old_pgvector_is_not_used(postgres: PostgresServer) -> None:
    url = postgres.fresh(migrated=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
        connection.execute("SET allow_system_table_mods = on")
        connection.execute(
            "UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'"
        )
    with pytest.raises(UnavailableError, match=r"older than 0\.8"):
        await migrate_postgres(at(url))


def at(url: str) -> PostgresAddress:
    address = database_address_of(url, Path())
    assert isinstance(address, PostgresAddress)
    return address
