"""The audit log."""

from sqlalchemy import Column, Integer, String, Table, Text

from storage.tables.metadata import metadata

audit = Table(
    "audit",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("ticket_id", String(64), nullable=False, index=True),
    Column("run_id", String(64)),
    Column("actor", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
"""One row a decision, with the rules it followed from. Rows are only ever added.

`at` and `detail` are stored as the text that was hashed, because a database may write a
timestamp or JSON type in another form.
"""
