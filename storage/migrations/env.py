"""Alembic's environment: which database, which tables."""

from alembic import context
from sqlalchemy import create_engine, pool

from storage.migrations.migrate import is_own_object
from storage.tables import metadata


def run() -> None:
    """Migrate online, in one transaction."""
    engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            include_object=is_own_object,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
