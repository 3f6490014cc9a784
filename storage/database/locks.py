"""Keeping others out of a part of a transaction."""

from hashlib import sha256

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

TAKE_LOCK = text("SELECT pg_advisory_xact_lock(:number)")


async def take_advisory_lock(connection: AsyncConnection, name: str) -> None:
    """Wait until no other transaction is inside the same name, and stay inside until this one ends.

    On SQLite nothing has to be done: a transaction that writes is alone.
    """
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)
        await connection.execute(TAKE_LOCK, {"number": number})
