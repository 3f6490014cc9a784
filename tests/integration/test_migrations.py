"""The migrations make exactly the tables that the code describes."""

import asyncio
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from storage.migrate import migrate
from storage.tables import metadata


async def test_a_migrated_database_has_our_tables_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    await asyncio.to_thread(migrate, path)
    await asyncio.to_thread(migrate, path)  # again: nothing to do
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
