"""Inserting what may be there already, in the words of whichever database it is."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_into(connection: AsyncConnection, table: Table) -> Any:
    """An INSERT that takes `on_conflict_do_nothing` and `on_conflict_do_update`, which both databases know."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
