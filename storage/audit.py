"""The audit log: rows are only ever added."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import audit


async def record(
    connection: AsyncConnection,
    kind: str,
    ticket_id: str,
    run_id: str | None,
    actor: str,
    detail: dict[str, Any],
    at: datetime,
) -> None:
    """Add what was decided: ids, rules and digests, never the ticket's text."""
    row = {"kind": kind, "ticket_id": ticket_id, "run_id": run_id, "actor": actor, "detail": detail, "at": at}
    await connection.execute(insert(audit), row)
