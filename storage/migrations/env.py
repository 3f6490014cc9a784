"""Alembic's entry: which database, which tables are ours."""

from alembic import context
from sqlalchemy import create_engine, pool

from storage.tables import metadata


def ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
    """Leave LangGraph's tables alone: they are in the same database and not in our metadata."""
    return kind != "table" or name in metadata.tables


def run() -> None:
    """Migrate online, in one transaction."""
    engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, include_object=ours)
        with context.begin_transaction():
            context.run_migrations()


run()
