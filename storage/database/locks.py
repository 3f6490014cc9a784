"""Advisory locks: one transaction at a time in a critical section."""

from hashlib import sha256

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

TAKE_LOCK = text("SELECT pg_advisory_xact_lock(:number)")


async def take_advisory_lock(connection: AsyncConnection, name: str) -> None:
    """Take PostgreSQL's advisory lock of this name until the transaction ends.

    Does nothing on SQLite, where writing transactions exclude each other.
    """
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)
        await connection.execute(TAKE_LOCK, {"number": number})
