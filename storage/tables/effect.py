"""The outbox: effects on other systems, each recorded before it is sent."""

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from storage.database.columns import UtcDateTime
from storage.tables.metadata import metadata

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(128), nullable=False, unique=True),
    Column("ticket_id", String(64), nullable=False, index=True),
    Column("run_id", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("target", String(320), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("started_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("remote_id", String(200)),
    Column("error", Text),
    Index(None, "status"),
)
"""One row an effect. The unique `key` is its idempotency key, also at the receiver.

`attempts` counts the times it was about to be sent and is the fencing token of an attempt:
only the newest attempt, begun at `started_at`, may settle it. `remote_id` is the receiver's
id for it.
"""
